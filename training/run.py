"""Training a model into a run directory, from which it goes on exactly where it was killed."""

import contextlib
import importlib.metadata
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.common.files import replacing
from zoo.training import checkpoint
from zoo.training.record import prepared, recorded_batch_size

if TYPE_CHECKING:
    from zoo.training.batches import Batches

_log = logging.getLogger(__name__)
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
# Left out of a run's record, so that runs from before there were these options can be resumed.
UNSET = {"schedule": None, "warm_up": 0, "clip": None, "accumulate": 1, "start_from": None}


def train(
    model: str | Callable[..., Any],
    config: Mapping[str, Any] | None = None,
    *,
    data: str | Mapping[str, str],
    data_dir: str | None = None,
    out: str | Path,
    preset: str | None = None,
    pictures: Mapping[str, Sequence[str | Path]] | None = None,
    start_from: str | None = None,
    steps: int = 1000,
    batch_size: int | None = None,
    seed: int = 0,
    precision: str = "float32",
    strategy: str = "auto",
    replicas: int | None = None,
    jit: bool = False,
    ema: float | None = None,
    clip: float | None = None,
    accumulate: int = 1,
    schedule: str | None = None,
    warm_up: int = 0,
    steps_per_execution: int = 1,
    log_every: int = 10,
    checkpoint_every: int = 500,
    metrics_every: int = 0,
    keep: int = 2,
    resume: bool = False,
    max_bad: float = 0.01,
    max_pixels: int | None = None,
    wait: float = 600,
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
        start_from: trained weights to begin with, of the same family: a `.keras` file or a shipped weight (see `take_weights`).
        steps: steps to train in all, resumed ones counted in.
        batch_size: examples a step, over all replicas; None takes those of the run that is resumed, or the model's own.
        seed: of the weights, the order of the pictures, and everything drawn.
        precision: "float32", "mixed_bfloat16" or "mixed_float16". The model that is written is float32 in any case.
        strategy: see `make_strategy`.
        replicas: see `make_strategy`.
        jit: whether the step is compiled with XLA.
        ema: momentum of an exponential moving average of the weights, such as 0.999, which is what is then deployed.
        clip: the largest norm that the gradient of a batch may have, over all variables and replicas together.
        accumulate: batches whose mean gradient makes one update of the weights.
        schedule: "constant" or "cosine" in place of the family's own learning rate over the steps.
        warm_up: updates over which the learning rate rises from nothing.
        steps_per_execution: steps that TensorFlow takes without coming back to Python; `steps`, `log_every` and
            `checkpoint_every` must be multiples of it.
        log_every: steps between two lines of the log.
        checkpoint_every: steps between two checkpoints; each also draws a sheet of samples.
        metrics_every: steps between two comparisons of a generator's pictures with real ones (Frechet and kernel distance,
            precision, recall, diversity), written to metrics.csv and TensorBoard; 0 leaves them out.
        keep: how many of the newest checkpoints are kept.
        resume: whether to go on with the run in `out`; a run that is not there is started.
        max_bad: the share of bad pictures to put up with (see `zoo.training.sources.Source`).
        max_pixels: pictures with more pixels count as bad; 100 million unless given.
        wait: seconds to wait for the other workers of a cluster.

    Raises:
        ValueError: a wrong argument, too many bad pictures, a changed run, or a loss that is no longer finite, in one line.
        OSError: `out` exists, a picture or folder does not, the disk is full, or a worker has not come, in one line.
        KeyboardInterrupt: Ctrl-C or SIGTERM (`zoo.common.signals.Terminated`), after the step and a checkpoint.

    Example:
        >>> train("fast_style", data="folder:photos", pictures={"style": ["wave.jpg"]}, out="runs/wave", steps=2000)
        PosixPath('runs/wave/model.keras')
    """
    from zoo.training.cluster import agreed, is_first
    from zoo.training.sources import open_source
    from zoo.training.start import build, class_of
    from zoo.training.strategies import check_batch_size, check_combination, make_strategy, one_operation_at_a_time

    out = Path(out)
    if batch_size is None:
        batch_size = (recorded_batch_size(out) if resume else None) or class_of(model).recommended_batch_size
    every = {"steps": steps, "log_every": log_every, "checkpoint_every": checkpoint_every}
    _check_arguments(every, batch_size, precision, ema, clip, accumulate, schedule, warm_up, steps_per_execution, keep, max_bad)
    texts = {"data": data} if isinstance(data, str) else dict(data)
    limits = {"max_bad": max_bad} | ({} if max_pixels is None else {"max_pixels": max_pixels})
    sources = {name: open_source(text, data_dir=data_dir, **limits) for name, text in texts.items()}
    one_operation_at_a_time()
    placed = make_strategy(strategy, replicas, wait)
    check_batch_size(batch_size, placed.num_replicas_in_sync)
    check_combination(placed, jit=jit, steps_per_execution=steps_per_execution)
    write = is_first(placed)

    import keras
    import tensorflow as tf

    from zoo.training.batches import Batches
    from zoo.training.generator_metrics import check_measurable
    from zoo.training.optimizers import configured_optimizer, innermost

    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
    policy = keras.config.dtype_policy()
    with contextlib.ExitStack() as running:
        running.callback(keras.config.set_dtype_policy, policy)
        keras.config.set_dtype_policy(precision)
        keras.utils.set_random_seed(seed)
        with placed.scope():
            built, digests, begun = build(model, preset, dict(config or {}), dict(pictures or {}), start_from)
            rate: dict[str, Any] = {"schedule": schedule, "warm_up": warm_up}
            gradient: dict[str, Any] = {"clip": clip, "accumulate": accumulate}
            optimizer = configured_optimizer(
                built, steps, placed.num_replicas_in_sync, precision=precision, ema=ema, **rate, **gradient
            )
            built.compile(optimizer, jit_compile=jit, steps_per_execution=steps_per_execution, auto_scale_loss=False)
        batches = Batches(built.batch_spec, sources, batch_size, seed)
        batches.check()  # before anything is written
        if metrics_every:
            check_measurable(built, batches, metrics_every, steps_per_execution)
        record = {
            "model": model if isinstance(model, str) else model.__qualname__,
            "config": built.get_config(),
            # Keras counts its names up within a process; its clipping depends on the number of replicas.
            "optimizer": innermost(optimizer).get_config() | {"name": None, "global_clipnorm": None},
            "training": {"batch_size": batch_size, "seed": seed, "precision": precision, "jit": jit, "ema": ema}
            | {name: value for name, value in {**rate, **gradient, "start_from": begun}.items() if value != UNSET[name]},
            "data": {name: source.fingerprint() for name, source in sources.items()},
            "pictures": digests,
            "run": {
                **every,
                "metrics_every": metrics_every,
                "sources": texts,
                "data_dir": data_dir,
                "strategy": strategy,
                "replicas": placed.num_replicas_in_sync,
                "max_bad": max_bad,
                "command": sys.argv,
            },
            "versions": {name: importlib.metadata.version(name) for name in ("keras-image-zoo", "keras", "tensorflow", "numpy")},
        }

        def begin() -> checkpoint.Checkpoint:
            if write:
                # Of a cluster that is started again, the one that was killed may still be ending.
                running.enter_context(prepared(out, record, resume, 30 if placed.cluster_resolver else 0))
            return checkpoint.read(out / "checkpoint", built)

        found = agreed(placed, record, begin)
        found.assign_to(built)
        start = found.step
        if start >= steps and (out / "model.keras").exists():
            _log.warning("%s is finished: %d steps are trained", out, start)
            return out / "model.keras"
        if start < steps:
            _fit(built, batches, out, start, every, keep, metrics_every, write)
        if write:
            keras.config.set_dtype_policy(policy)
            _deploy(built, batches, out / "model.keras")
    return out / "model.keras"


def _check_arguments(
    every: dict[str, int],
    batch_size: int,
    precision: str,
    ema: float | None,
    clip: float | None,
    accumulate: int,
    schedule: str | None,
    warm_up: int,
    steps_per_execution: int,
    keep: int,
    max_bad: float,
) -> None:
    from zoo._registry import choose
    from zoo.training.optimizers import SCHEDULES

    counts = {"batch_size": batch_size, "accumulate": accumulate, "steps_per_execution": steps_per_execution, "keep": keep}
    for name, value in (every | counts).items():
        if value < 1:
            raise ValueError(f"{name} must be 1 or more, not {value}")
    for name, value in every.items():
        if value % steps_per_execution:
            raise ValueError(f"{name} must be a multiple of steps_per_execution {steps_per_execution}, not {value}")
    choose("precision", precision, PRECISIONS)
    if schedule is not None:
        choose("schedule", schedule, SCHEDULES)
    if ema is not None and not 0 < ema < 1:
        raise ValueError(f"ema must lie between 0 and 1, such as 0.999, not {ema}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip is a norm above 0, such as 1.0, not {clip}")
    if warm_up < 0:
        raise ValueError(f"warm_up must be 0 or more, not {warm_up}")
    if not 0 <= max_bad <= 1:
        raise ValueError(f"max_bad is a share, 0 to 1, not {max_bad}")


def _fit(
    model: Any, batches: "Batches", out: Path, start: int, every: dict[str, int], keep: int, metrics_every: int, write: bool
) -> None:
    """One stock `fit` over the steps that are left."""
    import tensorflow as tf

    from zoo.training.callbacks import Events, LogFile, Monitor, Progress, Sheets, interruptible
    from zoo.training.generator_metrics import while_training
    from zoo.training.metrics import FIGURES

    steps = every["steps"]
    monitor = Monitor(start, batches, out / "checkpoint", **every, keep=keep, write=write)
    callbacks: list[Any] = [monitor]
    with contextlib.ExitStack() as stack:
        if write:
            events = Events(out / "events")
            columns = ("loss", *model.loss_names, "learning_rate", "pictures_per_second")
            progress = stack.enter_context(Progress(start, steps))
            monitor.recorders = [LogFile(out / "log.csv", columns, start), events, progress]
            if metrics_every:
                figures = LogFile(out / "metrics.csv", FIGURES, start)
                callbacks.append(while_training(model, batches, start, metrics_every, [figures, events]))
            monitor.sheets = Sheets(out / "samples", model, batches, events)
        stack.enter_context(interruptible(monitor))
        try:
            model.fit(batches.dataset(start, steps), steps_per_epoch=steps - start, shuffle=False, verbose=0, callbacks=callbacks)
        except tf.errors.OpError:
            if batches.failure is None:
                raise
            raise batches.failure from None


def _deploy(model: Any, batches: "Batches", path: Path) -> None:
    """Writes what is deployed: the averaged weights where there are such, in float32, without the optimizer."""
    from zoo.training.statistics import averaged_copy

    deployed = averaged_copy(model, batches)
    with replacing(path) as temporary:
        deployed.save(temporary)
