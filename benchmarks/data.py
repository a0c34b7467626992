"""The data pipeline against its peers and its limit: a folder of JPEG pictures to batches of 256 crops.

    python -m benchmarks.data --data folder:../shared/data/photos/train

All make float32 batches [16, 256, 256, 3] in [0, 1], in turns, in one run. The share is of the faster of the bare decoders,
TensorFlow's and Pillow's, which decode whole pictures on all cores and do nothing else. PyTorch's DataLoader is measured where
torch is installed (extra `bench`).
"""

import argparse
import concurrent.futures
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.turns import Run, Runner, has_pytorch

SIZE, BATCH = 256, 16
FOLDER = "folder:../shared/data/content"
TORCH = "PyTorch DataLoader with Pillow, crops of 0.6 to 1"


def bare(decode: Callable[[Path], Any], files: list[Path]) -> Iterator[int]:
    """Whole pictures decoded on all cores."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        endless = itertools.cycle(files)
        while True:
            yield len(list(pool.map(decode, itertools.islice(endless, BATCH))))


def pillow(file: Path) -> Any:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def tensorflow_decoder() -> Callable[[Path], Any]:
    import tensorflow as tf

    return lambda file: tf.io.decode_jpeg(file.read_bytes(), channels=3)


def ours(source: Any, share: tuple[float, float] | None) -> Iterator[int]:
    from zoo.specs import Picture
    from zoo.training.batches import Batches

    for batch in Batches({"image": Picture(SIZE, scale=share)}, {"data": source}, BATCH).dataset():
        yield len(batch["image"])


def keras_directory(folder: Path) -> Iterator[int]:
    """The whole short side, resized; it draws no crops and looks at no orientation."""
    import keras

    dataset = keras.utils.image_dataset_from_directory(
        folder, labels=None, batch_size=BATCH, image_size=(SIZE, SIZE), crop_to_aspect_ratio=True, verbose=False
    )
    for batch in dataset.map(lambda images: images / 255).repeat():
        yield len(batch)


def torch_loader(files: list[Path]) -> Iterator[int]:
    """Random resized crops by Pillow in one process a core."""
    import torch

    class Crops(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return 1_000_000

        def __getitem__(self, index: int) -> Any:
            random = np.random.default_rng(index)
            with Image.open(files[index % len(files)]) as image:
                picture = image.convert("RGB")
            side = int((0.6 + 0.4 * random.random()) * min(picture.size))
            left, top = (int(random.random() * (length - side + 1)) for length in picture.size)
            box = (left, top, left + side, top + side)
            crop = picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box)
            return torch.from_numpy(np.asarray(crop, np.float32) / np.float32(255))

    for batch in torch.utils.data.DataLoader(Crops(), batch_size=BATCH, num_workers=os.cpu_count() or 1):
        yield len(batch)


def torch_rate(threads: int, files: list[str]) -> Run:
    """Turns of so many pictures as the case says: pictures a second."""
    batches = torch_loader([Path(file) for file in files])
    return lambda case, seconds: [rate(batches, case)]


def rate(batches: Iterator[int], pictures: int) -> float:
    """Pictures a second; as many before go uncounted, which were made ahead while others had their turn."""
    for _ in range(pictures // BATCH):
        next(batches)
    started, done = time.perf_counter(), 0
    while done < pictures:
        done += next(batches)
    return done / (time.perf_counter() - started)


def measure(
    data: str = FOLDER, pictures: int = 480, turns: int = 5, quick: bool = False, pytorch: str = sys.executable
) -> dict[str, Any]:
    """Pictures a second, by loader, median over turns of so many pictures.

    Raises:
        ValueError: `data` is no folder of pictures, which is what the peers read.
        FileNotFoundError: there is no such folder.
    """
    from zoo.training.sources import Files, open_source

    source = open_source(data)
    if not isinstance(source, Files):
        raise ValueError(f"--data {data} is no folder of pictures, which is what the peers read")
    files = [file for file in source.files if file.suffix.lower() in (".jpg", ".jpeg")]
    if not files:
        raise ValueError(f"--data {data} has no JPEG pictures")
    runs: dict[str, Iterator[int]] = {
        "bare decoder, TensorFlow": bare(tensorflow_decoder(), files),
        "bare decoder, Pillow": bare(pillow, files),
        "ours, crops of 0.6 to 1 of the short side": ours(source, (0.6, 1.0)),
        "ours, crops of 256 native pixels": ours(source, None),
        "ours, the whole short side": ours(source, (1.0, 1.0)),
        "keras.utils.image_dataset_from_directory": keras_directory(source.root),
    }
    peers = {}
    if has_pytorch(pytorch):
        peers[TORCH] = Runner("benchmarks.data:torch_rate", os.cpu_count() or 1, pytorch, files=list(map(str, files)))
    rates: dict[str, list[float]] = {name: [] for name in (*runs, *peers)}
    for _ in range(1 if quick else turns):
        for name, batches in runs.items():
            rates[name].append(rate(batches, BATCH if quick else pictures))
        for name, runner in peers.items():
            rates[name] += runner.turn(BATCH if quick else pictures)
    for runner in peers.values():
        runner.close()
    with Image.open(files[0]) as image:
        size = " x ".join(map(str, image.size))
    return {"pictures": len(files), "size": size, "rates": {name: statistics.median(values) for name, values in rates.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data", description=__doc__)
    parser.add_argument("--data", default=FOLDER, help="folder:PATH with JPEG pictures")
    parser.add_argument("--pictures", type=int, default=480, help="pictures a turn")
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    try:
        figures = measure(arguments.data, arguments.pictures, arguments.turns)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    limit = bare_rate(figures["rates"])
    print(f"{os.cpu_count()} cores, {figures['pictures']} pictures such as one of {figures['size']}\n")
    print("| JPEG folder to batches of 16 crops of 256 | pictures/s | share of the bare decoder |\n| --- | --- | --- |")
    for name, value in figures["rates"].items():
        print(f"| {name} | {value:.0f} | {value / limit:.0%} |")


def bare_rate(rates: dict[str, float]) -> float:
    """The faster of the bare decoders."""
    return max(value for name, value in rates.items() if name.startswith("bare"))


if __name__ == "__main__":
    main()
