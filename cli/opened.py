"""`zoo.open`: one callable for pictures, whatever runs below it; the command line uses it itself."""

from pathlib import Path
from typing import Any

from zoo.roles import Signature


def open(what: str | Path, *, threads: int | None = None) -> "PictureModel":
    """Opens a shipped weight, a run directory, a `.keras` file or any exported artefact, to be called with pictures.

    Args:
        what: such as "fast_style/painters", "runs/wave", "model.keras", "wave.onnx", "wave.tflite" or a SavedModel's directory.
        threads: processor threads of the runtime; all unless given.

    Raises:
        ValueError: damaged, altered, or no such shipped weight; the message names the nearest.
        FileNotFoundError: there is no such file.

    Example:
        >>> painters = zoo.open("fast_style/painters")
        >>> painted = painters("photo.jpg", style="munch", strength=0.8)
    """
    from zoo.cli.runtime import open_runtime

    return PictureModel(str(what), open_runtime(str(what), threads))


class PictureModel:
    """From pictures to pictures. `signature` says what it takes and gives, by role; `runtime` runs it on named arrays."""

    def __init__(self, what: str, runtime: Any) -> None:
        self.what, self.runtime = what, runtime

    def __repr__(self) -> str:
        return f"<zoo.open({self.what!r}): {', '.join(self.signature.inputs)} -> {', '.join(self.signature.outputs)}>"

    @property
    def signature(self) -> Signature:
        return self.runtime.signature

    def __call__(
        self,
        picture: Any,
        *,
        style: Any = (),
        mask: Any = None,
        strength: float | None = None,
        preserve_color: bool = False,
        style_scale: float | None = None,
    ) -> Any:
        """What the model makes of a picture, or of each of a list.

        Args:
            picture: a file, a PIL picture, or an array [H, W], [H, W, 1], [H, W, 3] or [H, W, 4] (with transparency): uint8, or
                float in [0, 1]. A list gives a list.
            style: the name or number of a style that the model holds, or a style picture; or a list, blended: "munch:0.7".
            mask: where the hole is (white, 1), for a model that fills one; a transparent part of the picture does as well.
            strength: 0 to 1, for a model with such an input.
            preserve_color: keep the picture's colours and take the result's luminance.
            style_scale: how many times larger than usual the strokes are, for a model with styles: 1 or more.

        Returns:
            float32 [H, W, 3] (1 for gray models) in [0, 1], of the model's scale.

        Raises:
            ValueError: something that the model has no input for, or a picture that it cannot take, in one line.

        Example:
            >>> zoo.open("unet_inpainter/free_form")(photo, mask=hole).shape == photo.shape
            True
        """
        import numpy as np

        from zoo.cli.inputs import Asked, blending
        from zoo.cli.transform import transformed

        styles = tuple(style) if isinstance(style, list | tuple) else (style,)
        runtime = blending(self.runtime, styles)
        transform = transformed(runtime, Asked(styles, strength, mask, keyword, style_scale), preserve_color)
        pictures = picture if isinstance(picture, list) else [picture]
        results = [np.clip(np.asarray(transform(each)[0]), 0, 1) for each in pictures]
        return results if isinstance(picture, list) else results[0]


def keyword(option: str) -> str:
    return f"{option.replace('-', '_')}="
