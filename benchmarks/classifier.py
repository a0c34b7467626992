"""A small VGG learned from labels, as perceptual features: what `benchmarks.features` compares the shipped `compact` with.

Trained on Tiny ImageNet through the project's sources and batches by plain `fit`, stopped and resumed to the same step.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from zoo._schedules import warm_cosine
from zoo.common.files import replacing
from zoo.layers import ReflectionPadding2D
from zoo.specs import Label, Noisy, Picture, Spec
from zoo.training.batches import Batches
from zoo.training.sources import open_source

CLASSES = 200
BATCH = 64
BLOCKS = ((32, 2), (64, 2), (96, 2), (144, 2), (144, 1))  # channels and convolutions, as in VGG
STAGES = ((32, 2250), (48, 350))  # side of the crops and steps: small pictures first, which cost half
MAPS = tuple(f"relu{block}_{i}" for block, (_, count) in enumerate(BLOCKS, 1) for i in range(1, count + 1))
MEAN, SCALE = 0.45, 4.0


def classifier() -> keras.Model:
    """From pictures [N, H, W, 3] in [0, 1] to the logits of 200 classes; average pooling, as Gatys et al. recommend."""
    image = x = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(SCALE, -SCALE * MEAN)(x)
    for block, (channels, count) in enumerate(BLOCKS, 1):
        if block > 1:
            x = layers.AveragePooling2D(2)(x)
        for i in range(1, count + 1):
            x = layers.Conv2D(
                channels, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"conv{block}_{i}"
            )(x)
            x = layers.BatchNormalization(momentum=0.95, name=f"norm{block}_{i}")(x)
            x = layers.ReLU(name=f"relu{block}_{i}")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(CLASSES, dtype="float32", name="logits")(x), name="classifier")


def train(out: Path, data_dir: str, stages: tuple[tuple[int, int], ...] = STAGES, every: int = 200) -> keras.Model:
    """Trains into `out`/classifier.keras, kept every so many steps; goes on from there if it exists.

    The pictures have noise of up to 25 of 255, against filters that answer to grain and would paint it.
    """
    file, total = out / "classifier.keras", sum(steps for _, steps in stages)
    out.mkdir(parents=True, exist_ok=True)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        if file.exists():
            model = keras.models.load_model(file)
        else:
            model = classifier()
            model.compile(
                keras.optimizers.AdamW(warm_cosine(3e-3, total), weight_decay=0.03),
                keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
                metrics=["accuracy"],
            )
    finally:
        keras.mixed_precision.set_global_policy("float32")
    pictures, stop = open_source("tfds:tiny_imagenet", data_dir=data_dir), 0
    for side, steps in stages:
        stop += steps
        spec: dict[str, Spec] = {
            "image": Picture(side, scale=(0.5, 1.0)),
            "noisy": Noisy("image", side, 3, "gaussian", (0, 25)),
            "label": Label(CLASSES),
        }
        batches = Batches(spec, {"data": pictures}, BATCH)
        while (step := int(model.optimizer.iterations)) < stop:
            here = min(step + every, stop)
            data = batches.dataset(step, here).map(lambda batch: (batch["noisy"], keras.ops.one_hot(batch["label"], CLASSES)))
            logs = model.fit(data, verbose=0).history
            with replacing(file) as temporary:
                model.save(temporary)
            print(
                f"step {here} of {total}, {side} pixels: loss {logs['loss'][0]:.3f}, {logs['accuracy'][0]:.1%} right", flush=True
            )
    return model


def features(model: keras.Model, pictures: np.ndarray) -> keras.Model:
    """A trained classifier as plain convolutions, from `image` to all of `MAPS`; normalisation is folded in, edges are reflected.

    Every channel's mean over `pictures` [N, H, W, 3] is 1, as Gatys et al. scale VGG's; rare channels stay below that.
    """
    folded = {}
    for name in (name.removeprefix("relu") for name in MAPS):
        (kernel,), norm = model.get_layer(f"conv{name}").get_weights(), model.get_layer(f"norm{name}")
        gamma, beta, mean, variance = norm.get_weights()
        gain = gamma / np.sqrt(variance + norm.epsilon)
        folded[f"relu{name}"] = [kernel * gain, beta - mean * gain]
    kernel, bias = folded[MAPS[0]]
    folded[MAPS[0]] = [SCALE * kernel, bias - SCALE * MEAN * kernel.sum((0, 1, 2))]
    network, before = convolutions(folded), np.ones(3, np.float32)
    for name, maps in network(pictures).items():
        means = np.asarray(maps).mean((0, 1, 2))
        means = np.maximum(means, means.mean() / 10)
        kernel, bias = folded[name]
        folded[name] = [kernel * before[:, None] / means, bias / means]
        before = means
    return convolutions(folded)


def convolutions(weights: dict[str, list[np.ndarray]]) -> keras.Model:
    """From `image`, any height and width of at least 32, to the maps by name; `weights`: kernel and bias by map."""
    image = x = keras.Input((None, None, 3), name="image")
    maps: dict[str, keras.KerasTensor] = {}
    for name, (kernel, _) in weights.items():
        if name.endswith("_1") and maps:
            x = layers.AveragePooling2D(2)(x)
        maps[name] = x = layers.Conv2D(kernel.shape[-1], 3, activation="relu", name=name)(ReflectionPadding2D(1)(x))
    network = keras.Model(image, maps, name="classifier_features")
    for name, values in weights.items():
        network.get_layer(name).set_weights(values)
    network.trainable = False
    return network


def accuracy(model: keras.Model, data_dir: str) -> float:
    """Share of the 2,000 validation pictures whose class the classifier names."""
    batches = validation(data_dir)
    right = [np.asarray(model(batch["image"])).argmax(-1) == batch["label"] for batch in map(batches, range(20))]
    return float(np.mean(right))


def validation(data_dir: str) -> Batches:
    """The validation pictures whole, a hundred a batch."""
    spec: dict[str, Spec] = {"image": Picture(64, scale=(1.0, 1.0), flip=False), "label": Label(CLASSES)}
    return Batches(spec, {"data": open_source("tfds:tiny_imagenet:validation", data_dir=data_dir)}, 100)
