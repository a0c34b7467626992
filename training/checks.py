"""What is known to be wrong, or strange, with the pictures before any training."""

import logging
from collections.abc import Mapping

from zoo import specs
from zoo.training.source import Source

_log = logging.getLogger(__name__)


def check_labels(labels: list[int], classes: int) -> None:
    """Refuses labels that a model with `classes` classes cannot learn; `labels` are those of the pictures, in order.

    Raises:
        ValueError: there are none, all are the same, or one is out of range.
    """
    if not labels:
        raise ValueError("this model needs labels, and those of the pictures are below 0, which stands for none")
    if labels[-1] >= classes:
        raise ValueError(f"the pictures have labels up to {labels[-1]}; this model has the classes 0 to {classes - 1}")
    if len(labels) < 2:
        raise ValueError(f"all pictures have the label {labels[0]}; a model with labels needs pictures of two classes or more")
    if len(labels) < classes:
        _log.warning("the pictures have %d classes, the model has %d; the others will not be learned", len(labels), classes)


def note_size(source: Source, tensor: specs.Picture) -> None:
    """Says so where whole pictures have to be resized, or small ones are enlarged."""
    index, image = source.good(0, source.image)
    what = f"{source.name(index)} is {image.width} x {image.height} pixels"
    if tensor.scale == (1.0, 1.0) and image.size != (tensor.size, tensor.size):
        _log.warning("%s: pictures are cut square and resized to %d x %d", what, tensor.size, tensor.size)
    elif min(image.size) < tensor.size:
        _log.warning("%s: what is smaller than the crops of %d x %d is enlarged", what, tensor.size, tensor.size)


def note_same_pictures(sources: Mapping[str, Source]) -> None:
    """Says so where two of several sources hold the same pictures."""
    if len(sources) < 2:
        return
    by_fingerprint: dict[str, str] = {}
    for name, source in sources.items():
        first = by_fingerprint.setdefault(source.fingerprint(), name)
        if first != name:
            _log.warning("the pictures of %r are those of %r once more; is that meant?", name, first)
