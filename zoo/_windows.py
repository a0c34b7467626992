"""Windows of one picture at places that are drawn."""

from typing import Any

import numpy as np
from keras import ops


def windows(picture: Any, places: Any, height: int, width: int) -> Any:
    """A window of `picture`, [H, W, C], for each row of `places`, [N, 2] from the first place to the last: [N, height, width, C].

    Places lie in [0, 1]: mixed_bfloat16 makes 1 of a draw that is nearly 1.
    """
    free = np.array([picture.shape[0] - height + 1, picture.shape[1] - width + 1], "float32")
    first = ops.cast(ops.minimum(ops.floor(ops.cast(places, "float32") * free), free - 1), "int32")
    rows, columns = first[:, :1] + np.arange(height), first[:, 1:] + np.arange(width)
    return ops.take_along_axis(ops.take(picture, rows, axis=0), columns[:, None, :, None], axis=2)
