"""How good a trained model is, by the figures that are usual for what it does."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from zoo.common.similarity import psnr, ssim
from zoo.roles import Choice, Latent, Result, Role, Share, Weights
from zoo.training.batches import Batches
from zoo.training.metrics import Extractor, Features, compare
from zoo.training.source import Source

GENERATOR_BATCH = 64


def evaluate(
    model: Any,
    sources: Mapping[str, Source],
    *,
    count: int = 1000,
    batch_size: int = 8,
    seed: int = 0,
    extract: Extractor | None = None,
) -> dict[str, float]:
    """Means over `count` examples of the sources, by name; which figures there are is decided by what the model can do.

    Every model gives the terms of its objective. One that restores pictures adds `psnr` (decibels; in the hole, where there is a
    mask) and `ssim`; one that makes pictures of latents adds Frechet and kernel distance, precision, recall and diversity of
    `count` of them against the real ones; a variational autoencoder adds its negative log-likelihood in nats.

    Args:
        model: an `ImageModel`, adapted to its pictures where it needs any.
        sources: source name -> its pictures, as for `Batches`; pictures are drawn as in training, without repetition while the
            source has enough.
        count: examples, rounded up to whole batches.
        batch_size: examples at a time.
        seed: of the crops, masks, noise and latents.
        extract: pictures to features, for generators; see `zoo.training.metrics.extractor`.

    Raises:
        ValueError: fewer than 4 examples for a generator, or a model that lacks the pictures it is configured with.

    Example:
        >>> evaluate(zoo.load("runs/digits"), {"data": open_source("tfds:mnist:test")}, extract=extractor())
        {'reconstruction': 62.1, 'divergence': 26.0, 'negative_log_likelihood': 84.9, 'frechet_distance': 1.8, ...}
    """
    if not hasattr(model, "_term_means"):
        model.compile()
    model.prepare()
    batches = Batches(model.batch_spec, sources, batch_size, seed)
    generator = makes_pictures(model)
    real, per_batch = Features(), []
    for step in range(-(-count // batch_size)):
        batch = batches(step)
        per_batch.append(_figures(model, batch, restores=not generator))
        if extract and generator:
            real.update(extract(batch["image"]))
    means = {name: float(np.mean(np.concatenate([figures[name] for figures in per_batch]))) for name in per_batch[0]}
    if not extract or not generator:
        return means
    return means | compare(real, _generated(model, real.moments.count, seed, extract))


def makes_pictures(model: Any) -> bool:
    """Whether it is deployed as a generator: a picture from a latent."""
    return model.deployable and model.signature.input(Latent) is not None


def _figures(model: Any, batch: dict[str, np.ndarray], restores: bool) -> dict[str, np.ndarray]:
    """Figures of one batch, by name, an array each; those of a picture restored where the model may restore any."""
    import keras

    batch = {name: keras.ops.convert_to_tensor(value) for name, value in batch.items()}
    outputs = model(batch, training=False)
    terms = {name: np.atleast_1d(keras.ops.convert_to_numpy(value)) for name, value in model.loss_terms(batch, outputs).items()}
    figures = {name: np.asarray(value) for name, value in model.figures(batch).items()}
    return terms | figures | (_restoration(model, batch) if restores else {})


def _restoration(model: Any, batch: dict[str, Any]) -> dict[str, np.ndarray]:
    """`psnr` and `ssim` where the model's samples end with its answer and the original."""
    import keras

    *_, (_, answers), (title, originals) = model.samples(batch).items()
    if title != "original":
        return {}
    pairs = list(zip(keras.ops.convert_to_numpy(answers), keras.ops.convert_to_numpy(originals), strict=True))
    masks = keras.ops.convert_to_numpy(batch["mask"]) if "mask" in batch else [None] * len(pairs)
    holes = [None if mask is None or not (mask > 0.5).any() else mask for mask in masks]
    decibels = [psnr(answer, original, hole) for (answer, original), hole in zip(pairs, holes, strict=True)]
    return {"psnr": np.array(decibels), "ssim": np.array([ssim(answer, original) for answer, original in pairs])}


def _generated(model: Any, count: int, seed: int, extract: Extractor) -> Features:
    features = Features()
    for pictures in generated(model, count, seed):
        features.update(extract(pictures))
    return features


def generated(model: Any, count: int, seed: int = 0) -> Iterator[Any]:
    """`count` pictures of a generator, a batch at a time: standard normal latents, labels in turn, no truncation."""
    network, signature = model.inference_model(), model.signature
    result = signature.output(Result).name
    random = np.random.default_rng(seed)
    for start in range(0, count, GENERATOR_BATCH):
        size = min(GENERATOR_BATCH, count - start)
        numbers = np.arange(start, start + size)
        inputs = {name: DRAWS[type(role)](role, numbers, random) for name, role in signature.inputs.items()}
        yield network(inputs, training=False)[result]


def _choice(role: Any, numbers: np.ndarray, random: np.random.Generator) -> np.ndarray:
    labels = numbers.astype(np.int32) % len(role.names)
    return np.eye(len(role.names), dtype=np.float32)[labels] if role.one_hot else labels


# What a generator is given for each role, by the numbers of the pictures to make.
DRAWS: Mapping[type[Role], Callable[[Any, np.ndarray, np.random.Generator], np.ndarray]] = {
    Latent: lambda role, numbers, random: random.standard_normal((len(numbers), role.length), np.float32),
    Choice: _choice,
    Share: lambda role, numbers, random: np.full(len(numbers), role.default, np.float32),
    Weights: lambda role, numbers, random: np.tile(np.array(role.default, np.float32), (len(numbers), 1)),
}
