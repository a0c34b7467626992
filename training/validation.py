"""How a model in training does on pictures that it is not trained on: the best weights are kept, and it stops when none come."""

import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.common.files import replacing
from zoo.training.batches import Batches
from zoo.training.callbacks import LogFile
from zoo.training.evaluate import makes_pictures
from zoo.training.process import dtype_policy
from zoo.training.progress import Record, say
from zoo.training.source import Source
from zoo.training.statistics import averaged_copy

COUNT = 200  # examples, each the same crop of the same picture every time


class Validation:
    """Measures the objective on held-out pictures, as the model would be deployed; lower is better.

    What it knows is in validation.csv, which goes back with a run that goes back to a checkpoint: a resumed run keeps and stops
    as one that was never stopped.

    Args:
        model: the model in training.
        batches: those it is trained on.
        held_out: the pictures in the place of those of the source "data".
        run: the run directory: of validation.csv, and of best.keras, the weights of the lowest objective.
        start: steps trained before.
        patience: measurements without a lower objective after which the training should stop; None: never.
    """

    def __init__(self, model: Any, batches: Batches, held_out: Source, run: Path, start: int, patience: int | None) -> None:
        self.model, self.batches, self.patience = model, batches, patience
        sources: Mapping[str, Source] = {**batches.sources, "data": held_out}
        self.held_out = Batches(batches.spec, sources, batches.batch_size)
        self.count = math.ceil(min(COUNT, len(held_out)) / batches.batch_size)
        self.file = run / "best.keras"
        self.log = LogFile(run / "validation.csv", ("loss", *model.loss_names), start)
        self.losses = [float(row[1]) for row in self.log.rows()]
        self.recorders: list[Callable[[Record], None]] = []
        self.say: Callable[[str], None] = say

    @property
    def patient(self) -> bool:
        """Whether a lower objective may still come."""
        if self.patience is None or not self.losses:
            return True
        return len(self.losses) - 1 - int(np.argmin(self.losses)) < self.patience

    def __call__(self, step: int) -> bool:
        """Measures after `step` steps, keeps the weights if they are the best so far, and returns whether to go on."""
        with dtype_policy("float32"):  # as at the end of the training
            deployed = averaged_copy(self.model, self.batches)
        terms = self._objective(deployed)
        loss = float(f"{sum(terms.values()):.7g}")  # as it is written down, and read again
        best = min(self.losses, default=math.inf)
        if loss < best:
            with replacing(self.file) as temporary:
                deployed.save(temporary)
        record = {"step": step, "loss": loss, **terms}
        self.log(record)
        self.losses.append(loss)
        for recorder in self.recorders:
            recorder({f"validation/{name}" if name != "step" else name: value for name, value in record.items()})
        more = "the best so far" if loss < best else f"the best was {best:.4g}"
        self.say(f"step {step}: loss {loss:.4g} on held-out pictures, {more}")
        return self.patient

    def deploy(self, path: Path) -> None:
        """Writes the model with the best weights to `path`."""
        with replacing(path) as temporary:
            shutil.copyfile(self.file, temporary)

    def _objective(self, deployed: Any) -> Record:
        """The mean of each term, with the weights and statistics of what is deployed in the model, which knows its objective."""
        before = self.model.get_weights()
        self.model.set_weights(deployed.get_weights())
        try:
            sums = dict.fromkeys(self.model.loss_names, 0.0)
            for step in range(self.count):
                batch = {name: keras.ops.convert_to_tensor(value) for name, value in self.held_out(step).items()}
                for name, value in self.model.loss_terms(batch, self.model(batch, training=False)).items():
                    sums[name] += float(keras.ops.mean(value)) / self.count
        finally:
            self.model.set_weights(before)
        return sums


def check_validation(model: Any, source: Source, held_out: Source) -> None:
    """ValueError where there is nothing to learn from held-out pictures."""
    if makes_pictures(model):
        raise ValueError(f"--validation needs an objective that says how good a model is, unlike {model.name}'s: --metrics-every")
    if held_out.fingerprint() == source.fingerprint():
        raise ValueError("--validation has the pictures of --data, which the model is trained on; hold others out")
