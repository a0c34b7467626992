"""The promises that every family keeps, as one public function: whoever writes a family of their own holds it to them.

    >>> import zoo.testing
    >>> zoo.testing.check_family(Sharpener)

What the tests of the zoo parametrise over is `CHECKS`. TensorFlow must not have been used before: two replicas are made.
"""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from zoo.testing._declared import check_configuration, check_declared, check_keras_file
from zoo.testing._deployed import check_any_size, check_deployed_network, check_files, check_signature
from zoo.testing._subject import Subject
from zoo.testing._trained import check_losses, check_replicas, check_resume, check_samples, check_weights_move

__all__ = ["CHECKS", "Subject", "check_family"]

# Whatever a family promises, one function each; it raises AssertionError with the line that says what to change.
CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_declared,
    check_configuration,
    check_signature,
    check_losses,
    check_weights_move,
    check_samples,
    check_keras_file,
    check_replicas,
    check_resume,
    check_deployed_network,
    check_any_size,
    check_files,
)


def check_family(family: Any, *, preset: str = "tiny", only: Iterable[Callable[[Subject], None]] = CHECKS) -> None:
    """Puts a family through everything that the families of the zoo are put through; takes a minute or two.

    It is trained by the stock `fit` on a few pictures, on one replica and on two, interrupted and resumed, saved and loaded,
    deployed at several sizes and batch sizes, and exported to SavedModel, LiteRT and ONNX, each run in its own runtime.

    Args:
        family: the class, or the name that it is registered under.
        preset: the preset to make it with, small enough for a processor.
        only: some of `CHECKS`.

    Raises:
        AssertionError: a promise is not kept; the line names the family, what is wrong, and what to change.

    Example:
        >>> check_family("denoiser")
    """
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(family, Path(folder), preset)
        for check in only:
            check(subject)
