"""Who follows a training beside its own files: TensorBoard, MLflow and Weights & Biases, each by its own package."""

import contextlib
import importlib
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zoo.common.files import replacing
from zoo.common.text import one_line
from zoo.training.events import Events
from zoo.training.progress import Record

PROJECT = "keras-image-zoo"  # the experiment or project, where the environment names none
IDS = "tracked.json"  # in the run directory: what the trackers call this run, so that a resumed one goes on there


class Tracker(Protocol):
    """Takes records and sheets while it is open."""

    def __call__(self, record: Record) -> None: ...

    def sheet(self, step: int, sheet: np.ndarray) -> None:
        """A sheet of samples, float32 [H, W, 3] in [0, 1]."""

    def __enter__(self) -> "Tracker": ...

    def __exit__(self, *_: Any) -> None: ...


class MLflow:
    """A run of MLflow, at MLFLOW_TRACKING_URI, in the experiment MLFLOW_EXPERIMENT_NAME.

    Args:
        out: the run directory, which names the run.
        settings: its parameters.
        before: what `id` of the run that it goes on with was.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any], before: str | None) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # what is followed is for who follows it
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param
        from mlflow.exceptions import MlflowException

        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells how it makes its tables
        self._client, self._metric = MlflowClient(), Metric
        with contextlib.suppress(MlflowException):  # it may have been on another server
            if before is not None:
                self._client.update_run(before, "RUNNING")
                self.id = before
                return
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        experiment = self._client.get_experiment_by_name(name)
        number = experiment.experiment_id if experiment else self._client.create_experiment(name)
        self.id = self._client.create_run(number, run_name=out.name).info.run_id
        self._client.log_batch(self.id, params=[Param(key, str(value)) for key, value in settings.items()])

    def __call__(self, record: Record) -> None:
        now, step = int(time.time() * 1000), int(record["step"])
        metrics = [self._metric(name, value, now, step) for name, value in record.items() if name != "step"]
        self._client.log_batch(self.id, metrics=metrics)

    def sheet(self, step: int, sheet: np.ndarray) -> None:
        self._client.log_image(self.id, _bytes(sheet), key="samples", step=step)

    def __enter__(self) -> "MLflow":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        ended = "FINISHED" if kind is None else "FAILED" if issubclass(kind, Exception) else "KILLED"
        self._client.set_terminated(self.id, ended)


class WandB:
    """A run of Weights & Biases, as WANDB_MODE (`offline` needs no account), WANDB_PROJECT and WANDB_DIR say.

    Args:
        out: the run directory, which names the run and, without WANDB_DIR, holds its files.
        settings: its configuration.
        before: what `id` of the run that it goes on with was.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any], before: str | None) -> None:
        import wandb

        self.id, self._image = before or secrets.token_hex(4), wandb.Image
        quiet = wandb.Settings(silent=True, console="off", disable_git=True, disable_code=True)
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=out.name,
            id=self.id,
            # Offline there is nothing to look up: both parts have the same id, and `wandb sync --append` joins them.
            resume=None if before is None or os.environ.get("WANDB_MODE") == "offline" else "allow",
            dir=os.environ.get("WANDB_DIR", str(out)),
            config=dict(settings),
            settings=quiet,
        )

    def __call__(self, record: Record) -> None:
        self._run.log({name: value for name, value in record.items() if name != "step"}, step=int(record["step"]))

    def sheet(self, step: int, sheet: np.ndarray) -> None:
        self._run.log({"samples": self._image(_bytes(sheet))}, step=step)

    def __enter__(self) -> "WandB":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        self._run.finish(exit_code=int(kind is not None))


ELSEWHERE: dict[str, Callable[[Path, Mapping[str, Any], str | None], Any]] = {"mlflow": MLflow, "wandb": WandB}


def check_installed(names: tuple[str, ...]) -> None:
    """ModuleNotFoundError where the package of one of the trackers is missing."""
    for name in names:
        if name in ELSEWHERE:
            importlib.import_module(name)


class Trackers:
    """Several trackers as one. One that fails is left out from then on, and a line says so: the training goes on."""

    def __init__(self, members: Mapping[str, Tracker], say: Callable[[str], None]) -> None:
        self._members, self._say = dict(members), say

    def __call__(self, record: Record) -> None:
        self._each(lambda tracker: tracker(record))

    def sheet(self, step: int, sheet: np.ndarray) -> None:
        self._each(lambda tracker: tracker.sheet(step, sheet))

    def _each(self, call: Callable[[Tracker], None]) -> None:
        for name, tracker in [*self._members.items()]:
            try:
                call(tracker)
            except Exception as error:
                if isinstance(tracker, Events):  # a file of the run: what cannot be written stops it
                    raise
                del self._members[name]
                self._say(f"--track {name} fails, and the training goes on without it: {one_line(error)}")


@contextlib.contextmanager
def tracking(names: tuple[str, ...], out: Path, record: Mapping[str, Any], say: Callable[[str], None]) -> Iterator[Trackers]:
    """The trackers of those names, told what the training is, and at the end how it ended.

    Args:
        names: of `zoo.training.plan.TRACKERS`.
        out: the run directory.
        record: what config.json holds.
        say: prints a line.

    Raises:
        ValueError: one of them cannot begin: there is no account, or no server; in one line.
    """
    settings = {f"{section}.{key}": value for section in ("config", "training") for key, value in record[section].items()}
    settings |= {"model": record["model"], "steps": record["run"]["steps"]}
    file = out / IDS
    ids = json.loads(file.read_text()) if file.exists() else {}
    members: dict[str, Tracker] = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            if name not in ELSEWHERE:
                members[name] = stack.enter_context(Events(out / "events"))
                continue
            try:
                tracker = ELSEWHERE[name](out, settings, ids.get(name))
            except Exception as error:
                raise ValueError(
                    f"--track {name} cannot begin: {one_line(error)}; then, or with another --track, --resume {out} goes on"
                ) from error
            stack.push(_ending(name, tracker, say))
            members[name] = tracker
            ids[name] = tracker.id
        if ids:
            with replacing(file) as temporary:
                temporary.write_text(json.dumps(ids))
        yield Trackers(members, say)


def _ending(name: str, tracker: Any, say: Callable[[str], None]) -> Callable[..., None]:
    """Ends what one tracker follows; a trained model is not lost where that fails."""

    def end(*how: Any) -> None:
        try:
            tracker.__exit__(*how)
        except Exception as error:
            say(f"--track {name} did not hear of the end: {one_line(error)}")

    return end


def _bytes(sheet: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(sheet, 0, 1) * 255).astype(np.uint8)
