"""One family on JAX: trained by the stock `fit`, interrupted and resumed, its files written and those of TensorFlow read."""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

import zoo
from tests.models import adapted, batches
from zoo.training import checkpoint
from zoo.training.optimizers import configured_optimizer
from zoo.training.process import settle

STEPS = 12
BATCH = 2


def main(name: str, folder: str, pictures: str) -> dict[str, Any]:
    """What it did: the history of its losses, the weights that did not move, and the variables that a resume changed."""
    work = Path(folder)
    settle(None)
    model = compiled(name, 0)
    before = values(model.trainable_variables)
    batch = batches(model, BATCH, pictures=pictures)(0)
    history = fitted(model, batch)
    checkpoint.save(work / "checkpoint", STEPS // 2, model)
    more = fitted(model, batch)
    history = {term: numbers + more[term] for term, numbers in history.items()}
    pairs = zip(model.trainable_variables, before, values(model.trainable_variables), strict=True)
    still = [variable.path for variable, first, last in pairs if np.array_equal(first, last)]
    model.save(work / "jax.keras")
    np.savez(work / "jax on jax.npz", **answers(model))
    np.savez(work / "tensorflow on jax.npz", **answers(zoo.load(str(work / "tensorflow.keras"))))
    again = compiled(name, 1)
    checkpoint.read(work / "checkpoint", again).assign_to(again)
    fitted(again, batch)
    every = [*model.variables, *model.optimizer.variables]
    pairs = zip(every, values(every), values([*again.variables, *again.optimizer.variables]), strict=True)
    return {"history": history, "still": still, "changed": [each.path for each, a, b in pairs if not np.array_equal(a, b)]}


def compiled(name: str, seed: int) -> Any:
    keras.utils.set_random_seed(seed)
    model = adapted(name)
    model.compile(configured_optimizer(model, STEPS), auto_scale_loss=False)
    return model


def fitted(model: Any, batch: dict[str, np.ndarray]) -> dict[str, list[float]]:
    """The history of half of the steps, all on one batch."""
    return dict(model.fit(batch, batch_size=BATCH, epochs=STEPS // 2, shuffle=False, verbose=0).history)


def values(variables: Any) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


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


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
