"""A learned sharpener: a family of its own package, used as those of keras-image-zoo are."""

from typing import Any

import keras
from keras import layers, ops

import zoo
from zoo.roles import Photograph, Result, Signature
from zoo.specs import Picture, Uniform


@zoo.register("sharpener")
class Sharpener(zoo.ImageModel):
    """Learns to undo a soft lens: residual convolutions that are shown blurred pictures and asked for the sharp ones.

    Deployed input: `image` [batch, height, width, 3] in [0, 1]. Output: `output_image`, sharpened. Any height and width.

    Args:
        width: channels of the convolutions.
        depth: how many convolutions there are before the last one.
        size: side of the training crops, in pixels.
        learning_rate: Adam's rate.

    Example:
        >>> model = zoo.create("sharpener")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "sharpening"
    paper = "the tutorial"
    presets = {"small": {}, "tiny": {"width": 4, "depth": 1, "size": 16}}

    def __init__(
        self, width: int = 32, depth: int = 4, size: int = 64, learning_rate: float = 1e-3, name: str = "sharpener"
    ) -> None:
        super().__init__(name=name)
        self.width = width
        self.depth = depth
        self.size = size
        self.learning_rate = learning_rate
        self.sharpen = sharpening_network(width, depth)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        # How much each example is blurred is drawn with the batch, so that a resumed training draws the same.
        return {"image": Picture(self.size, scale=None), "blur": Uniform((1,), 0.5, 1.0)}

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("absolute",)

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        return {"picture": self.sharpen(blurred(batch), training=training)}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        return {"absolute": ops.mean(ops.abs(outputs["picture"] - batch["image"]), axis=(1, 2, 3))}

    @property
    def signature(self) -> Signature:
        return Signature.of([Photograph()], [Result()])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        return keras.Model(inputs, {"output_image": ops.clip(self.sharpen(inputs["image"]), 0.0, 1.0)}, name=self.name)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        soft = blurred(batch)
        return {"blurred": soft, "sharpened": ops.clip(self.sharpen(soft), 0.0, 1.0), "original": batch["image"]}


def blurred(batch: dict[str, Any]) -> Any:
    """The pictures, each as far on the way to its 5 x 5 means as its `blur` says."""
    image, blur = batch["image"], ops.reshape(batch["blur"], (-1, 1, 1, 1))
    return image + blur * (ops.average_pool(image, 5, strides=1, padding="same") - image)


def sharpening_network(width: int, depth: int) -> keras.Model:
    """`image` [N, H, W, 3] to an unclipped picture, at first the picture as it is."""
    image = layers.Input((None, None, 3), name="image")
    x = image
    for _ in range(depth):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model(image, layers.Add(dtype="float32")([image, x]), name="sharpen")
