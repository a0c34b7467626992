"""A Gradio Space: the ONNX file beside this one, on a processor. Written by `zoo export --to hub`.

python app.py        # after: pip install -r requirements.txt
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MODEL: dict[str, Any] = {}
LONGEST = 1024  # pixels of a side; what is larger is made smaller, so that two visitors at once fit into the memory

session = onnxruntime.InferenceSession(Path(__file__).with_name("model.onnx"), providers=["CPUExecutionProvider"])


def answer(*values: Any) -> Image.Image:
    """What the model makes of the components' values, in the order of its inputs. Raises ValueError for a missing picture."""
    size: tuple[int, int] | None = None  # of the first picture, which the others that belong to it take
    tensors = {}
    for (name, spec), value in zip(MODEL["inputs"].items(), values, strict=True):
        if value is None:
            raise ValueError(f"give {spec['label']} first")
        if spec["component"] in ("picture", "mask"):
            picture = _fitted(ImageOps.exif_transpose(value), size if spec["component"] == "mask" else None)
            size = size or picture.size
            array = np.asarray(picture.convert("L" if spec["channels"] == 1 else "RGB"), "float32") / 255
            array = array.reshape(*array.shape[:2], spec["channels"])
            array = np.round(array) if spec["component"] == "mask" else array
        elif spec["component"] == "name":
            place = spec["names"].index(value)
            array = np.eye(len(spec["names"]))[place] if spec["vector"] else np.array(place)
        elif spec["component"] == "seed":
            array = np.random.default_rng(int(value)).standard_normal(spec["length"])
        else:
            array = np.array(value)
        tensors[name] = array[None].astype(spec["dtype"])
    (result,) = session.run([MODEL["output"]], tensors)
    pixels = np.round(np.clip(result[0], 0, 1) * 255).astype("uint8")
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _fitted(picture: Image.Image, size: tuple[int, int] | None) -> Image.Image:
    if size:
        return picture.resize(size)
    if MODEL["size"]:
        return ImageOps.fit(picture, tuple(MODEL["size"][::-1]))
    picture = picture.copy()
    picture.thumbnail((LONGEST, LONGEST))
    return picture


def demo() -> Any:
    """The page."""
    import gradio

    makers = {
        "picture": lambda spec: gradio.Image(type="pil", label=spec["label"]),
        "mask": lambda spec: gradio.Image(type="pil", image_mode="L", label=spec["label"]),
        "name": lambda spec: gradio.Dropdown(spec["names"], value=spec["names"][0], label=spec["label"]),
        "seed": lambda spec: gradio.Slider(0, 9999, step=1, label=spec["label"]),
        "slider": lambda spec: gradio.Slider(0, 1, value=spec["value"], label=spec["label"]),
    }

    def shown(*values: Any) -> Image.Image:
        try:
            return answer(*values)
        except ValueError as error:
            raise gradio.Error(str(error)) from error

    inputs = [makers[spec["component"]](spec) for spec in MODEL["inputs"].values()]
    output = gradio.Image(type="pil", format="png", label="Result")
    return gradio.Interface(shown, inputs, output, title=MODEL["name"], description=MODEL["description"], flagging_mode="never")


if __name__ == "__main__":
    demo().launch()
