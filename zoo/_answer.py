"""What a model answers when it is called with a plain picture: what its deployed network does."""

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo._batch_check import SLACK
from zoo.roles import Frames, Photograph


def is_picture(data: Any) -> bool:
    """An array, a tensor, or a list of such."""
    return isinstance(data, np.ndarray | list) or ops.is_tensor(data)


def answer(model: Any, picture: Any) -> Any:
    """The deployed network's output for pictures [N, H, W, C], or for one, [H, W, C], in [0, 1]; a dict where it has several.

    Raises:
        ValueError: the model is not deployed or takes more than a picture, or this is no picture of its kind; the line says.
    """
    network, signature = deployed(model), model.signature
    pictures, single = checked(model, picture)
    values = {_photograph(model).name: pictures}
    for name, value in signature.optional.items():
        one = ops.convert_to_tensor(value, "float32")
        values[name] = ops.broadcast_to(one, (ops.shape(pictures)[0], *one.shape))
    outputs = {name: output[0] if single else output for name, output in network(values, training=False).items()}
    return outputs if len(outputs) > 1 else next(iter(outputs.values()))


def checked(model: Any, picture: Any) -> tuple[Any, bool]:
    """The pictures with an axis for the batch, and whether it was one without; ValueError as `answer`."""
    inputs, optional = model.signature.inputs, model.signature.optional
    required = [name for name in inputs if name not in optional]
    if _photograph(model) is None or len(required) > 1:
        named = ", ".join(f"{name!r}: ..." for name in required)
        raise ValueError(f"{model.name} does not take a picture alone: model.inference_model()({{{named}}})")
    return _pictures(model, picture, _photograph(model).depth)


def _photograph(model: Any) -> Any:
    """The role of the picture that goes in, or None."""
    return model.signature.input(Photograph) or model.signature.input(Frames)


def deployed(model: Any) -> keras.Model:
    """The deployed network, which holds the model's own weights, made once for what is chosen to be deployed."""
    chosen = tuple(getattr(model, setting) for setting in model.deployment_settings)
    networks = vars(model).setdefault("_deployed", {})
    if chosen not in networks:
        networks[chosen] = model.inference_model()
    return networks[chosen]


def _pictures(model: Any, picture: Any, channels: int) -> tuple[Any, bool]:
    """float32 [N, H, W, channels], and whether it was one picture without an axis for the batch."""
    picture = np.asarray(picture) if isinstance(picture, list) else picture
    rank, sides = len(picture.shape), " x ".join(str(side) for side in picture.shape)
    wanted = f"{model.name} takes float32 pictures [H, W, {channels}] or [N, H, W, {channels}] in [0, 1]"
    if keras.backend.standardize_dtype(picture.dtype) == "uint8":
        raise ValueError(f"{wanted}, not uint8: divide by 255")
    if rank not in (3, 4):
        raise ValueError(f"{wanted}, not {sides}")
    if picture.shape[-1] != channels:
        first = picture.shape[-3] == channels
        raise ValueError(f"{wanted}, not {sides}" + (": transpose it, so that channels come last" if first else ""))
    if isinstance(picture, np.ndarray) or hasattr(picture, "numpy"):
        _check_values(model, ops.convert_to_numpy(picture), wanted)
    pictures = ops.cast(picture, "float32")
    return (pictures[None], True) if rank == 3 else (pictures, False)


def _check_values(model: Any, values: np.ndarray, wanted: str) -> None:
    if not values.size:
        raise ValueError(f"{wanted}; there are no pixels")
    least, most = model.picture_range
    low, high = float(values.min()), float(values.max())
    if not (least - SLACK <= low and high <= most + SLACK):  # False for NaN, too
        remedy = ": divide by 255" if 2 < high <= 255 and low >= 0 else ""
        raise ValueError(f"{wanted}, and these have values from {low:.4g} to {high:.4g}{remedy}")
