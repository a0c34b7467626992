"""A model of a few hundred weights, so that training is tested apart from the families; run as a module, it is trained."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from zoo._base import ImageModel
from zoo.common.signals import Terminated
from zoo.layers.batch_normalization import batch_normalization
from zoo.roles import Photograph, Result, Signature
from zoo.specs import Normal, Picture
from zoo.training import statistics
from zoo.training.run import train

statistics.BATCHES = 10  # the hundred of real trainings cost a second at every checkpoint


@keras.saving.register_keras_serializable("tests")
class Tiny(ImageModel):
    """Learns to take noise off; batch normalisation and two terms, as real families have."""

    task, paper = "testing", "none"
    presets = {"tiny": {}}

    def __init__(
        self, size: int = 8, filters: int = 4, learning_rate: float = 1e-2, explode: int = 0, name: str = "tiny"
    ) -> None:
        super().__init__(name=name)
        self.size, self.filters, self.learning_rate, self.explode = size, filters, learning_rate, explode
        image = layers.Input((None, None, 3), name="image")
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(image)
        x = layers.ReLU()(batch_normalization()(x))
        self.network = keras.Model(image, layers.Conv2D(3, 3, padding="same", dtype="float32")(x))
        self.built = True

    @property
    def batch_spec(self):
        return {"image": Picture(self.size), "noise": Normal((self.size, self.size, 3))}

    @property
    def loss_names(self):
        return ("error", "brightness")

    def call(self, batch, training=False):
        return {"picture": self.network(batch["image"] + 0.1 * batch["noise"], training=training)}

    def loss_terms(self, batch, outputs):
        difference = outputs["picture"] - batch["image"]
        error = ops.mean(ops.square(difference), axis=(1, 2, 3))
        if self.explode:
            error = ops.where(self.updates >= self.explode, float("nan"), error)
        return {"error": error, "brightness": 0.1 * ops.abs(ops.mean(difference, axis=(1, 2, 3)))}

    @property
    def signature(self):
        return Signature.of([Photograph()], [Result()])

    def inference_model(self):
        image = layers.Input((None, None, 3), name="image")
        return keras.Model({"image": image}, {"output_image": ops.clip(self.network(image), 0.0, 1.0)})

    def samples(self, batch):
        return {"image": batch["image"], "cleaned": self(batch, training=False)["picture"]}


def train_tiny(out, **options) -> Path:
    """Trains it with small values wherever `options` does not say otherwise."""
    defaults = {"data": "samples:", "steps": 6, "batch_size": 4, "log_every": 2, "checkpoint_every": 3}
    return train(Tiny, options.pop("config", {}), out=out, **(defaults | options))


def weights(run: Path) -> list[np.ndarray]:
    """The weights that a run ended with."""
    return keras.saving.load_model(run / "model.keras").get_weights()


if __name__ == "__main__":
    # One training, or a list of them, whose errors are then printed, null where there was none.
    runs = json.loads(sys.argv[1])
    if isinstance(runs, dict):
        try:
            train_tiny(**runs)
        except Terminated as error:
            sys.exit(error.exit_code)
    else:
        faults: list[str | None] = []
        for options in runs:
            try:
                train_tiny(**options)
                faults.append(None)
            except (ValueError, OSError) as error:
                faults.append(f"{type(error).__name__}: {error}")
        print(json.dumps(faults))
