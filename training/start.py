"""Weights that a training begins with."""

import hashlib
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

_log = logging.getLogger(__name__)


def take_weights(model: "keras.Model", weights: str) -> str:
    """Gives a new model the weights of a trained one of its family, as far as their shapes agree; the SHA-256 of their file.

    What the file holds no values for begins as in any training: layers of another shape, and, in a weight that ships with the
    package, all that only training needs, which is zero there.

    Args:
        model: new; its pictures are taken in afterwards.
        weights: a `.keras` file, or the name of a weight that ships with the package.

    Raises:
        ValueError: it is no such file, of another family, or nothing in it fits.
        FileNotFoundError: there is no such file.

    Example:
        >>> take_weights(zoo.create("super_resolution", factor=2), "super_resolution/x4")
        '5f3a...'
    """
    import keras

    from zoo._load import kind, shipped

    file = Path(weights) if Path(weights).is_file() else shipped(weights)
    wanted = keras.saving.get_registered_name(type(model)).removeprefix("zoo>")
    if (found := kind(file)) != wanted:
        raise ValueError(f"--start-from {weights}: it holds a {found}, not a {wanted}")
    before = {id(variable): keras.ops.convert_to_numpy(variable) for variable in model.variables}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A total of|Skipping")
        model.load_weights(file, skip_mismatch=True)
    taken = 0
    for variable in model.variables:
        begun, value = before[id(variable)], keras.ops.convert_to_numpy(variable)
        if not value.any():
            variable.assign(begun)
        elif variable.trainable:
            taken += not np.array_equal(begun, value)
    every = len(model.trainable_variables)
    if not taken:
        raise ValueError(f"--start-from {weights}: none of its layers has the shape of this model's")
    if taken < every:
        _log.warning("%s: %d of %d arrays of weights begin with its values, the others anew", weights, taken, every)
    return hashlib.sha256(file.read_bytes()).hexdigest()
