"""A family that is looked at: models of it, pictures for them, and the one that was trained."""

import functools
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

PICTURES = {"people": ("astronaut", "camera"), "things": ("coffee", "rocket", "coins")}
SIDE = 96  # pixels
SETTING = "coffee"
STEPS = 3  # a last layer of zeros hides the others from the first


class Subject:
    """A family with what its checks share.

    Args:
        family: the class, or its name.
        folder: an empty directory to work in.
        preset: of the models that are made.
    """

    def __init__(self, family: Any, folder: Path, preset: str = "tiny") -> None:
        from zoo._registry import family as named
        from zoo.training.strategies import make_strategy

        self.cls = named(family) if isinstance(family, str) else family
        self.folder, self.preset = folder, preset
        if not isinstance(getattr(self.cls, "presets", None), dict) or preset not in self.cls.presets:
            self.fail(f"presets has no {preset!r}: add one that trains in seconds on a processor")
        self.two_replicas = make_strategy("mirrored", 2)  # first: TensorFlow fixes its devices when it is used
        self.source = self._written_pictures()

    def fail(self, line: str) -> NoReturn:
        raise AssertionError(f"{self.cls.__name__}: {line}")

    def require(self, condition: Any, line: str) -> None:
        """AssertionError with the family's name and the line, unless the condition holds."""
        if not condition:
            self.fail(line)

    def model(self) -> Any:
        """A new model with pictures for its settings; the same every time."""
        import keras

        keras.utils.set_random_seed(0)
        model = self.cls(**self.cls.presets[self.preset])
        counts = {setting: getattr(model, argument) for setting, argument in model.picture_settings.items()}
        if any(counts.values()):
            model.adapt(**{setting: [self.picture(SETTING)] * count for setting, count in counts.items() if count})
        return model

    def batches(self, model: Any, batch_size: int = 4) -> Any:
        """Batches of the pictures."""
        from zoo.training.batches import Batches
        from zoo.training.sources import open_source

        sources = {source: open_source(self.source) for source in ("data", *model.source_settings)}
        return Batches(model.batch_spec, sources, batch_size)

    def batch(self, model: Any) -> dict[str, Any]:
        """The first of them, as tensors."""
        import keras

        return {name: keras.ops.convert_to_tensor(value) for name, value in self.batches(model)(0).items()}

    def fit(self, model: Any, steps: int) -> dict[str, list[float]]:
        """Steps of the stock fit, one an epoch; the history."""
        batches = self.batches(model).dataset()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Gradients do not exist")  # a check of its own says so
            return model.fit(batches, steps_per_epoch=1, epochs=steps, verbose=0, shuffle=False).history

    @functools.cached_property
    def trained(self) -> tuple[Any, dict[str, list[float]]]:
        """A model after a few steps, and the history of its losses."""
        model = self.model()
        model.compile()
        return model, self.fit(model, STEPS)

    def picture(self, name: str, side: int = 64) -> np.ndarray:
        """The middle of a sample picture: float32 [side, side, 3] in [0, 1]."""
        from zoo.training.sources import open_source

        pixels = open_source(f"samples:{name}").picture(0)
        top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
        return pixels[top : top + side, left : left + side].astype("float32") / 255

    def _written_pictures(self) -> str:
        """A source of small pictures in two classes."""
        from zoo.training.pictures import write_picture

        for label, names in PICTURES.items():
            (self.folder / "pictures" / label).mkdir(parents=True)
            for name in names:
                write_picture(self.folder / "pictures" / label / f"{name}.png", self.picture(name, SIDE))
        return f"folder:{self.folder / 'pictures'}"


def values(variables: Any) -> list[np.ndarray]:
    """The values of variables."""
    import keras

    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def one_line(error: BaseException) -> str:
    """An error's message, on one line, without colours, and no longer than three."""
    return " ".join(re.sub(r"\x1b\[\d+m", "", str(error)).split())[:400]


def attempt(subject: Subject, what: str, action: Callable[[], Any]) -> Any:
    """What `action` gives; AssertionError with its error where it fails."""
    try:
        return action()
    except Exception as error:
        raise AssertionError(f"{subject.cls.__name__}: {what} ({type(error).__name__}: {one_line(error)})") from error
