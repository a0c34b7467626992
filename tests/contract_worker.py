"""A worker of the contract tests: the weights of families after one step of SGD, written to a folder."""

import json
import sys
from pathlib import Path

from zoo.training.strategies import make_strategy


def main(names: list[str], pictures: str, folder: str) -> None:
    strategy = make_strategy("auto")
    # Only now: the strategy has to be made right after TensorFlow is imported.
    import keras
    import numpy as np

    from tests.models import adapted, batches

    for name in names:
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = adapted(name)
            model.compile(keras.optimizers.SGD(1e-2))
        model.fit(batches(model, pictures=pictures).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
        values = [np.array(variable) for variable in model.variables]
        if strategy.cluster_resolver is None or strategy.cluster_resolver.task_id == 0:
            np.savez(Path(folder) / f"{name}.npz", *values)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
