"""Unpaired translation: photographs to a style and back, learned from two folders."""

from typing import Any

import keras
from keras import layers, ops

from zoo._base import ImageModel
from zoo._registry import choose, register
from zoo.layers import (
    CropLike,
    InstanceNormalization,
    NearestUpsampling2D,
    PadToMultiple,
    PicturePool,
    ReflectionPadding2D,
    ThinConv2D,
)
from zoo.losses.adversarial import LeastSquares, frozen_call
from zoo.roles import Photograph, Result, Signature
from zoo.specs import Picture, Uniform


@register("cyclegan")
class CycleGAN(ImageModel):
    """Unpaired image-to-image translation (Zhu et al. 2017, https://arxiv.org/abs/1703.10593).

    Two residual generators, `forward` from the pictures of the data to those of `target` and `backward`, and a 70x70 patch
    discriminator for each domain. Instance normalisation learns no scale and offset, as in the released code; generators
    upsample by nearest neighbours and a convolution, where that has transposed ones (as many weights, no checkerboard). Any
    height and width.

    Deployed input: `image` [batch, height, width, 3] in [0, 1], of the domain that `direction` starts from. Output:
    `output_image`, like `image`.

    Args:
        size: side of the training crops, in pixels.
        width: channels of the first convolution of every network.
        residual_blocks: how many residual blocks a generator has; the paper takes 6 at 128 pixels, 9 at 256.
        cycle_weight: weight of the cycle term: there and back is mean absolute 0 away, values taken in [-1, 1].
        identity_weight: weight of the identity term, as a share of `cycle_weight`; 0 leaves it out.
        pool_size: how many past pictures each discriminator is shown pictures from; 0 shows it the new ones.
        direction: which generator is deployed: "forward" or "backward".
        learning_rate: Adam's rate.

    Example:
        >>> model = zoo.create("cyclegan", preset="tiny")
        >>> model.compile()
        >>> model.fit(dataset)
        >>> model.direction = "backward"
        >>> network = model.inference_model()
    """

    task = "unpaired translation"
    paper = "Zhu et al. 2017"
    source_settings = ("target",)
    deployment_settings = ("direction",)
    presets = {
        "zhu": {},
        "zhu128": {"size": 128, "residual_blocks": 6},
        "tiny": {"size": 32, "width": 4, "residual_blocks": 1, "pool_size": 3},
    }

    def __init__(
        self,
        size: int = 256,
        width: int = 64,
        residual_blocks: int = 9,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        pool_size: int = 50,
        direction: str = "forward",
        learning_rate: float = 2e-4,
        name: str = "cyclegan",
    ) -> None:
        super().__init__(name=name)
        if size < 32:
            raise ValueError(f"size {size} leaves the discriminator no patch to judge: give 32 or more")
        self.size = size
        self.width = width
        self.residual_blocks = residual_blocks
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.pool_size = pool_size
        self.direction = direction
        self.learning_rate = learning_rate
        choose("direction", direction, ("forward", "backward"))
        self.forward = generator(width, residual_blocks, "forward")
        self.backward = generator(width, residual_blocks, "backward")
        self.judge_source = discriminator(width, "judge_source")
        self.judge_target = discriminator(width, "judge_target")
        if pool_size:
            self.pools = [PicturePool(pool_size, (size, size, 3), name=name) for name in ("past_source", "past_target")]
            for pool in self.pools:
                pool.build(None)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        share = (256 / 286, 256 / 286)  # the paper cuts 256 pixels from a picture of 286
        spec: dict[str, Any] = {
            "image": Picture(self.size, scale=share),
            "target": Picture(self.size, scale=share, source="target"),
        }
        if self.pool_size:
            spec["pool"] = Uniform((2, 2))  # for each of the two pools: show a past picture? which one?
        return spec

    @property
    def loss_names(self) -> tuple[str, ...]:
        names = ("discriminator_source", "discriminator_target", "generator_source", "generator_target", "cycle")
        return (*names, *(("identity",) if self.identity_weight else ()))

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam with momentum 0.5; over a known number of steps the rate falls to 0 by a line through the second half of them."""
        rate = LinearDecay(self.learning_rate, steps) if steps else self.learning_rate
        return keras.optimizers.Adam(rate, beta_1=0.5)

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        source, target = batch["image"], batch["target"]
        fake_target, fake_source = self.forward(source, training=training), self.backward(target, training=training)
        shown = [ops.stop_gradient(fake_source), ops.stop_gradient(fake_target)]
        if training and self.pool_size:
            shown = [pool([fake, batch["pool"][:, i]]) for i, (pool, fake) in enumerate(zip(self.pools, shown, strict=True))]
        outputs = {
            "fake_source": fake_source,
            "fake_target": fake_target,
            "cycle_source": self.backward(fake_target, training=training),
            "cycle_target": self.forward(fake_source, training=training),
            "real_source": self.judge_source(source, training=training),
            "real_target": self.judge_target(target, training=training),
            "shown_source": self.judge_source(shown[0], training=training),
            "shown_target": self.judge_target(shown[1], training=training),
            "fooled_source": frozen_call(self.judge_source, fake_source, training=training),
            "fooled_target": frozen_call(self.judge_target, fake_target, training=training),
        }
        if self.identity_weight:
            outputs["same_source"] = self.backward(source, training=training)
            outputs["same_target"] = self.forward(target, training=training)
        return outputs

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        objective, source, target = LeastSquares(), batch["image"], batch["target"]
        terms = {}
        for domain in ("source", "target"):
            # Halved, as published, to slow the discriminators down.
            terms[f"discriminator_{domain}"] = 0.5 * example_mean(
                objective.real(outputs[f"real_{domain}"]) + objective.fake(outputs[f"shown_{domain}"])
            )
            terms[f"generator_{domain}"] = example_mean(objective.generator(outputs[f"fooled_{domain}"]))
        cycle = distance(outputs["cycle_source"], source) + distance(outputs["cycle_target"], target)
        terms["cycle"] = self.cycle_weight * cycle
        if self.identity_weight:
            identity = distance(outputs["same_source"], source) + distance(outputs["same_target"], target)
            terms["identity"] = self.identity_weight * self.cycle_weight * identity
        return terms

    @property
    def signature(self) -> Signature:
        return Signature.of([Photograph()], [Result()])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        generators = {"forward": self.forward, "backward": self.backward}
        translated = generators[choose("direction", self.direction, generators)](inputs["image"])
        return keras.Model(inputs, {"output_image": ops.clip(translated, 0.0, 1.0)}, name=self.name)

    def deployable_networks(self) -> list[keras.Model]:
        return [self.forward, self.backward]

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        outputs = self(batch, training=False)
        return {
            "source": batch["image"],
            "source to target": outputs["fake_target"],
            "and back": outputs["cycle_source"],
            "target": batch["target"],
            "target to source": outputs["fake_source"],
        }


@keras.saving.register_keras_serializable("zoo")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """`rate` through the first half of `steps`, then down to 0 by a line."""

    def __init__(self, rate: float, steps: int) -> None:
        self.rate = rate
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        left = 2 - 2 * ops.cast(step, "float32") / self.steps
        return self.rate * ops.clip(left, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps}


def example_mean(scores: Any) -> Any:
    """The mean of [N, H, W, C] over everything but examples."""
    return ops.mean(scores, axis=(1, 2, 3))


def distance(picture: Any, original: Any) -> Any:
    """Mean absolute difference of pictures [N, H, W, 3], on the scale of [-1, 1]: [N]."""
    return 2 * example_mean(ops.abs(ops.cast(picture, "float32") - ops.cast(original, "float32")))


def generator(width: int, residual_blocks: int, name: str) -> keras.Model:
    """c7s1-64, d128, d256, R256 ..., u128, u64, c7s1-3, as the paper writes it: pictures [N, H, W, 3] in [0, 1] to the same."""

    def convolve(x: Any, filters: int, kernel: int, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, kernel, strides, use_bias=False, kernel_initializer=normal())(
            ReflectionPadding2D(kernel // 2)(x)
        )
        return InstanceNormalization(affine=False)(x)

    image = layers.Input((None, None, 3), name="image")
    x = PadToMultiple(4, minimum=16)(image)
    x = layers.Rescaling(2.0, -1.0)(x)
    x = layers.ReLU()(convolve(x, width, 7))
    x = layers.ReLU()(convolve(x, 2 * width, 3, strides=2))
    x = layers.ReLU()(convolve(x, 4 * width, 3, strides=2))
    for _ in range(residual_blocks):
        y = layers.ReLU()(convolve(x, 4 * width, 3))
        x = layers.Add()([x, convolve(y, 4 * width, 3)])
    x = layers.ReLU()(convolve(NearestUpsampling2D()(x), 2 * width, 3))
    x = layers.ReLU()(convolve(NearestUpsampling2D()(x), width, 3))
    x = ThinConv2D(3, 7, kernel_initializer=normal())(ReflectionPadding2D(3)(x))
    x = layers.Activation("tanh", dtype="float32")(x)
    x = layers.Rescaling(0.5, 0.5, dtype="float32")(x)
    return keras.Model(image, CropLike(dtype="float32")([x, image]), name=name)


def discriminator(width: int, name: str) -> keras.Model:
    """C64-C128-C256-C512 and a score for every patch of 70x70 pixels (Isola et al. 2017, https://arxiv.org/abs/1611.07004)."""
    image = layers.Input((None, None, 3), name="image")
    x = layers.Rescaling(2.0, -1.0)(image)
    for i, strides in enumerate((2, 2, 2, 1)):
        x = layers.Conv2D(2**i * width, 4, strides, use_bias=i == 0, kernel_initializer=normal())(layers.ZeroPadding2D(1)(x))
        x = layers.LeakyReLU(0.2)(InstanceNormalization(affine=False)(x) if i else x)
    x = layers.Conv2D(1, 4, kernel_initializer=normal())(layers.ZeroPadding2D(1)(x))
    return keras.Model(image, x, name=name)


def normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)
