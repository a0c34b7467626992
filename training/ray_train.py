"""Training on a Ray cluster: Ray starts the workers and, when one dies, all of them again from the last checkpoint."""

import contextlib
import dataclasses
import importlib.util
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo.common.text import one_line
from zoo.training.plan import Plan

_RESTARTS = 100


@contextlib.contextmanager
def connected(option: str) -> Iterator[Any]:
    """The module `ray`, connected to the cluster that the environment variable RAY_ADDRESS names, or to one on this machine.

    Raises:
        ValueError: the extra `cluster` is not installed; the line names the `option` that needs it.
    """
    if importlib.util.find_spec("ray") is None:
        raise ValueError(f"{option} needs the extra cluster: pip install 'keras-image-zoo[cluster]'")
    import ray

    if ray.is_initialized():
        yield ray
        return
    # Nothing large goes through Ray's own memory here: pictures and weights are read and written as files.
    local: dict[str, Any] = (
        {} if os.environ.get("RAY_ADDRESS") else {"object_store_memory": 200_000_000, "include_dashboard": False}
    )
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    quiet = {"TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    ray.init(configure_logging=False, runtime_env={"env_vars": quiet}, **local)
    try:
        yield ray
    finally:
        ray.shutdown()


def train_on_ray(plan: Plan) -> Path:
    """Trains as planned, with the strategy multiworker on the workers of Ray Train's TensorflowTrainer.

    Sources and the run directory must be at the same paths on all machines; see `connected` for which those are.

    Args:
        plan: its `workers` train together; each takes a GPU where the cluster has that many, otherwise a processor core.

    Raises:
        ValueError: the extra `cluster` is not installed, the cluster is too small, or as `zoo.training.run.train`.
        OSError: as `zoo.training.run.train`.
    """
    if plan.out.exists() and not plan.resume:
        raise FileExistsError(f"{plan.out} exists; add --resume to go on with the run in it, or choose another --out")
    assert plan.workers is not None
    with connected("--strategy ray") as ray:
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.tensorflow import TensorflowTrainer

        resources = ray.cluster_resources()
        use_gpu = resources.get("GPU", 0) >= plan.workers
        if not use_gpu and resources.get("CPU", 0) < plan.workers:
            cores = f"{resources.get('CPU', 0):g}"
            raise ValueError(f"{plan.workers} workers need {plan.workers} processor cores; this cluster has {cores}")
        trainer = TensorflowTrainer(
            _work,
            train_loop_config={"plan": dataclasses.replace(plan, resume=True), "folder": str(Path.cwd())},
            scaling_config=ScalingConfig(num_workers=plan.workers, use_gpu=use_gpu),
            run_config=RunConfig(
                name="train",
                storage_path=str(plan.out.resolve() / ".ray"),
                failure_config=FailureConfig(max_failures=_RESTARTS),
            ),
        )
        result: Any = trainer.fit()
    if result.return_value is not None:
        kind, line = result.return_value
        raise (OSError if kind == "OSError" else ValueError)(line)
    return plan.out / "model.keras"


def _work(task: dict[str, Any]) -> Any:
    """What one worker does. Its errors of the user's making are handed back: started again, it would make them again."""
    os.environ.pop("TF_USE_LEGACY_KERAS", None)  # Ray sets it, for a Keras before 3
    logging.getLogger("tensorflow").setLevel(logging.WARNING)
    os.chdir(task["folder"])
    from zoo.training.fit import fit

    try:
        fit(task["plan"])
    except (ValueError, OSError) as error:
        return "OSError" if isinstance(error, OSError) else "ValueError", one_line(error)
    return None
