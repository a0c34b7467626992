"""Total variation, the smoothness of a picture."""

from typing import Any

from keras import ops


def total_variation(picture: Any) -> Any:
    """Squared differences of neighbours, anisotropic: picture [N, H, W, C] to float32 [N].

    The mean over pairs of rows plus the mean over pairs of columns, as a squared norm like that of Johnson et al. (2016).
    """
    picture = ops.cast(picture, "float32")
    down = ops.square(picture[:, 1:] - picture[:, :-1])
    across = ops.square(picture[:, :, 1:] - picture[:, :, :-1])
    return ops.mean(down, axis=(1, 2, 3)) + ops.mean(across, axis=(1, 2, 3))
