"""What a smaller style network costs in loss: fast_style networks of falling size, trained alike, on pictures that none has seen.

    python -m benchmarks --only curve --data folder:PATH

Each is trained on the drawn stained glass of `zoo demo`, for so many steps on crops of the photographs but the last, and measured
on the middle squares of those. An hour on two cores; `make bench` leaves it out.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

STEPS, BATCH, CROP = 1500, 4, 128
HELD_OUT = 40  # photographs, the last by name
SHAPES = (("johnson", 32), ("johnson", 16), ("light", 32), ("light", 24), ("light", 16), ("light", 8))
NETWORKS = {f"{architecture}, width {width}": (architecture, width) for architecture, width in SHAPES}
FULL, MOBILE = "johnson, width 32", "light, width 24"  # the presets


def measure(quick: bool = False, data: str = "samples:") -> dict[str, Any]:
    """Style loss, weighted content loss, multiply-accumulates at 256 and weights, by network."""
    import keras

    import zoo
    from benchmarks.networks import multiply_accumulates
    from benchmarks.style import read
    from zoo.cli.demo import stained_glass
    from zoo.training.batches import Batches
    from zoo.training.sources import Files, open_source

    source = open_source(data)
    files = sorted(source.files) if isinstance(source, Files) else []
    held_out = 1 if quick else HELD_OUT
    if len(files) < 2 * held_out:
        raise ValueError(f"--data {data}: the curve needs a folder of at least {2 * held_out} photographs")
    steps = 2 if quick else STEPS
    style, rows = stained_glass(256), {}
    with tempfile.TemporaryDirectory() as name:
        training = Path(name)
        for file in files[:-held_out]:
            (training / file.name).symlink_to(file.resolve())
        source = open_source(f"folder:{training}")
        unseen = [read(file) for file in files[-held_out:]]
        for title in (FULL, MOBILE) if quick else NETWORKS:
            architecture, width = NETWORKS[title]
            keras.config.set_dtype_policy("mixed_bfloat16")
            keras.utils.set_random_seed(0)
            model = zoo.create("fast_style", architecture=architecture, width=width, size=CROP)
            model.adapt(style=[style])
            model.compile(model.recommended_optimizer(steps))
            dataset = Batches(model.batch_spec, {"data": source}, BATCH).dataset()
            model.fit(dataset, steps_per_epoch=steps, verbose=0, shuffle=False)
            keras.config.set_dtype_policy("float32")
            rows[title] = {
                **losses(model, unseen),
                "multiply_accumulates": multiply_accumulates(model.network, 256),
                "weights": model.network.count_params(),
            }
            print(f"{title}: {rows[title]}", flush=True)
    return {"steps": steps, "batch": BATCH, "crop": CROP, "networks": rows}


def losses(model: Any, pictures: list[np.ndarray]) -> dict[str, float]:
    """The mean terms of the objective on whole pictures."""
    terms: dict[str, list[float]] = {}
    for picture in pictures:
        batch = {"image": picture[None]}
        for name, term in model.loss_terms(batch, model(batch, training=False)).items():
            terms.setdefault(name, []).append(float(np.mean(np.asarray(term, np.float32))))
    return {name: float(np.mean(values)) for name, values in terms.items()}


def total(row: dict[str, float]) -> float:
    return row["style"] + row["content"]
