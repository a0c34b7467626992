"""The variational autoencoder."""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo._base import DEFAULT_SIGNATURE, ImageModel
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.losses.kl import kl_to_standard_normal
from zoo.roles import Latent, Photograph, Result, Signature, Values
from zoo.specs import Normal, Picture

LIKELIHOODS = ("bernoulli", "gaussian")


@register("vae")
class VAE(ImageModel):
    """Auto-encoding variational Bayes (Kingma and Welling 2014, https://arxiv.org/abs/1312.6114), with residual convolutions.

    Deployed: the decoder, `latent` [batch, latent] to `output_image` [batch, size, size, channels] in [0, 1], the mean of the
    likelihood; and the encoder, `image` to `mean` and `log_variance`, both [batch, latent]. `deploy` says which. A SavedModel
    holds both, the encoder as the signature "encode"; a LiteRT or ONNX file holds one.

    Args:
        size: side of the pictures, a multiple of 4; it is halved twice, and on while it is even and above 8.
        channels: 1 for gray, 3 for RGB.
        latent: length of a latent.
        width: channels at half the resolution; twice as many at every halving more.
        blocks: residual blocks at every resolution.
        likelihood: "bernoulli" (black and white pictures, or gray as probabilities) or "gaussian", of one learned deviation.
        beta: weight of the divergence from the prior; 1 is the variational bound (Higgins et al. 2017 take more).
        binarize: whether every picture is drawn black and white, each pixel white with the probability its value is, once for
            the picture (the fixed binarisation of Salakhutdinov and Murray 2008).
        flip: whether pictures are mirrored at random; not for digits.
        deploy: "both", "decoder" or "encoder".
        learning_rate: Adam's highest rate.

    Raises:
        ValueError: no such likelihood, or a size that is no multiple of 4.

    Example:
        >>> model = zoo.create("vae", preset="mnist")
        >>> model.compile()
        >>> model.fit(dataset)
        >>> model.log_likelihood(pictures).mean()
    """

    task = "generation"
    paper = "Kingma and Welling 2014"
    recommended_batch_size = 64
    deployment_settings = ("deploy",)
    presets = {
        "mnist": {},
        "mnist_binary": {"binarize": True},
        "cifar10": {"size": 32, "channels": 3, "latent": 128, "width": 48, "likelihood": "gaussian", "flip": True},
        "tiny": {"size": 16, "latent": 4, "width": 4},
    }

    def __init__(
        self,
        size: int = 28,
        channels: int = 1,
        latent: int = 32,
        width: int = 32,
        blocks: int = 1,
        likelihood: str = "bernoulli",
        beta: float = 1.0,
        binarize: bool = False,
        flip: bool = False,
        deploy: str = "both",
        learning_rate: float = 1e-3,
        name: str = "vae",
    ) -> None:
        super().__init__(name=name)
        if size < 4 or size % 4:
            raise ValueError(f"vae takes sizes that are multiples of 4, not {size}; take {max(4, round(size / 4) * 4)}")
        self.size = size
        self.channels = channels
        self.latent = latent
        self.width = width
        self.blocks = blocks
        self.likelihood = choose("likelihood", likelihood, LIKELIHOODS)
        self.beta = beta
        self.binarize = binarize
        self.flip = flip
        self.deploy = choose("part to deploy", deploy, ("both", "decoder", "encoder"))
        self.learning_rate = learning_rate
        self.encoder = encoder_network(size, channels, latent, width, blocks)
        self.decoder = decoder_network(size, channels, latent, width, blocks)
        if likelihood == "gaussian":
            self.log_deviation = self.add_weight(shape=(), initializer="zeros", name="log_deviation")
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {
            "image": Picture(self.size, self.channels, scale=(1.0, 1.0), flip=self.flip, binarize=self.binarize),
            "noise": Normal((self.latent,)),
        }

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("reconstruction", "divergence")

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam; over a known number of steps the rate warms up and falls to a hundredth by a cosine."""
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        code = self.encoder(batch["image"], training=training)
        latent = reparametrize(code, batch["noise"])
        return {**code, "picture": self.decoder(latent, training=training)}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        return {
            "reconstruction": -self._log_likelihood_of(batch["image"], outputs["picture"]),
            "divergence": self.beta * kl_to_standard_normal(outputs["mean"], outputs["log_variance"]),
        }

    def _log_likelihood_of(self, image: Any, logits: Any) -> Any:
        """log p(image | latent) in nats: float32 [N]; for pixels in [0, 1] as they are, without dequantisation."""
        image, logits = ops.cast(image, "float32"), ops.cast(logits, "float32")
        if self.likelihood == "bernoulli":
            pixels = image * logits - ops.softplus(logits)
        else:
            # Flat pictures would drive the deviation to nothing; half a step of 8 bits is as fine as a pixel is known.
            log_deviation = ops.maximum(self.log_deviation, math.log(0.5 / 255))
            distance = (image - ops.sigmoid(logits)) * ops.exp(-log_deviation)
            pixels = -0.5 * ops.square(distance) - log_deviation - 0.5 * math.log(2 * math.pi)
        return ops.sum(pixels, axis=(1, 2, 3))

    def log_likelihood(self, images: Any, samples: int = 200, seed: int = 0, batch_size: int = 500) -> np.ndarray:
        """log p(image) in nats by importance sampling from the encoder's posterior: float32 [N].

        A lower bound in expectation that tightens with `samples` (Burda et al. 2016, https://arxiv.org/abs/1509.00519).

        Args:
            images: float [N, size, size, channels] in [0, 1]; for a Bernoulli likelihood 0 or 1.
            samples: latents drawn for a picture.
            seed: of the latents.
            batch_size: latents at a time; the memory that is needed depends on it alone.
        """
        random = np.random.default_rng(seed)
        results = []
        for start in range(0, len(images), batch_size):
            part = ops.convert_to_tensor(images[start : start + batch_size], "float32")
            code = self.encoder(part, training=False)
            together = max(1, batch_size // len(part))
            total = np.full((1, len(part)), -np.inf, np.float32)
            for done in range(0, samples, together):
                shape = (min(together, samples - done), len(part), self.latent)
                weights = self._importance(part, code, random.standard_normal(shape, np.float32))
                total = np.logaddexp.reduce([*total, *ops.convert_to_numpy(weights)], axis=0, keepdims=True)
            results.append(total[0] - np.log(samples, dtype=np.float32))
        return np.concatenate(results)

    def _importance(self, image: Any, code: dict[str, Any], noise: Any) -> Any:
        """log p(image, latent) - log q(latent | image) of the latents that `noise` [S, N, latent] stands for: float32 [S, N]."""
        draws, count, _ = noise.shape
        latent = reparametrize(code, noise)
        prior_over_posterior = 0.5 * ops.sum(ops.square(noise) + code["log_variance"] - ops.square(latent), axis=-1)
        logits = self.decoder(ops.reshape(latent, (-1, self.latent)), training=False)
        values = self._log_likelihood_of(ops.tile(image, (draws, 1, 1, 1)), logits)
        return ops.reshape(values, (draws, count)) + prior_over_posterior

    def figures(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {"negative_log_likelihood": -self.log_likelihood(batch["image"])}

    def sample(self, latent: Any) -> Any:
        """Pictures of latents [N, latent], standard normal for samples of the model: [N, size, size, channels] in [0, 1]."""
        return ops.sigmoid(self.decoder(latent, training=False))

    def reconstruct(self, images: Any) -> Any:
        """What the decoder makes of the pictures' mean latents: like `images`."""
        return self.sample(self.encoder(images, training=False)["mean"])

    def interpolate(self, first: Any, second: Any, steps: int = 8) -> Any:
        """Pictures on the way from `first` to `second`, both [N, ...], in equal steps of the latent: [N, steps, ...]."""
        start, end = (self.encoder(images, training=False)["mean"][:, None] for images in (first, second))
        share = ops.linspace(0.0, 1.0, steps)[None, :, None]
        pictures = self.sample(ops.reshape(start + share * (end - start), (-1, self.latent)))
        return ops.reshape(pictures, (-1, steps, *pictures.shape[1:]))

    def inference_model(self) -> keras.Model:
        return self.inference_models()["serving_default"]

    def inference_models(self) -> dict[str, keras.Model]:
        decoded, encoded = self.deployed_inputs(self._decoding), self.deployed_inputs(self._encoding)
        picture = layers.Activation("sigmoid", dtype="float32")(self.decoder(decoded["latent"]))
        decode = keras.Model(decoded, {"output_image": picture}, name=self.name)
        encode = keras.Model(encoded, self.encoder(encoded["image"]), name=f"{self.name}_encoder")
        return self._chosen(decode, encode)

    @property
    def signature(self) -> Signature:
        return self.signatures[DEFAULT_SIGNATURE]

    @property
    def signatures(self) -> dict[str, Signature]:
        return self._chosen(self._decoding, self._encoding)

    @property
    def _decoding(self) -> Signature:
        return Signature.of([Latent(length=self.latent)], [Result(channels=self.channels, size=(self.size, self.size))])

    @property
    def _encoding(self) -> Signature:
        picture = Photograph(channels=self.channels, size=(self.size, self.size))
        return Signature.of([picture], [Values(name=name, axes=(self.latent,)) for name in ("mean", "log_variance")])

    def _chosen(self, decode: Any, encode: Any) -> dict[str, Any]:
        """What `deploy` asks for, by signature name."""
        if self.deploy == "encoder":
            return {DEFAULT_SIGNATURE: encode}
        return {DEFAULT_SIGNATURE: decode} | ({"encode": encode} if self.deploy == "both" else {})

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {
            "picture": batch["image"],
            "reconstruction": self.reconstruct(batch["image"]),
            "generated": self.sample(batch["noise"]),
        }


def reparametrize(code: dict[str, Any], noise: Any) -> Any:
    """The latent that standard normal `noise` [N, latent] stands for under the posterior."""
    return code["mean"] + ops.exp(0.5 * code["log_variance"]) * ops.cast(noise, "float32")


def halvings(size: int) -> int:
    levels = 2
    while size >> levels > 8 and (size >> levels) % 2 == 0:
        levels += 1
    return levels


def residual(x: Any, blocks: int) -> Any:
    """Blocks that begin as the identity: it trains from the first step without normalisation."""
    for _ in range(blocks):
        y = layers.Conv2D(x.shape[-1], 3, padding="same", kernel_initializer="he_normal")(layers.Activation("silu")(x))
        y = layers.Conv2D(x.shape[-1], 3, padding="same", kernel_initializer="zeros")(layers.Activation("silu")(y))
        x = layers.Add()([x, y])
    return x


def encoder_network(size: int, channels: int, latent: int, width: int, blocks: int) -> keras.Model:
    """A picture in [0, 1] to `mean` and `log_variance` of its latent."""
    image = layers.Input((size, size, channels), name="image")
    x = layers.Rescaling(2.0, -1.0)(image)
    for level in range(halvings(size)):
        x = layers.Conv2D(width << level, 4 if level else 5, 2, "same", kernel_initializer="he_normal")(x)
        x = residual(x, blocks)
        x = layers.Activation("silu")(x)
    x = layers.Dense(8 * width, activation="silu", kernel_initializer="he_normal")(layers.Flatten()(x))
    code = {name: layers.Dense(latent, dtype="float32", name=name)(x) for name in ("mean", "log_variance")}
    return keras.Model(image, code, name="encoder")


def decoder_network(size: int, channels: int, latent: int, width: int, blocks: int) -> keras.Model:
    """A latent to the logits of a picture."""
    levels = halvings(size)
    side = size >> levels
    inputs = layers.Input((latent,), name="latent")
    x = layers.Dense(8 * width, activation="silu", kernel_initializer="he_normal")(inputs)
    x = layers.Reshape((side, side, -1))(layers.Dense(side * side * width << (levels - 1))(x))
    for level in reversed(range(levels)):
        x = layers.Activation("silu")(residual(x, blocks))
        x = layers.Conv2DTranspose(width << max(level - 1, 0), 4, 2, "same", kernel_initializer="he_normal")(x)
    x = layers.Conv2D(channels, 3, padding="same", dtype="float32")(layers.Activation("silu")(x))
    return keras.Model(inputs, x, name="decoder")
