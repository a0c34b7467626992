"""Trains the `deep` feature network to give the maps that SqueezeNet has of a picture, and makes the file that ships.

    python -m zoo.training.distilled_features --teacher squeezenet_1_0.npz --data folder:PHOTOS --out runs/deep --resume
    python -m zoo.training.distilled_features --teacher squeezenet_1_0.npz --data folder:PHOTOS --out runs/further \
        --start-from runs/deep/model.keras --learning-rate 7e-4    # on from those weights, with a new optimizer
    python -m zoo.training.distilled_features --ship runs/further

The student sees half of the pictures after a camera's noise and JPEG compression, and has to give the maps of the picture without
them. It learns the maps, channel by channel, and their Gram matrices, which are what a style loss goes by.
"""

import argparse
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

import zoo
from zoo.common.files import replacing
from zoo.features import _deep, create
from zoo.losses.gram import gram_matrix
from zoo.specs import Degraded, Picture, Uniform

TEACHER = "squeezenet"
# Root mean square of the teacher's maps on photographs; the student's have 1.
SIZES = {"fire2": 143.0, "fire3": 277.0, "fire4": 245.0, "fire5": 345.0, "fire7": 122.0, "fire9": 28.0}


@keras.saving.register_keras_serializable("zoo", "feature_student")  # no family: it makes no pictures
class FeatureStudent(zoo.ImageModel):
    """A network of our own that learns another's maps by dense regression (Romero et al. 2015, https://arxiv.org/abs/1412.6550).

    Args:
        size: side of the training crops, in pixels.
        gram_weight: weight of the distance of Gram matrices beside that of the maps.
        damaged: share of the pictures that the student sees damaged.
        learning_rate: Adam's rate.
        feature_weights: the file of the teacher's weights.
    """

    task = "features"
    paper = "Romero et al. 2015"
    presets: ClassVar[dict[str, dict[str, Any]]] = {"tiny": {"size": 64}}
    deployable: ClassVar[bool] = False
    recommended_batch_size: ClassVar[int] = 8

    def __init__(
        self,
        size: int = 128,
        gram_weight: float = 0.3,
        damaged: float = 0.5,
        learning_rate: float = 2e-3,
        feature_weights: str | None = None,
        name: str = "feature_student",
    ) -> None:
        super().__init__(name=name)
        self.size = size
        self.gram_weight = gram_weight
        self.damaged = damaged
        self.learning_rate = learning_rate
        self.feature_weights = feature_weights
        self.student = _deep.network()
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {
            "image": Picture(self.size, scale=(0.35, 1.0)),
            "damaged": Degraded("image", self.size),
            "draw": Uniform((1,)),
        }

    @property
    def loss_names(self) -> tuple[str, ...]:
        return (*_deep.MAPS["deep"], "gram")

    def prepare(self) -> None:
        if not hasattr(self, "_teacher"):
            # Past Keras, which would make its weights those of this model.
            object.__setattr__(self, "_teacher", create(TEACHER, self.feature_weights, _deep.MAPS["deep"]))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        damaged = ops.reshape(batch["draw"], (-1, 1, 1, 1)) < self.damaged
        return self.student(ops.where(damaged, batch["damaged"], batch["image"]), training=training)

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        self.prepare()
        targets = self._teacher(batch["image"])
        terms, grams = {}, 0.0
        for name in _deep.MAPS["deep"]:
            target, value = targets[name] / SIZES[name], outputs[name]
            terms[name] = ops.mean(ops.square(ops.cast(value - target, "float32")), axis=(1, 2, 3))
            gram, wanted = gram_matrix(value), gram_matrix(target)
            grams += ops.sum(ops.square(gram - wanted), axis=(1, 2)) / ops.sum(ops.square(wanted), axis=(1, 2))
        terms["gram"] = self.gram_weight * grams
        return terms

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The damaged picture, and the first channels of a map, of the student and of the teacher, as colours."""
        self.prepare()
        shown = {"damaged": batch["damaged"]}
        targets = {name: ops.cast(maps, "float32") / SIZES[name] for name, maps in self._teacher(batch["image"]).items()}
        maps = {"student": self.student(batch["damaged"]), "teacher": targets}
        for name in ("fire3", "fire7"):
            largest = ops.max(ops.cast(maps["teacher"][name][..., :3], "float32"), axis=(1, 2), keepdims=True) + 1e-6
            for who, values in maps.items():
                view = ops.clip(ops.cast(values[name][..., :3], "float32") / largest, 0.0, 1.0)
                shown[f"{name}, {who}"] = ops.image.resize(view, (self.size, self.size), interpolation="nearest")
        return shown


def write(student: keras.Model, file: Path) -> None:
    """The weights as an .npz of float16, by layer: NAME_kernel and NAME_bias."""
    arrays = {
        f"{layer.name}_{weight.name}": ops.convert_to_numpy(weight).astype("float16")
        for layer in student.layers
        for weight in layer.weights
    }
    with replacing(file) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", metavar="FILE", help="SqueezeNet 1.0's weights, an .npz file")
    parser.add_argument("--data", metavar="SOURCE", help="photographs, as zoo train takes them")
    parser.add_argument("--out", type=Path, metavar="RUN")
    parser.add_argument("--steps", type=int, default=30000)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--precision", default="mixed_bfloat16")
    parser.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights, which are those that are kept")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="Adam's rate")
    parser.add_argument("--start-from", metavar="FILE", help="begin with the weights of a run's model.keras")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--ship", type=Path, metavar="RUN", help="write zoo/weights/deep_features.npz from a run that is done")
    arguments = parser.parse_args()
    if arguments.ship:
        model = keras.saving.load_model(arguments.ship / "model.keras", compile=False)
        write(model.student, Path(zoo.__file__).parent / "weights" / "deep_features.npz")
        return
    from zoo.training.run import train

    train(
        FeatureStudent,
        {"feature_weights": arguments.teacher, "learning_rate": arguments.learning_rate},
        start_from=arguments.start_from,
        data=arguments.data,
        out=arguments.out,
        steps=arguments.steps,
        batch_size=arguments.batch_size,
        precision=arguments.precision,
        resume=arguments.resume,
        schedule="constant",
        warm_up=min(200, arguments.steps // 2),
        ema=arguments.ema,
        clip=1.0,
        log_every=50,
        checkpoint_every=1000,
    )


if __name__ == "__main__":
    main()
