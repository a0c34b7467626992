"""One process's part of a training: it builds the model, fits it to the steps that are left, and writes what is deployed."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.common.files import replacing
from zoo.training import checkpoint
from zoo.training.backend import check_running, memory_explained
from zoo.training.plan import Plan
from zoo.training.process import dtype_policy, is_exact, seeded, settle
from zoo.training.progress import Progress, say
from zoo.training.record import prepared, record_of
from zoo.training.trackers import check_installed, tracking

if TYPE_CHECKING:
    from zoo.training.batches import Batches
    from zoo.training.source import Source
    from zoo.training.validation import Validation


def fit(plan: Plan) -> Path:
    """Trains as planned: writes model.keras into the run directory and returns its path.

    Args:
        plan: with a batch size. Of the strategy "ray" this is what each of its workers does.

    Raises:
        ValueError: too many bad pictures, a changed run, a loss that is no longer finite, in one line.
        OSError: the run directory exists, a picture or folder does not, the disk is full, or a worker has not come.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after the step and a checkpoint.
    """
    from zoo.training.batches import Batches
    from zoo.training.cluster import agreed, is_first
    from zoo.training.start import build, remember_pictures
    from zoo.training.strategies import check_batch_size, check_combination, in_use, strategy_of

    assert plan.batch_size is not None
    check_running(plan.backend)
    check_installed(tuple(plan.track.split(",")))
    sources = {name: _open(plan, text) for name, text in plan.sources.items()}
    held_out = None if plan.validation is None else _open(plan, plan.validation)
    settle(plan.exact)
    strategy = strategy_of(plan)
    check_batch_size(plan.batch_size, strategy.num_replicas_in_sync)
    check_combination(strategy, jit=plan.jit, steps_per_execution=plan.steps_per_execution)
    if held_out is not None and strategy.cluster_resolver is not None:
        raise ValueError("--validation is for one process; leave it out, and compare with zoo evaluate")
    write, model_file = is_first(strategy), plan.out / "model.keras"

    from zoo.training.validation import Validation  # the backend is used from here on

    with contextlib.ExitStack() as running:  # holds the run directory until its model is written
        running.enter_context(in_use(strategy))
        running.enter_context(memory_explained(plan.batch_size, plan.accumulate, strategy.num_replicas_in_sync))
        with dtype_policy(plan.precision):
            seeded(plan.seed)
            with strategy.scope():
                resumed = plan.out if plan.resume else None
                model, pictures, begun = build(
                    plan.model, plan.preset, dict(plan.config), dict(plan.pictures), plan.start_from, resumed
                )
                optimizer = _compile(plan, model, strategy.num_replicas_in_sync)
            batches = Batches(model.batch_spec, sources, plan.batch_size, plan.seed)
            _check(plan, model, batches, held_out)  # before anything is written
            looked_at = sources if held_out is None else {**sources, "validation": held_out}
            data = {name: source.fingerprint() for name, source in looked_at.items()}
            digests = {"data": data, "pictures": pictures, "start_from": begun}
            record = record_of(plan, model.configuration(), optimizer.get_config(), digests)

            def begin() -> checkpoint.Checkpoint:
                if write:
                    # Of a cluster that is started again, the one that was killed may still be ending.
                    running.enter_context(prepared(plan.out, record, plan.resume, model, 30 if strategy.cluster_resolver else 0))
                    remember_pictures(plan.out, model)
                return checkpoint.read(plan.out / "checkpoint", model)

            newest = agreed(strategy, record, begin)
            newest.assign_to(model)
            start = newest.step
            validation = None if held_out is None else Validation(model, batches, held_out, plan.out, start, plan.patience)
            patient = validation is None or validation.patient
            if start < plan.steps and patient:
                if write:
                    say(_what_begins(plan, model, sources, start))
                _fit(plan, model, batches, start, write, validation, record)
            elif _is_of_the_newest(model_file, plan.out / "checkpoint"):
                if write:
                    more = "steps" if patient else "patience"
                    say(f"{plan.out} is finished: {start:,} steps are trained; more --{more} goes on")
                return model_file
        if validation is not None and validation.losses:
            validation.deploy(model_file)
        elif write:
            _deploy(model, batches, model_file)
    return model_file


def _is_of_the_newest(model_file: Path, checkpoints: Path) -> bool:
    """Whether the model was written after the newest checkpoint; one from before a run was extended was not."""
    return model_file.exists() and model_file.stat().st_mtime_ns >= max(file.stat().st_mtime_ns for file in checkpoints.iterdir())


def _open(plan: Plan, source: str) -> "Source":
    from zoo.training.sources import open_source

    limits: dict[str, Any] = {} if plan.max_pixels is None else {"max_pixels": plan.max_pixels}
    data_dir = None if plan.data_dir is None else str(plan.data_dir)
    return open_source(source, data_dir=data_dir, max_bad=plan.max_bad, **limits)


def _compile(plan: Plan, model: Any, replicas: int) -> Any:
    """Compiles the model as planned; the optimizer that moves the weights."""
    from zoo.training.optimizers import configured_optimizer, innermost

    optimizer = configured_optimizer(
        model,
        plan.steps,
        replicas,
        precision=plan.precision,
        schedule=plan.schedule,
        warm_up=plan.warm_up,
        ema=plan.ema,
        clip=plan.clip,
        accumulate=plan.accumulate,
    )
    jit = plan.jit or plan.backend == "jax"  # which is slow beyond measure without
    model.compile(optimizer, jit_compile=jit, steps_per_execution=plan.steps_per_execution, auto_scale_loss=False)
    return innermost(optimizer)


def _check(plan: Plan, model: Any, batches: "Batches", held_out: "Source | None") -> None:
    """ValueError where the pictures are none to train this model on, or to measure it by."""
    from zoo.training.generator_metrics import check_measurable
    from zoo.training.validation import check_validation

    batches.check()
    if plan.metrics_every:
        check_measurable(model, batches)
    if held_out is not None:
        check_validation(model, batches.sources["data"], held_out)


def _what_begins(plan: Plan, model: Any, sources: dict[str, Any], start: int) -> str:
    """The line that a person reads first, such as "runs/a: gan with 73,000 weights goes on after step 500 of 2,000 ..."."""
    weights = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    steps = f"goes on after step {start:,} of {plan.steps:,}" if start else f"trains for {plan.steps:,} steps"
    pictures = " and ".join(f"the {len(source):,} of {plan.sources[name]}" for name, source in sources.items())
    return f"{plan.out}: {model.name} with {weights:,} weights {steps}, with {plan.batch_size} pictures each, from {pictures}"


def _fit(
    plan: Plan,
    model: Any,
    batches: "Batches",
    start: int,
    write: bool,
    validation: "Validation | None",
    record: dict[str, Any],
) -> None:
    """One stock `fit` over the steps that are left."""
    from zoo.training.callbacks import LogFile, Monitor, Sheets, Steps, interruptible
    from zoo.training.generator_metrics import while_training
    from zoo.training.metrics import FIGURES

    every = {"steps": plan.steps, "log_every": plan.log_every, "checkpoint_every": plan.checkpoint_every}
    read_every = 1 if is_exact(plan.exact) else plan.log_every
    monitor = Monitor(start, batches, plan.out / "checkpoint", **every, keep=plan.keep, write=write, read_every=read_every)
    callbacks: list[Any] = [monitor]
    with contextlib.ExitStack() as stack:
        if write:
            columns = ("loss", *model.loss_names, "learning_rate", "pictures_per_second")
            progress = stack.enter_context(Progress(start, plan.steps))
            trackers = stack.enter_context(tracking(tuple(plan.track.split(",")), plan.out, record, progress.say))
            monitor.recorders = [LogFile(plan.out / "log.csv", columns, start), trackers, progress]
            if plan.metrics_every:
                figures = LogFile(plan.out / "metrics.csv", FIGURES, start)
                callbacks.append(while_training(model, batches, start, plan.metrics_every, [figures, trackers]))
            if validation is not None:
                validation.recorders, validation.say = [trackers], progress.say
                monitor.validate = validation
            monitor.sheets = Sheets(plan.out / "samples", model, batches, trackers, progress.say)
        stack.enter_context(interruptible(monitor))
        try:
            steps = plan.steps - start
            called = Steps(callbacks, add_history=True, model=model, steps=steps, epochs=1)
            model.fit(batches.dataset(start, plan.steps), steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=called)
        except Exception as error:
            if batches.failure is None or not type(error).__module__.startswith("tensorflow."):
                raise
            raise batches.failure from None  # what TensorFlow makes of it says less


def _deploy(model: Any, batches: "Batches", path: Path) -> None:
    """Writes what is deployed: the averaged weights where there are such, in float32, without the optimizer."""
    from zoo.training.statistics import averaged_copy

    deployed = averaged_copy(model, batches)
    with replacing(path) as temporary:
        deployed.save(temporary)
