"""Training a model into a run directory, from which it goes on exactly where it was killed."""

import contextlib
import hashlib
import importlib.metadata
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training import checkpoint
from training.atomic import replacing
from training.record import prepare

if TYPE_CHECKING:
    import numpy as np

    from training.batches import Batches
    from training.pictures import Picture

_log = logging.getLogger(__name__)
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def train(
    model: str | Callable[..., Any],
    config: Mapping[str, Any] | None = None,
    *,
    data: str | Mapping[str, str],
    data_dir: str | None = None,
    out: str | Path,
    preset: str | None = None,
    pictures: Mapping[str, Sequence[str | Path]] | None = None,
    steps: int = 1000,
    batch_size: int = 4,
    seed: int = 0,
    precision: str = "float32",
    strategy: str = "auto",
    replicas: int | None = None,
    jit: bool = False,
    ema: float | None = None,
    log_every: int = 10,
    checkpoint_every: int = 500,
    resume: bool = False,
    max_bad: float = 0.01,
) -> Path:
    """Trains a model by plain `compile()` and `fit()`: writes `out`/model.keras and returns its path.

    Beside it: config.json, log.csv, events/ (TensorBoard), samples/ and checkpoint/. A run that was killed at any moment and is
    resumed ends with the same weights, bit for bit, as one that was not (same machine, same number of devices).

    Args:
        model: a family's name, or the class of a model (for models that are not in the zoo).
        config: arguments of its constructor.
        data: the source of its pictures, such as "folder:photos"; or sources by name, where it takes several.
        data_dir: where the data sets of "tfds:" sources lie or are downloaded to.
        out: the run directory, new or empty unless `resume`.
        preset: one of the family's presets.
        pictures: files of the pictures that the model is configured with, such as {"style": ["wave.jpg"]}.
        steps: steps to train in all, resumed ones counted in.
        batch_size: examples a step, over all replicas.
        seed: of the weights, the order of the pictures, and everything drawn.
        precision: "float32", "mixed_bfloat16" or "mixed_float16". The model that is written is float32 in any case.
        strategy: see `make_strategy`.
        replicas: see `make_strategy`.
        jit: whether the step is compiled with XLA.
        ema: momentum of an exponential moving average of the weights, such as 0.999, which is what is then deployed.
        log_every: steps between two lines of the log.
        checkpoint_every: steps between two checkpoints; each also draws a sheet of samples.
        resume: whether to go on with the run in `out`; a run that is not there is started.
        max_bad: the share of bad pictures to put up with (see `training.sources.Source`).

    Raises:
        ValueError: a wrong argument, too many bad pictures, a changed run, or a loss that is no longer finite, in one line.
        OSError: `out` exists, a picture or folder does not, or the disk is full, in one line.
        KeyboardInterrupt: Ctrl-C, once the step is done and a checkpoint is written.

    Example:
        >>> train("fast_style", data="folder:photos", pictures={"style": ["wave.jpg"]}, out="runs/wave", steps=2000)
        PosixPath('runs/wave/model.keras')
    """
    from training.sources import open_source
    from training.strategies import check_batch_size, check_combination, make_strategy

    _check_arguments(steps, batch_size, log_every, checkpoint_every, precision, ema, max_bad)
    out = Path(out)
    texts = {"data": data} if isinstance(data, str) else dict(data)
    sources = {name: open_source(text, data_dir=data_dir, max_bad=max_bad) for name, text in texts.items()}
    placed = make_strategy(strategy, replicas)
    check_batch_size(batch_size, placed.num_replicas_in_sync)
    check_combination(placed, jit=jit)
    write = placed.cluster_resolver is None or placed.cluster_resolver.task_id == 0

    import keras
    import tensorflow as tf

    from training.batches import Batches

    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(precision)
        keras.utils.set_random_seed(seed)
        with placed.scope():
            built, digests = _build(model, preset, dict(config or {}), dict(pictures or {}))
            optimizer = built.recommended_optimizer(steps)
            if ema is not None:
                optimizer.use_ema, optimizer.ema_momentum = True, ema
            built.compile(optimizer, jit_compile=jit)
        batches = Batches(built.batch_spec, sources, batch_size, seed)
        batches(0)  # before anything is written: labels that are missing, or too many bad pictures
        record = {
            "model": model if isinstance(model, str) else model.__qualname__,
            "config": built.get_config(),
            "optimizer": optimizer.get_config() | {"name": None},  # Keras counts its names up within a process
            "training": {"batch_size": batch_size, "seed": seed, "precision": precision, "jit": jit, "ema": ema},
            "data": {name: source.fingerprint() for name, source in sources.items()},
            "pictures": digests,
            "run": {
                "steps": steps,
                "sources": texts,
                "data_dir": data_dir,
                "strategy": strategy,
                "replicas": placed.num_replicas_in_sync,
                "max_bad": max_bad,
                "command": sys.argv,
            },
            "versions": {name: importlib.metadata.version(name) for name in ("keras-image-zoo", "keras", "tensorflow", "numpy")},
        }
        if write:
            prepare(out, record, resume)
        start = checkpoint.restore(out / "checkpoint", built) or 0
        if start >= steps and (out / "model.keras").exists():
            _log.warning("%s is finished: %d steps are trained", out, start)
            return out / "model.keras"
        if start < steps:
            every = {"log_every": log_every, "checkpoint_every": checkpoint_every}
            _fit(built, batches, out, start, steps, every, write)
    finally:
        keras.config.set_dtype_policy(policy)
    if write:
        _deploy(built, out / "model.keras")
    return out / "model.keras"


def _check_arguments(
    steps: int, batch_size: int, log_every: int, checkpoint_every: int, precision: str, ema: float | None, max_bad: float
) -> None:
    from zoo._registry import choose

    counts = {"steps": steps, "batch_size": batch_size, "log_every": log_every, "checkpoint_every": checkpoint_every}
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} must be 1 or more, not {value}")
    choose("precision", precision, PRECISIONS)
    if ema is not None and not 0 < ema < 1:
        raise ValueError(f"ema must lie between 0 and 1, such as 0.999, not {ema}")
    if not 0 <= max_bad <= 1:
        raise ValueError(f"max_bad is a share, 0 to 1, not {max_bad}")


def _build(
    model: str | Callable[..., Any], preset: str | None, config: dict[str, Any], pictures: dict[str, Sequence[str | Path]]
) -> tuple[Any, dict[str, list[str]]]:
    """The model with its pictures taken in, and their digests."""
    import zoo
    from training.pictures import read_picture
    from zoo._registry import choose, family

    cls: Any = family(model) if isinstance(model, str) else model
    settings = cls.picture_settings
    for name, files in pictures.items():
        config.setdefault(settings[choose("picture setting", name, settings)], len(files))
    built = zoo.create(model, preset, **config) if isinstance(model, str) else model(**config)
    for name, count in settings.items():
        if getattr(built, count) and not pictures.get(name):
            raise ValueError(f"{built.name} needs a picture for {name!r}: --set {name}=PICTURE")
    if pictures:
        read = {name: [read_picture(file) for file in files] for name, files in pictures.items()}
        built.adapt(**{name: [_pixels(p, name in cls.alpha_settings) for p in found] for name, found in read.items()})
    digests = {name: [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files] for name, files in pictures.items()}
    return built, digests


def _pixels(picture: "Picture", with_alpha: bool) -> "np.ndarray":
    """[H, W, 3], or [H, W, 4] where the transparency counts and there is any."""
    import numpy as np

    if picture.alpha is None or not with_alpha:
        return picture.rgb
    return np.concatenate([picture.rgb, picture.alpha], axis=-1)


def _fit(model: Any, batches: "Batches", out: Path, start: int, steps: int, every: dict[str, int], write: bool) -> None:
    """One stock `fit` over the steps that are left."""
    import tensorflow as tf

    from training.batches import Batches
    from training.callbacks import Events, LogFile, Monitor, Progress, Sheets, interruptible

    monitor = Monitor(start, steps, batches, out / "checkpoint", **every, write=write)
    with contextlib.ExitStack() as stack:
        if write:
            events = Events(out / "events")
            progress = stack.enter_context(Progress(start, steps))
            monitor.recorders = [LogFile(out / "log.csv", model.loss_names, start), events, progress]
            # The same eight examples in every run, so that sheets can be compared.
            monitor.sheets = Sheets(out / "samples", model, Batches(model.batch_spec, batches.sources, 8)(0), events)
        stack.enter_context(interruptible(monitor))
        try:
            model.fit(batches.dataset(start, steps), steps_per_epoch=steps - start, shuffle=False, verbose=0, callbacks=[monitor])
        except tf.errors.OpError:
            if batches.failure is None:
                raise
            raise batches.failure from None


def _deploy(model: Any, path: Path) -> None:
    """Writes what is deployed: the averaged weights where there are such, in float32, without the optimizer."""
    model.optimizer.finalize_variable_values(model.trainable_variables)
    deployed = type(model).from_config(model.get_config())
    deployed.set_weights(model.get_weights())
    with replacing(path) as temporary:
        deployed.save(temporary)
