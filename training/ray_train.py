"""Training on a Ray cluster: Ray starts the workers and, when one dies, all of them again from the last checkpoint."""

import contextlib
import importlib.util
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo.common.text import one_line

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


def train_on_ray(model: Any, workers: int, *, out: str | Path, resume: bool = False, **arguments: Any) -> Path:
    """`zoo.training.run.train` with the strategy multiworker on the workers of Ray Train's TensorflowTrainer.

    Sources and `out` must be at the same paths on all machines; see `connected` for which those are.

    Args:
        model: see `zoo.training.run.train`.
        workers: processes that train together; each takes a GPU where the cluster has that many, otherwise a processor core.
        out: the run directory, on a disk that all workers share.
        resume: whether to go on with the run in `out`.
        arguments: those of `zoo.training.run.train`.

    Raises:
        ValueError: the extra `cluster` is not installed, the cluster is too small, or as `train`.
        OSError: as `train`.

    Example:
        >>> train_on_ray("fast_style", 4, data="folder:photos", pictures={"style": ["wave.jpg"]}, out="runs/wave")
        PosixPath('runs/wave/model.keras')
    """
    if Path(out).exists() and not resume:
        raise FileExistsError(f"{out} exists; add --resume to go on with the run in it, or choose another --out")
    with connected("--strategy ray") as ray:
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.tensorflow import TensorflowTrainer

        resources = ray.cluster_resources()
        use_gpu = resources.get("GPU", 0) >= workers
        if not use_gpu and resources.get("CPU", 0) < workers:
            raise ValueError(f"{workers} workers need {workers} processor cores; this cluster has {resources.get('CPU', 0):g}")
        trainer = TensorflowTrainer(
            _work,
            train_loop_config={"model": model, "out": str(out), "folder": str(Path.cwd()), **arguments},
            scaling_config=ScalingConfig(num_workers=workers, use_gpu=use_gpu),
            run_config=RunConfig(
                name="train",
                storage_path=str(Path(out).resolve() / ".ray"),
                failure_config=FailureConfig(max_failures=_RESTARTS),
            ),
        )
        result: Any = trainer.fit()
    if result.return_value is not None:
        kind, line = result.return_value
        raise (OSError if kind == "OSError" else ValueError)(line)
    return Path(out) / "model.keras"


def _work(arguments: dict[str, Any]) -> Any:
    """What one worker does. Its errors of the user's making are handed back: started again, it would make them again."""
    os.environ.pop("TF_USE_LEGACY_KERAS", None)  # Ray sets it, for a Keras before 3
    logging.getLogger("tensorflow").setLevel(logging.WARNING)
    os.chdir(arguments.pop("folder"))
    from zoo.training.run import train

    try:
        train(arguments.pop("model"), strategy="multiworker", resume=True, **arguments)
    except (ValueError, OSError) as error:
        return "OSError" if isinstance(error, OSError) else "ValueError", one_line(error)
    return None
