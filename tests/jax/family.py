"""One family on JAX: trained by the stock `fit`, interrupted and resumed, its files written and those of TensorFlow read."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

import zoo
from tests.models import adapted, batches, sample
from zoo._registry import family
from zoo.training.optimizers import configured_optimizer
from zoo.training.pictures import write_picture
from zoo.training.run import train

STEPS = 6
BATCH = 2


def main(name: str, folder: str, pictures: str) -> dict[str, Any]:
    """What it did: the history of its losses, the weights that did not move, and the variables that a resume changed."""
    work = Path(folder)
    keras.utils.set_random_seed(0)
    model = adapted(name)
    model.compile(configured_optimizer(model, STEPS), auto_scale_loss=False)
    before = [np.array(variable) for variable in model.trainable_variables]
    batch = batches(model, BATCH, pictures=pictures)(0)
    history = model.fit(batch, batch_size=BATCH, epochs=STEPS, shuffle=False, verbose=0).history
    pairs = zip(model.trainable_variables, before, strict=True)
    still = [variable.path for variable, value in pairs if np.array_equal(value, np.array(variable))]
    model.save(work / "jax.keras")
    for file in ("jax", "tensorflow"):
        np.savez(work / f"{file} on jax.npz", **answers(zoo.load(str(work / f"{file}.keras"))))
    return {"history": history, "still": still, "changed": changed_by_resume(name, work, pictures)}


def answers(model: Any) -> dict[str, np.ndarray]:
    """What the deployed network makes of noise, of an odd size where it takes any."""
    if not model.deployable:
        return {"picture": np.asarray(keras.ops.convert_to_numpy(model.painting()))}
    network = model.inference_model()
    random = np.random.default_rng(0)
    inputs = {}
    for key, tensor in network.input.items():
        free = iter((45, 36))
        shape = [2, *(next(free) if side is None else side for side in tensor.shape[1:])]
        whole = "int" in str(tensor.dtype)
        inputs[key] = random.integers(0, 2, shape, "int32") if whole else random.random(shape, "float32")
    return {key: np.asarray(value) for key, value in network.predict_on_batch(inputs).items()}


def changed_by_resume(name: str, work: Path, pictures: str) -> list[str]:
    """The variables that end with other bits in a run that went on from the middle."""
    write_picture(work / "setting.png", sample("coffee", 64))
    cls = family(name)
    settings = {setting: [work / "setting.png"] for setting in cls.picture_settings}
    options: dict[str, Any] = dict(
        preset="tiny",
        data={source: pictures for source in ("data", *cls.source_settings)},
        pictures=settings,
        steps=STEPS,
        batch_size=BATCH,
        checkpoint_every=STEPS // 2,
        log_every=STEPS,
    )
    train(name, out=work / "whole", **options)
    shutil.copytree(work / "whole", work / "cut")
    (work / "cut" / "model.keras").unlink()
    last = work / "cut" / "checkpoint" / f"step-{STEPS:08d}.npz"
    last.unlink()
    train(name, out=work / "cut", resume=True, **options)
    with np.load(last) as cut, np.load(work / "whole" / "checkpoint" / last.name) as whole:
        assert set(cut) == set(whole)
        return [key for key in whole if not np.array_equal(whole[key], cut[key])]


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
