"""What happens beside the training steps: the log, the progress, sample sheets, checkpoints, and stopping in time."""

import contextlib
import csv
import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.common.files import replacing
from zoo.common.signals import Terminated
from zoo.training import checkpoint
from zoo.training.backend import synced
from zoo.training.batches import Batches
from zoo.training.cluster import exchanged
from zoo.training.pictures import grid, write_picture
from zoo.training.progress import Record
from zoo.training.statistics import average_assigned, averaged_copy, has_average, normalisations
from zoo.training.trackers import Trackers

EXPLODED = 10_000  # times the first loss that was recorded


class Monitor(keras.callbacks.Callback):
    """Counts the steps and calls what is due after each, in the one order that keeps a run resumable.

    Args:
        start: steps trained before.
        batches: to name a bad batch's files, and for the batch size.
        checkpoints: folder of the checkpoints.
        steps: steps to train to.
        log_every: steps between two records.
        checkpoint_every: steps between two checkpoints.
        keep: checkpoints to keep.
        write: False on the workers that leave writing to the first.
        read_every: steps between two looks at the loss, which a device hands over only once it has come that far.

    Attributes:
        recorders: called with every record: "step", the means since the last record of "loss" and each of its terms,
            "learning_rate", "pictures_per_second".
        validate: called with the step before every checkpoint but that of an interruption; whether to go on.
        sheets: called with the step at every checkpoint.

    Raises:
        ValueError: the loss is no longer finite; names the step, or those since the last look, and the pictures. Or it has grown
            10,000-fold.
        KeyboardInterrupt: after Ctrl-C, and `Terminated` after SIGTERM, once the step is done and saved. Several workers, one of
            which may have been told alone, stop together at the next record.
    """

    def __init__(
        self,
        start: int,
        batches: Batches,
        checkpoints: Path,
        *,
        steps: int,
        log_every: int,
        checkpoint_every: int,
        keep: int = 2,
        write: bool = True,
        read_every: int = 1,
    ) -> None:
        super().__init__()
        self.read_every, self.read = read_every, start
        self.start, self.step, self.stop, self.batches, self.checkpoints = start, start, steps, batches, checkpoints
        self.log_every, self.checkpoint_every, self.keep, self.write = log_every, checkpoint_every, keep, write
        self.recorders: list[Callable[[Record], None]] = []
        self.validate: Callable[[int], bool] | None = None
        self.sheets: Callable[[int], None] | None = None
        self.signal = 0
        self._first: tuple[int, float] | None = None  # a recorded step, and its loss's size

    def on_train_begin(self, logs: Any = None) -> None:
        self._metrics = [keras.ops.convert_to_numpy(variable) for variable in self.model.metrics_variables]
        self._clock, self._recorded = time.perf_counter(), self.step

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # fit has just reset the metrics that a checkpoint between two records brought back.
        for variable, value in zip(self.model.metrics_variables, self._metrics, strict=True):
            variable.assign(value)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.step = self.start + batch + 1
        last = self.step == self.stop
        due = self.step % self.log_every == 0 or last
        if due or self.step - self.read >= self.read_every:
            # Means since the last record: one loss that is not finite stays in them.
            means = {name: float(np.ravel(keras.ops.convert_to_numpy(value))[0]) for name, value in logs.items()}
            if not math.isfinite(means["loss"]):
                raise ValueError(self._diverged(means))
            self.read = self.step
        if due:
            self._record(means)
        stopped_by = self._signal_to_all(due)
        if self.validate is not None and (self.step % self.checkpoint_every == 0 or last):
            synced(self.model)
            self.model.stop_training = not self.validate(self.step)
        if self.step % self.checkpoint_every == 0 or last or stopped_by:
            synced(self.model)
            checkpoint.save(self.checkpoints, self.step, self.model, keep=self.keep, write=self.write)
            if self.sheets is not None:
                self.sheets(self.step)
        if stopped_by and not last and not self.model.stop_training:
            kind = Terminated if stopped_by == signal.SIGTERM else KeyboardInterrupt
            raise kind(f"stopped after step {self.step}, which is saved; --resume goes on from there")

    def _signal_to_all(self, due: bool) -> int:
        """The signal to stop by, 0 for none."""
        strategy = getattr(self.model, "distribute_strategy", None)  # which JAX's models lack
        if strategy is None or strategy.cluster_resolver is None:
            return self.signal
        return max(exchanged(strategy, self.signal)) if due else 0

    def _record(self, means: Record) -> None:
        size = sum(abs(means[name]) for name in self.model.loss_names)  # which may cancel out in the loss
        first, then = self._first = self._first or (self.step, size)
        if size > EXPLODED * then:
            raise ValueError(
                f"training diverged: the loss's terms sum to {size:.4g} at step {self.step}, to {then:.4g} at step {first}; "
                "try a lower learning rate, or --clip 1"
            )
        synced(self.model)
        now = time.perf_counter()
        pictures = (self.step - self._recorded) * self.batches.batch_size
        record = {
            "step": self.step,
            **means,
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "pictures_per_second": pictures / (now - self._clock),
        }
        for recorder in self.recorders:
            recorder(record)
        self.model.reset_metrics()
        self._clock, self._recorded = now, self.step

    def _diverged(self, means: Record) -> str:
        terms = ", ".join(name for name, value in means.items() if name != "loss" and not math.isfinite(value))
        names = [name for step in range(self.read, self.step) for name in self.batches.names(step)]
        more = f" and {len(names) - 16} more" if len(names) > 16 else ""
        since = f"between step {self.read + 1} and " if self.step - self.read > 1 else "at "
        return (
            f"training diverged {since}step {self.step}: the loss{f' ({terms})' if terms else ''} is not finite; "
            f"the {'batches' if since != 'at ' else 'batch'} held {', '.join(names[:16])}{more}; try a lower learning rate"
        )


class Steps(keras.callbacks.CallbackList):
    """Keras' own, which hands on what a step has logged as it lies on the device; Keras' waits for it, step after step."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs)


@contextlib.contextmanager
def interruptible(monitor: Monitor) -> Iterator[None]:
    """Ctrl-C and SIGTERM let the step end and be saved; a second Ctrl-C stops at once. (Only the main thread hears signals.)"""

    def handle(number: int, _: Any) -> None:
        monitor.signal = number
        signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def averaged(model: keras.Model, batches: Batches) -> Iterator[keras.Model]:
    """The model as it would be deployed now, with the averaged weights where there are such; afterwards all is as before.

    Weights are swapped; with batch normalisation, whose statistics are measured again, it is a copy.
    """
    if has_average(model) and any(normalisations(model)):
        yield averaged_copy(model, batches)
        return
    with average_assigned(model):
        yield model


class LogFile:
    """`log.csv`: a line a record, written as it happens; lines past `start` are dropped when a run is resumed."""

    def __init__(self, path: Path, names: Iterable[str], start: int) -> None:
        self.path = path
        self.columns = ["step", *names]
        kept = [row for row in self.rows() if int(row[0]) <= start]
        with replacing(path) as temporary, temporary.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([self.columns, *kept])

    def __call__(self, record: Record) -> None:
        line = ",".join(f"{record[name]:.7g}" for name in self.columns)
        try:
            with self.path.open("a") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise type(error)(f"cannot write {self.path}: {error.strerror}") from None

    def rows(self) -> list[list[str]]:
        """What stands in it, without the names of the columns."""
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            rows = list(csv.reader(file))
        return [row for row in rows if len(row) == len(self.columns) and row[0].isdigit()]


class Sheets:
    """`samples/step-00000500.png`: what the model makes of the same batch each time."""

    def __init__(self, folder: Path, model: Any, batches: Batches, trackers: Trackers, say: Callable[[str], None]) -> None:
        self.folder, self.model, self.batches, self.trackers, self.say = folder, model, batches, trackers, say
        # The same eight examples in every run, so that sheets can be compared.
        self.batch = Batches(batches.spec, batches.sources, 8)(0)

    def __call__(self, step: int) -> None:
        with averaged(self.model, self.batches) as model:
            columns = model.samples(self.batch)
        sheet = grid({title: keras.ops.convert_to_numpy(pictures) for title, pictures in columns.items()})
        self.folder.mkdir(exist_ok=True)
        file = self.folder / f"step-{step:08d}.png"
        write_picture(file, sheet, overwrite=True)
        self.trackers.sheet(step, sheet)
        self.say(f"step {step}: saved; what it makes of eight examples is in {file}")
