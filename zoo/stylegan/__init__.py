"""StyleGAN2: a latent that becomes styles, and a generator made of modulated convolutions."""

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo._adversarial import adaptive_augmentation, augmentation_spec, shown
from zoo._base import ImageModel
from zoo._registry import choose, register
from zoo.layers import Truncation
from zoo.losses.adversarial import NonSaturating, judge
from zoo.losses.gradient_penalty import path_lengths, squared_gradient
from zoo.roles import Latent, Result, Share, Signature
from zoo.specs import Normal, Picture, Uniform
from zoo.stylegan.networks import discriminator_network, mapping_network, synthesis_network

# Ninths of the layers.
STYLES = {"coarse": (0, 2), "middle": (2, 4), "fine": (4, 9)}
SIZES = tuple(2**power for power in range(3, 11))


@register("stylegan")
class StyleGAN(ImageModel):
    """Analyzing and improving the image quality of StyleGAN (Karras et al. 2020, https://arxiv.org/abs/1912.04958).

    StyleGAN2 in its configuration F: skip generator, residual discriminator, lazy regularisation. The penalties join the one
    loss of their step, where the paper takes extra steps for them, so that its correction of Adam's rates falls away. The
    generator's moving average is the training's (`zoo train --ema 0.998`; the paper halves over 10,000 pictures).

    Deployed inputs: `latent` [batch, latent], standard normal; `truncation` [batch], 1 for full variety, 0 for the mean picture,
    0.7 is usual. The noise of the details is fixed. Output: `output_image` [batch, size, size, channels] in [0, 1].

    Args:
        size: side of the pictures, a power of two from 8 to 1024.
        channels: 1 for gray, 3 for RGB.
        latent: length of a latent, before and after mapping.
        mapping_layers: how many layers map a latent to the space of styles.
        mapping_rate: their learning rate relative to the others.
        width: a resolution has `width` / resolution channels, ...
        maximum_width: ... but no more than this.
        residual: whether the discriminator has residual blocks.
        group: pictures whose deviation the discriminator sees together; divides the batch of every replica.
        r1: gamma of the R1 penalty on real pictures.
        r1_every: steps between two R1 penalties.
        path_length: weight of the path-length penalty; 0 leaves it out.
        path_every: steps between two path-length penalties, which take every second latent of the batch.
        style_mixing: share of pictures made from two latents, the second from a random layer on; 0 leaves it out.
        flip: whether pictures are mirrored at random; not for digits.
        augmentation_target: how far the discriminator may lean to "real" on real pictures before they are augmented (adaptive
            discriminator augmentation, for small data sets; 0.6 is usual); 0 leaves it out.
        learning_rate: Adam's rate, for both players.

    Raises:
        ValueError: the size is no power of two from 8 to 1024.

    Example:
        >>> model = zoo.create("stylegan", preset="cifar10")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "generation"
    paper = "Karras et al. 2020"
    recommended_batch_size = 32
    mixes_styles = True
    presets = {
        "karras": {},
        "paper256": {"size": 256, "width": 16384, "group": 8, "r1": 1.0, "learning_rate": 2.5e-3},
        # Karras et al. 2020, https://arxiv.org/abs/2006.06676, appendix D; its average halves over 500,000 pictures.
        "cifar10": {
            **{"size": 32, "mapping_layers": 2, "residual": False, "group": 32, "r1": 0.01},
            **{"path_length": 0.0, "style_mixing": 0.0, "learning_rate": 2.5e-3},
        },
        # For hours on a processor, not days on a graphics card.
        "small": {
            **{"size": 32, "latent": 128, "mapping_layers": 2, "width": 1024, "maximum_width": 128, "group": 8, "r1": 1.0},
            **{"path_length": 0.0, "style_mixing": 0.0, "learning_rate": 2.5e-3},
        },
        "tiny": {"size": 16, "latent": 8, "mapping_layers": 1, "width": 64, "maximum_width": 8, "group": 2, "path_every": 1},
    }

    def __init__(
        self,
        size: int = 1024,
        channels: int = 3,
        latent: int = 512,
        mapping_layers: int = 8,
        mapping_rate: float = 0.01,
        width: int = 32768,
        maximum_width: int = 512,
        residual: bool = True,
        group: int = 4,
        r1: float = 10.0,
        r1_every: int = 16,
        path_length: float = 2.0,
        path_every: int = 4,
        style_mixing: float = 0.9,
        flip: bool = True,
        augmentation_target: float = 0.0,
        learning_rate: float = 2e-3,
        name: str = "stylegan",
    ) -> None:
        super().__init__(name=name)
        if size not in SIZES:
            near = min(SIZES, key=lambda allowed: abs(allowed - size))
            raise ValueError(f"stylegan takes sizes that are powers of two from 8 to 1024, not {size}; take {near}")
        self.size = size
        self.channels = channels
        self.latent = latent
        self.mapping_layers = mapping_layers
        self.mapping_rate = mapping_rate
        self.width = width
        self.maximum_width = maximum_width
        self.residual = residual
        self.group = group
        self.r1 = r1
        self.r1_every = r1_every
        self.path_length = path_length
        self.path_every = path_every
        self.style_mixing = style_mixing
        self.flip = flip
        self.augmentation_target = augmentation_target
        self.augmentation = adaptive_augmentation(augmentation_target)
        self.learning_rate = learning_rate
        widths = {side: max(1, min(width // side, maximum_width)) for side in (4, *SIZES) if side <= size}
        self.mapping = mapping_network(latent, mapping_layers, mapping_rate)
        self.synthesis = synthesis_network(widths, channels, latent)
        self.discriminator = discriminator_network(widths, channels, residual, group)
        self.truncation = Truncation(name="toward_mean")
        self.truncation.build(((None, latent), (None,)))
        options = {"trainable": False, "autocast": False, "aggregation": "mean"}
        self.mean_length = self.add_weight(shape=(), initializer="zeros", name="mean_length", **options)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "image": Picture(self.size, self.channels, scale=(1.0, 1.0), flip=self.flip),
            "latent": Normal((self.latent,)),
            "noise": Normal(self.synthesis.input["noise"].shape[1:]),
            **augmentation_spec(self.augmentation),
        }
        if self.style_mixing:
            spec |= {"second_latent": Normal((self.latent,)), "mixing": Uniform((2,))}
        if self.path_length:
            spec["direction"] = Normal((self.size, self.size, self.channels))
        return spec

    @property
    def loss_names(self) -> tuple[str, ...]:
        path = ("path_length",) if self.path_length else ()
        return ("discriminator_real", "discriminator_fake", "generator", "r1", *path)

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """The paper's Adam, without momentum."""
        return keras.optimizers.Adam(self.learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8)

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        latents = self.mix(batch)
        if training:
            self.truncation.update(latents[:, 0])
        fake = self.synthesis({"latents": latents, "noise": batch["noise"]}, training=training)
        real, fake = shown(self.augmentation, batch, batch["image"], fake)
        outputs = {"latents": latents, **judge(self.discriminator, real, fake, training)}
        if training and self.augmentation:
            self.augmentation.update(outputs["real"])
        return outputs

    def mix(self, batch: dict[str, Any]) -> Any:
        """Mapped latents [N, L, latent], one a layer: those of `latent`, or of `second_latent` from a random layer on."""
        first = self._at_every_layer(self.mapping(batch["latent"]))
        if not self.style_mixing:
            return first
        count, second = first.shape[1], self.mapping(batch["second_latent"])[:, None]
        share, place = (ops.cast(batch["mixing"][:, column], "float32") for column in (0, 1))
        crossover = ops.where(share < self.style_mixing, 1 + ops.floor(place * (count - 1)), float(count))
        return ops.where(ops.arange(count, dtype="float32")[None, :, None] < crossover[:, None, None], first, second)

    def _at_every_layer(self, latent: Any) -> Any:
        return ops.repeat(latent[:, None], self.synthesis.input["latents"].shape[1], axis=1)

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        objective = NonSaturating()
        terms = {
            "discriminator_real": objective.real(outputs["real"]),
            "discriminator_fake": objective.fake(outputs["fake"]),
            "generator": objective.generator(outputs["fooled"]),
            "r1": self._r1_penalty(batch),
        }
        if self.path_length:
            terms["path_length"] = self._path_length_penalty(batch, outputs["latents"])
        return terms

    def _due(self, every: int) -> Any:
        return self.updates % every == 0

    def _r1_penalty(self, batch: dict[str, Any]) -> Any:
        # The paper's pictures lie in [-1, 1]: a gradient with respect to them is half of ours.
        weight = self.r1 / 2 * self.r1_every / 4
        return ops.cond(
            self._due(self.r1_every),
            lambda: (
                weight
                * squared_gradient(lambda image: self.discriminator(*shown(self.augmentation, batch, image)), batch["image"])
            ),
            lambda: ops.zeros((ops.shape(batch["image"])[0],)),
        )

    def _path_length_penalty(self, batch: dict[str, Any], latents: Any) -> Any:
        # Every second example, not the first half: the same ones however many replicas share the batch.
        latents, noise = latents[::2], batch["noise"][::2]
        # Per pixel of a picture in [-1, 1], as in the paper.
        direction = batch["direction"][::2] * (2 / self.size)
        due = self._due(self.path_every)
        lengths = ops.cond(
            due,
            lambda: path_lengths(lambda w: self.synthesis({"latents": w, "noise": noise}), latents, direction),
            lambda: ops.zeros((ops.shape(latents)[0],)),
        )
        # Against the mean before this step, which is the same on every replica, unlike that of its own part of the batch.
        penalty = ops.where(due, self.path_length * self.path_every * ops.square(lengths - self.mean_length), 0.0)
        step = 0.01 * (ops.mean(ops.stop_gradient(lengths)) - self.mean_length)
        self.mean_length.assign_add(ops.where(due, step, 0.0))
        return penalty

    @property
    def signature(self) -> Signature:
        truncation = Share(name="truncation", meaning="1 for all that the model knows; towards 0 safer, and more alike")
        picture = Result(channels=self.channels, size=(self.size, self.size))
        return Signature.of([Latent(length=self.latent), truncation], [picture])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        picture = self._picture(self._truncated(inputs["latent"], inputs["truncation"]))
        return keras.Model(inputs, {"output_image": picture}, name=self.name)

    def _truncated(self, latent: Any, truncation: Any) -> Any:
        return self._at_every_layer(self.truncation([self.mapping(latent), truncation]))

    def _picture(self, latents: Any) -> Any:
        """With the noise that is deployed: one and the same for all pictures."""
        fixed = np.random.default_rng(0).standard_normal((1, self.synthesis.input["noise"].shape[1]), np.float32)
        noise = ops.zeros_like(latents[:, 0, :1]) + fixed
        return ops.clip(self.synthesis({"latents": latents, "noise": noise}), 0.0, 1.0)

    def mix_styles(self, first: Any, second: Any, styles: str, truncation: float = 1.0) -> Any:
        """Pictures of latents `first` with some of the styles of latents `second`, both [N, latent]: [N, size, size, channels].

        Args:
            styles: "coarse" (the first 2 of 9 layers: pose and shape), "middle" (the next 2) or "fine" (the rest: colours); of
                a picture of 1024 pixels these are the resolutions 4 to 8, 16 to 32, and 64 to 1024.
            truncation: as deployed.
        """
        start, end = STYLES[choose("styles", styles, STYLES)]
        truncations = ops.full((len(first),), truncation)
        latents, others = (self._truncated(ops.convert_to_tensor(part), truncations) for part in (first, second))
        place = (ops.arange(latents.shape[1], dtype="float32") + 0.5) / latents.shape[1] * 9
        copied = ops.logical_and(place > start, place < end)[None, :, None]
        return self._picture(ops.where(copied, others, latents))

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        mapped, noise = self.mapping(batch["latent"]), ops.convert_to_tensor(batch["noise"])

        def generate(truncation: float) -> Any:
            latent = self.truncation([mapped, ops.full(ops.shape(mapped)[:1], truncation)])
            inputs = {"latents": self._at_every_layer(latent), "noise": noise}
            return ops.clip(self.synthesis(inputs, training=False), 0.0, 1.0)

        return {"picture": batch["image"], "generated": generate(1.0), "truncated to 0.7": generate(0.7)}
