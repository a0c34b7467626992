"""Small models of every family with pictures and batches, for tests and for the processes that they start."""

from typing import Any

import numpy as np

import zoo
from zoo.training.batches import Batches
from zoo.training.sources import open_source


def sample(name: str, size: int) -> np.ndarray:
    """The middle of one of the sample pictures: float32 [size, size, 3] in [0, 1]."""
    picture = open_source(f"samples:{name}").picture(0)
    top, left = (picture.shape[0] - size) // 2, (picture.shape[1] - size) // 2
    return picture[top : top + size, left : left + size].astype("float32") / 255


def adapted(name: str, preset: str = "tiny", **config: Any) -> Any:
    """A new model of the family, with sample pictures for its settings."""
    model = zoo.create(name, preset=preset, **config)
    model.adapt(**{setting: [sample("coffee", 64)] for setting in model.picture_settings})
    return model


def batches(model: Any, batch_size: int = 4, seed: int = 0, pictures: str = "samples:") -> Batches:
    """Batches of sample pictures for the model."""
    sources = {source: open_source(pictures) for source in ("data", *model.source_settings)}
    return Batches(model.batch_spec, sources, batch_size, seed)
