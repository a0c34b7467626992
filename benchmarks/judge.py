"""How near a style is, and how much of the photograph is left, in the eyes of a network that was trained on ImageNet.

    python -m benchmarks.judge fast_style/painters [--data DATA]
    python -m benchmarks.judge fast_style/mobile --style picabia

DATA holds `features/squeezenet_1_0.npz` (SqueezeNet 1.0), `styles/` and `peers/fast_style`: eight photographs, and what
published networks trained with VGG19 make of them in four styles. Everything is brought to a short side of 384 pixels. The style
distance is the mean over six maps of the squared distance of Gram matrices over the squared norm of the style's; the content
distance that of two maps, over the squared norm of the photograph's. The network is the classifier as it was trained, not what
styles are trained with.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

STYLES = {
    "hokusai": ("wave", "wave"),
    "munch": ("the_scream", "scream"),
    "turner": ("the_shipwreck_of_the_minotaur", "wreck"),
    "picabia": ("udnie", "udnie"),
}
STYLE_MAPS = ("conv1", "fire2", "fire3", "fire5", "fire7", "fire9")
CONTENT_MAPS = ("fire4", "fire7")
SIDE = 384


class Judge:
    """SqueezeNet's maps and the two distances."""

    def __init__(self, weights: Path) -> None:
        self.weights = np.load(weights)

    def maps(self, picture: np.ndarray) -> dict[str, Any]:
        """float32 [H, W, 3] RGB in [0, 1] to the maps by name, [1, H', W', C]."""
        import tensorflow as tf

        def convolve(x: Any, name: str, strides: int = 1, padding: str = "SAME") -> Any:
            kernel, bias = (self.weights[f"{name}_{part}"] for part in ("kernel", "bias"))
            return tf.nn.relu(tf.nn.conv2d(x, kernel, strides, padding) + bias)

        x = convolve(picture[None, ..., ::-1] * 255 - np.array([104, 117, 123], "float32"), "conv1", 2, "VALID")
        maps = {"conv1": x}
        for number in range(2, 10):
            if number in (2, 5, 9):
                x = tf.nn.max_pool2d(x, 3, 2, "VALID")
            squeezed = convolve(x, f"fire{number}_squeeze1x1")
            parts = [convolve(squeezed, f"fire{number}_expand{kernel}") for kernel in ("1x1", "3x3")]
            maps[f"fire{number}"] = x = tf.concat(parts, -1)
        return maps

    def style(self, maps: Mapping[str, Any], target: Mapping[str, Any]) -> float:
        return float(np.mean([distance(gram(maps[name]), gram(target[name])) for name in STYLE_MAPS]))

    def content(self, maps: Mapping[str, Any], target: Mapping[str, Any]) -> float:
        return float(np.mean([distance(maps[name], target[name]) for name in CONTENT_MAPS]))


def gram(maps: Any) -> np.ndarray:
    flat = np.asarray(maps).reshape(-1, maps.shape[-1])
    return flat.T @ flat / len(flat)


def distance(a: Any, b: Any) -> float:
    a, b = np.asarray(a), np.asarray(b)
    return float(((a - b) ** 2).sum() / (b**2).sum())


def read(file: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """float32 [H, W, 3] in [0, 1] with a short side of 384, or of `size` (width, height)."""
    from PIL import Image

    picture = Image.open(file).convert("RGB")
    scale = SIDE / min(picture.size)
    size = size or (round(picture.width * scale), round(picture.height * scale))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS), "float32") / 255


def measure(what: str, data: Path, pictures: int = 0, only: str | None = None) -> dict[str, dict[str, tuple[float, float]]]:
    """Style and content distance, the mean of the (first so many) photographs: style -> "ours" and "published".

    `only` is the style of a network that has no other.
    """
    from PIL import Image

    import zoo
    from zoo.roles import StylePicture, Weights

    judge, model = Judge(data / "features/squeezenet_1_0.npz"), zoo.open(what)
    photographs = sorted((data / "peers/fast_style/content").iterdir())[: pictures or None]
    takes_pictures = model.signature.input(StylePicture) is not None
    holds_styles = model.signature.input(Weights) is not None
    if not (takes_pictures or holds_styles or only):
        raise SystemExit(f"{what} has one style: say which by --style, one of {', '.join(STYLES)}")
    originals = {file.stem: judge.maps(read(file)) for file in photographs}
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    for style, (picture, folder) in STYLES.items():
        if only not in (None, style):
            continue
        target = judge.maps(read(data / f"styles/{picture}.jpg"))
        distances: dict[str, list[tuple[float, float]]] = {"ours": [], "published": []}
        for file in photographs:
            size = read(file).shape[1::-1]
            asked = str(data / f"styles/{picture}.jpg") if takes_pictures else style if holds_styles else ()
            painted = Image.fromarray(np.round(255 * model(file, style=asked)).astype("uint8"))
            ours = np.asarray(painted.resize(size, Image.Resampling.LANCZOS), "float32") / 255
            (published,) = (data / "peers/fast_style" / folder).glob(f"{file.stem}.*")
            for name, result in (("ours", ours), ("published", read(published, size))):
                maps = judge.maps(result)
                distances[name].append((judge.style(maps, target), judge.content(maps, originals[file.stem])))
        rows[style] = {name: (float(np.mean(values, 0)[0]), float(np.mean(values, 0)[1])) for name, values in distances.items()}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__.split("\n")[0])
    parser.add_argument("what", help="what holds hokusai, munch, turner and picabia, or takes any style picture")
    parser.add_argument("--data", default="../shared/data", type=Path)
    parser.add_argument("--style", choices=STYLES, help="the one to judge, or the one that the network has")
    arguments = parser.parse_args()
    rows = measure(arguments.what, arguments.data, only=arguments.style)
    rows["mean"] = {n: tuple(np.mean([row[n] for row in rows.values()], 0)) for n in ("ours", "published")}  # type: ignore[misc]
    print(f"{'':10}{'style':>8}{'published':>11}{'content':>9}{'published':>11}")
    for style, row in rows.items():
        (style_ours, content_ours), (style_theirs, content_theirs) = row["ours"], row["published"]
        print(f"{style:10}{style_ours:8.3f}{style_theirs:11.3f}{content_ours:9.3f}{content_theirs:11.3f}")


if __name__ == "__main__":
    main()
