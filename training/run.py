"""Training a model into a run directory, from which it goes on exactly where it was killed."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoo.training.backend import check_trainable, running
from zoo.training.plan import Plan, options
from zoo.training.record import check_complete, recorded

OF_THE_MODEL = ("preset", "config", "pictures", "start_from")


def train(
    model: str | Callable[..., Any] | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    out: str | Path,
    resume: bool = False,
    **asked: Any,
) -> Path:
    """Trains a model by plain `compile()` and `fit()`: writes `out`/model.keras and returns its path.

    Beside it: config.json, log.csv, events/ (TensorBoard), samples/ and checkpoint/. A run that was killed at any moment and is
    resumed ends with the same weights, bit for bit, as one that was not (same machine, same number of devices).

    Args:
        model: a family's name, or the class of a model (for models that are not in the zoo); None takes that of the run.
        config: arguments of its constructor.
        out: the run directory, new or empty unless `resume`.
        resume: whether to go on with the run in `out`, as it was where `asked` says nothing; starts one that is not there.
        asked: options of `zoo.training.plan.Plan`, such as `data="folder:photos"` and `steps=2000`; docs/training.md has all.

    Raises:
        ValueError: a wrong option, too many bad pictures, a changed run, or a loss that is no longer finite, in one line.
        OSError: `out` exists, a picture or folder does not, the disk is full, or a worker has not come, in one line.
        KeyboardInterrupt: Ctrl-C or SIGTERM (`zoo.common.signals.Terminated`), after the step and a checkpoint.

    Example:
        >>> train("fast_style", data="folder:photos", pictures={"style": ["wave.jpg"]}, out="runs/wave", steps=2000)
        PosixPath('runs/wave/model.keras')
        >>> train(out="runs/wave", resume=True, steps=4000)
        PosixPath('runs/wave/model.keras')
    """
    if config is not None:
        asked["config"] = config
    return carry_out(planned(model, out=out, resume=resume, **asked))


def planned(model: str | Callable[..., Any] | None = None, *, out: str | Path, resume: bool = False, **asked: Any) -> Plan:
    """The plan of a training; where a run is resumed, what is not asked for is as it was.

    Who names the model says all of the model again: its preset, settings, pictures and the weights to begin with.

    Raises:
        ValueError: an option that there is not, or with a wrong value; no model, or no pictures to train on.
    """
    from zoo._registry import choose
    from zoo.training.start import class_of

    for name in asked:
        choose("option of a training", name, options())
    before = recorded(out) if resume else {}
    if model is None:
        if not before:
            raise ValueError(f"{out} holds no run to go on with; name a MODEL to train" if resume else "name a MODEL to train")
        check_complete(out)
        for name in ("config", "pictures"):
            asked[name] = {**before[name], **asked.get(name, {})}
    else:
        before = {name: value for name, value in before.items() if name not in OF_THE_MODEL} | {"model": model}
    sources = asked.pop("data", {})
    data = {**before.get("data", {}), **({"data": sources} if isinstance(sources, str) else sources)}
    if "data" not in data:
        raise ValueError("a training needs pictures: --data folder:PATH, or --data samples: for a first try")
    if "backend" not in asked and "backend" not in before:
        # A run that does not say so is of a version that knew no other.
        asked["backend"] = "tensorflow" if before.get("steps") else running()
    check_trainable(asked["backend"] if "backend" in asked else before["backend"])
    plan = Plan(**{**before, **asked, "data": data, "out": out, "resume": resume})
    if plan.batch_size is None:
        plan = dataclasses.replace(plan, batch_size=class_of(plan.model).recommended_batch_size)
    return plan


def carry_out(plan: Plan) -> Path:
    """Trains as planned, here or on a Ray cluster; returns the path of the model.keras written. Raises as `train`."""
    if plan.strategy == "ray":
        from zoo.training.ray_train import train_on_ray

        return train_on_ray(plan)
    from zoo.training.fit import fit

    return fit(plan)
