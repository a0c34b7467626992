"""Generators side by side: distances to the test set in one feature network, and whether pictures show the class asked for.

    python -m benchmarks.generators mnist --data-dir ../shared/data/tfds
    python -m benchmarks.generators cifar10 --data-dir ../shared/data/tfds

measures the weights that ship for a data set, and runs that are named after them, and writes docs/generators.md, with a sheet
of pictures beside it; with --print it only prints the table. Every model makes as many pictures as there are in the test set
(or -n), seed 0, no truncation, labels in turn. Real and generated pictures are compared at the size they have, brought to
that of the compact features. `labels` is the share of pictures whose label a small classifier agrees with (of the test set's,
in the row `training set`); it is trained on the training set, within a few minutes on two cores, and kept in --out.
"""

import argparse
import functools
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 100
EPOCHS = 3
DOCS = Path(__file__).parents[1] / "docs"
SHOWN = 40  # pictures of each model in the sheet
DATA_SETS = {"mnist": "MNIST, 28 x 28, gray", "cifar10": "CIFAR-10, 32 x 32, colour"}
COLUMNS = ("Frechet", "kernel x 1000", "precision", "recall", "diversity", "labels", "training")
HEAD = """# Generators

Made by `python -m benchmarks.generators mnist --data-dir TFDS` and `python -m benchmarks.generators cifar10 --data-dir TFDS
runs/gan_cifar10 runs/vae_cifar10`, two runs by their recipes: every model makes as many pictures as the test set has (seed 0,
no truncation, labels in turn), which are compared with it in `compact` features. `training set` is what as many real pictures
get: no model can be expected to do better. Lower is better for the Frechet and the kernel distance; precision is the share of
the pictures that lie among real ones, recall the share of real ones that lie among the pictures; diversity is the variance
over that of real pictures; labels, how often a classifier of ours sees the class that was asked for. Figures compare only
within one table, and with no published ones, which are in the features of Inception.
"""


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
    from zoo.training.metrics import Features

    features = Features()
    for pictures in batches:
        features.update(extract(pictures))
    return features


def parts(pictures: np.ndarray) -> Iterator[np.ndarray]:
    return (pictures[start : start + BATCH] / np.float32(255) for start in range(0, len(pictures), BATCH))


@functools.cache
def frechet_distance(weights: str, data_dir: str, count: int) -> float:
    """Of so many pictures of a shipped weight, or of the training set ("training/mnist"), to as many of the test set."""
    import zoo
    from zoo.training import metrics
    from zoo.training.evaluate import generated

    family, _, data = weights.partition("/")
    real = moments_of(f"tfds:{data}:test", data_dir, count)
    if family == "training":
        return metrics.frechet_distance(real, moments_of(f"tfds:{data}", data_dir, count))
    fake = features_of(map(np.asarray, generated(zoo.load(weights), count)), metrics.extractor())
    return metrics.frechet_distance(real, fake.moments)


@functools.cache
def moments_of(source: str, data_dir: str, count: int) -> Any:
    """Of the features of a data set's first pictures."""
    from zoo.training.metrics import extractor
    from zoo.training.sources import open_source

    return features_of(parts(pictures_of(open_source(source, data_dir=data_dir), count)), extractor()).moments


def cells(figures: dict[str, Any]) -> list[str]:
    """A row of the table, without its name; what was not measured is empty."""
    labels = figures.get("labels")
    return [
        f"{figures['frechet_distance']:.3f}",
        f"{1000 * figures['kernel_distance']:.2f}",
        *(f"{figures[name]:.3f}" for name in ("precision", "recall", "diversity")),
        "" if labels is None else f"{100 * labels:.1f} %",
        figures.get("training", ""),
    ]


def table(rows: dict[str, dict[str, Any]]) -> str:
    lines = [["model", *COLUMNS], ["---"] + ["---:"] * 6 + ["---"], *([name, *cells(row)] for name, row in rows.items())]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def training_of(name: str) -> str:
    """What a shipped weight's recipe, or a run's record, says of its training: steps, batch and, of a recipe, the duration."""
    if Path(name).is_dir():
        record = json.loads((Path(name) / "config.json").read_text())
        return f"{record['run']['steps']:,} steps of {record['training']['batch_size']}"
    family, _, weight = name.partition("/")
    try:
        recipe = importlib.import_module(f"zoo.training.recipes.{family}_{weight}")
    except ModuleNotFoundError:
        return ""
    duration = re.search(r"Duration: ([^.]*)", recipe.__doc__ or "")
    settings = recipe.SETTINGS
    return f"{settings['steps']:,} steps of {settings['batch_size']}" + (f", {duration[1]}" if duration else "")


def write_document(name: str, rows: dict[str, dict[str, Any]], made: dict[str, np.ndarray]) -> None:
    """Puts the data set's rows and its sheet of pictures into docs/, beside those of the other data sets."""
    from PIL import Image

    from zoo.cli.sample import sheet
    from zoo.training.pictures import grid

    file = DOCS / "generators.json"
    all_rows = json.loads(file.read_text()) if file.exists() else {}
    all_rows = {key: rows if key == name else all_rows[key] for key in DATA_SETS if key == name or key in all_rows}
    file.write_text(json.dumps(all_rows, indent=2) + "\n")
    columns = {title: sheet(list(pictures[:SHOWN]), columns=5)[None] for title, pictures in made.items()}
    Image.fromarray(np.uint8(255 * grid(columns))).save(DOCS / "gallery" / f"generators_{name}.png", optimize=True)
    (DOCS / "generators.md").write_text(document(all_rows))


def document(all_rows: dict[str, dict[str, dict[str, Any]]]) -> str:
    """docs/generators.md out of docs/generators.json."""
    sheet = "![Pictures of every model, none chosen](gallery/generators_{}.png)"
    return HEAD + "".join(f"\n## {DATA_SETS[key]}\n\n{table(rows)}\n{sheet.format(key)}\n" for key, rows in all_rows.items())


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generators", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=list(DATA_SETS), help="the data set, of TensorFlow Datasets")
    parser.add_argument("runs", nargs="*", help="run directories to measure beside the weights that ship for it")
    parser.add_argument("--print", action="store_true", help="leave docs/ as it is")
    parser.add_argument("--data-dir", help="where the data sets of TensorFlow Datasets lie")
    parser.add_argument("--out", type=Path, default=Path("runs/generators"), help="folder for the classifier")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the classifier")
    parser.add_argument("-n", type=int, default=10_000, help="pictures on either side, no more than the test set has")
    arguments = parser.parse_intermixed_args()

    import zoo
    from zoo._shipped import shipped_weights
    from zoo.training.evaluate import generated
    from zoo.training.metrics import compare, extractor
    from zoo.training.sources import open_source

    sources = {name: name for name in shipped_weights() if name.endswith(f"/{arguments.data}")}
    sources |= {str(run): str(Path(run) / "model.keras") for run in arguments.runs}
    models = {name: zoo.load(file) for name, file in sources.items()}
    train, test = (open_source(f"tfds:{arguments.data}{split}", data_dir=arguments.data_dir) for split in ("", ":test"))
    count = min(arguments.n, len(test), len(train))
    arguments.out.mkdir(parents=True, exist_ok=True)
    extract = extractor()
    pictures = pictures_of(test, count)
    real = features_of(parts(pictures), extract)
    judge = None
    if any(hasattr(model, "classes") for model in models.values()):
        judge = classifier(
            arguments.out / f"classifier-{train.fingerprint()[:8]}-{arguments.epochs}.keras", train, arguments.epochs
        )
    training = features_of(parts(pictures_of(train, count)), extract)
    rows: dict[str, dict[str, Any]] = {"training set": dict(compare(real, training))}
    made: dict[str, np.ndarray] = {}
    if judge is not None:
        rows["training set"]["labels"] = agreement(judge, pictures / np.float32(255), test.labels[:count])
    for name, model in models.items():
        drawn = np.concatenate([np.asarray(part) for part in generated(model, count)])
        fake = features_of((drawn[start : start + BATCH] for start in range(0, count, BATCH)), extract)
        title = f"{model.name}, not shipped" if name in arguments.runs else name
        rows[title] = {**compare(real, fake), "training": training_of(name)}
        made[title] = drawn[:SHOWN]
        if judge is not None and hasattr(model, "classes"):
            rows[title]["labels"] = agreement(judge, drawn, np.arange(count) % model.classes)
        print(f"{title}: {', '.join(cells(rows[title])[:6])}", flush=True)
    rows = dict(sorted(rows.items(), key=lambda row: row[1]["frechet_distance"]))
    print(f"\n{count} pictures of {arguments.data}'s test set and of each model\n\n{table(rows)}")
    if not arguments.print and arguments.n >= len(test):
        write_document(arguments.data, rows, made)


if __name__ == "__main__":
    main()
