"""What a training begins with: the model, trained weights if asked for, and the pictures that it is configured with."""

import hashlib
import json
import logging
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.common.files import replacing

if TYPE_CHECKING:
    import keras

_log = logging.getLogger(__name__)
PICTURES = (
    "pictures.npz"  # in the run directory: those that the model is configured with, so that a run goes on without their files
)


def class_of(model: str | Callable[..., Any]) -> Any:
    """The family of that name, or the class itself."""
    from zoo._registry import family

    return family(model) if isinstance(model, str) else model


def build(
    model: str | Callable[..., Any],
    preset: str | None,
    config: dict[str, Any],
    pictures: dict[str, Sequence[str | Path]],
    start_from: str | None,
    resumed: Path | None = None,
) -> tuple[Any, dict[str, list[str]], str | None]:
    """The model with its weights and pictures taken in, the pictures' digests, and that of the weights.

    `resumed` is the directory of a run whose pictures are taken again where none are given.
    """
    import zoo
    from zoo._registry import choose
    from zoo.training.pictures import read_style

    cls = class_of(model)
    settings = cls.picture_settings
    for name, files in pictures.items():
        config.setdefault(settings[choose("picture setting", name, settings)], len(files))
    kept = {} if pictures or resumed is None else _remembered(resumed, settings)
    config |= {settings[name]: len(several) for name, several in kept.items()}
    built = zoo.create(model, preset, **config) if isinstance(model, str) else model(**config)
    for name, count in settings.items():
        if getattr(built, count) and not kept and not pictures.get(name):
            raise ValueError(f"{built.name} needs a picture for {name!r}: --set {name}=PICTURE")
    begun = None if start_from is None else take_weights(built, start_from)
    if pictures:
        readers = {name: _read_with_alpha if name in cls.alpha_settings else read_style for name in pictures}
        built.adapt(**{name: [readers[name](file) for file in files] for name, files in pictures.items()})
    if kept and resumed:
        built.keep(**kept)
        built.prepare()
        return built, json.loads((resumed / "config.json").read_text())["pictures"], begun
    digests = {name: [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files] for name, files in pictures.items()}
    return built, digests, begun


def _remembered(run: Path, settings: Any) -> dict[str, list[np.ndarray]]:
    """The pictures that a run is configured with, by setting; none where it has none."""
    if not (run / PICTURES).is_file():
        return {}
    with np.load(run / PICTURES, allow_pickle=False) as arrays:
        return {name: [arrays[f"{name} {place}"] for place in range(int(arrays[name]))] for name in settings}


def remember_pictures(out: Path, model: Any) -> None:
    """Writes what the model is configured with beside the run's record, exactly as its objective takes it."""
    if not model.pictures:
        return
    counts = {name: np.array(len(several)) for name, several in model.pictures.items()}
    pictures = {f"{name} {place}": value for name, several in model.pictures.items() for place, value in enumerate(several)}
    with replacing(out / PICTURES) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **counts, **pictures)


def _read_with_alpha(file: str | Path) -> np.ndarray:
    """[H, W, 3], or [H, W, 4] where there is any transparency."""
    from zoo.training.pictures import read_picture

    picture = read_picture(file)
    return picture.rgb if picture.alpha is None else np.concatenate([picture.rgb, picture.alpha], axis=-1)


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

    from zoo._load import kind
    from zoo._shipped import shipped

    file = Path(weights) if Path(weights).is_file() else shipped(weights)
    wanted = keras.saving.get_registered_name(type(model)).removeprefix("zoo>")
    if (held := kind(file)) != wanted:
        raise ValueError(f"--start-from {weights}: it holds a {held}, not a {wanted}")
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
