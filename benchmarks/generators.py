"""Generators side by side: distances to the test set in one feature network, and whether pictures show the class asked for.

    python -m benchmarks.generators --train tfds:mnist --test tfds:mnist:test --data-dir ../shared/data/tfds \
        --out runs/generators vae=runs/vae gan=runs/gan dcgan=runs/dcgan cgan=runs/cgan

Every model makes as many pictures as there are in the test set (or -n), seed 0, no truncation, labels in turn. Real and generated
pictures are compared at the size they have, brought to that of the compact features; the row `training set` is what real pictures
get. `labels` is the share of pictures whose label a small classifier agrees with (of the test set's, in that row); it is trained
on the training set, within a few minutes on two cores, and kept in --out. Figures compare only within one table.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 100
EPOCHS = 3
COLUMNS = ("Frechet", "kernel x 1000", "precision", "recall", "diversity", "labels")


def pictures_of(source: Any, count: int) -> np.ndarray:
    """The first pictures of a source of equal sizes: uint8 [N, H, W, 3]."""
    return np.stack([source.picture(index) for index in range(count)])


def classifier(file: Path, source: Any, epochs: int) -> Any:
    """A small network from pictures [N, H, W, 3] in [0, 1] to the scores of classes; read from `file`, or trained into it."""
    import keras
    from keras import layers

    if file.exists():
        return keras.saving.load_model(file)
    pictures, labels = pictures_of(source, len(source)), source.labels
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input(pictures.shape[1:]), layers.Rescaling(2.0, -1.0)])
    for width, stride in ((24, 1), (48, 2), (48, 1), (96, 2), (96, 1)):
        network.add(layers.Conv2D(width, 3, stride, "same", use_bias=False))
        network.add(layers.BatchNormalization(momentum=0.9))
        network.add(layers.ReLU())
    network.add(layers.GlobalAveragePooling2D())
    network.add(layers.Dense(int(labels.max()) + 1))
    steps = epochs * (len(pictures) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps * 4 // 5, warmup_target=4e-3, warmup_steps=steps // 5)
    network.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    order = np.random.default_rng(0)

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        while True:
            for rows in np.array_split(
                order.permutation(len(pictures))[: len(pictures) // BATCH * BATCH], len(pictures) // BATCH
            ):
                yield pictures[rows] / np.float32(255), labels[rows]

    network.fit(batches(), steps_per_epoch=steps, verbose=0)
    network.save(file)
    return network


def agreement(network: Any, pictures: np.ndarray, labels: np.ndarray) -> float:
    """The share of pictures, float [N, H, W, 1 or 3] in [0, 1], that the classifier gives their label."""
    from keras import ops

    shape = network.input_shape[1:]
    right = 0
    for start in range(0, len(pictures), BATCH):
        part = ops.convert_to_tensor(np.broadcast_to(x := pictures[start : start + BATCH], (*x.shape[:3], shape[-1])))
        if part.shape[1:3] != shape[:2]:
            part = ops.image.resize(part, shape[:2], interpolation="bilinear", antialias=True)
        scores = ops.convert_to_numpy(network(part, training=False))
        right += int((scores.argmax(axis=-1) == labels[start : start + BATCH]).sum())
    return right / len(pictures)


def features_of(batches: Iterator[Any], extract: Any) -> Any:
    from training.metrics import Features

    features = Features()
    for pictures in batches:
        features.update(extract(pictures))
    return features


def parts(pictures: np.ndarray) -> Iterator[np.ndarray]:
    return (pictures[start : start + BATCH] / np.float32(255) for start in range(0, len(pictures), BATCH))


def row(name: str, figures: dict[str, float], labels: float | None) -> str:
    cells = [figures["frechet_distance"], 1000 * figures["kernel_distance"], *list(figures.values())[2:]]
    text = "".join(f"{value:15.3f}" for value in cells)
    return f"{name:20}{text}" + (f"{100 * labels:13.1f} %" if labels is not None else f"{'':15}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generators", description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", metavar="NAME=WEIGHTS", help="a run directory or a .keras file")
    parser.add_argument("--train", default="tfds:mnist", help="source of the pictures that the models were trained on")
    parser.add_argument("--test", default="tfds:mnist:test", help="source of others of their kind")
    parser.add_argument("--data-dir", help="where the data sets of tfds: lie")
    parser.add_argument("--out", type=Path, default=Path("runs/generators"), help="folder for the classifier")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the classifier")
    parser.add_argument("-n", type=int, default=10_000, help="pictures on either side, no more than the test set has")
    given = parser.parse_args()

    import zoo
    from training.evaluate import generated
    from training.metrics import compare, extractor
    from training.sources import open_source

    files = {name: Path(file) for name, _, file in (model.partition("=") for model in given.models)}
    models = {name: zoo.load(str(file / "model.keras" if file.is_dir() else file)) for name, file in files.items()}
    train, test = (open_source(text, data_dir=given.data_dir) for text in (given.train, given.test))
    count = min(given.n, len(test), len(train))
    given.out.mkdir(parents=True, exist_ok=True)
    extract = extractor()
    pictures = pictures_of(test, count)
    real = features_of(parts(pictures), extract)
    judge = None
    if any(hasattr(model, "classes") for model in models.values()):
        judge = classifier(given.out / f"classifier-{train.fingerprint()[:8]}-{given.epochs}.keras", train, given.epochs)
    print(f"{count} pictures of {given.test} and of each model\n\n{'':20}" + "".join(f"{column:>15}" for column in COLUMNS))
    known = features_of(parts(pictures_of(train, count)), extract)
    accuracy = None if judge is None else agreement(judge, pictures / np.float32(255), test.labels[:count])
    print(row("training set", compare(real, known), accuracy), flush=True)
    for name, model in models.items():
        made = np.concatenate([np.asarray(part) for part in generated(model, count)])
        fake = features_of((made[start : start + BATCH] for start in range(0, count, BATCH)), extract)
        labelled = None
        if judge is not None and hasattr(model, "classes"):
            labelled = agreement(judge, made, np.arange(count) % model.classes)
        print(row(name, compare(real, fake), labelled), flush=True)


if __name__ == "__main__":
    main()
