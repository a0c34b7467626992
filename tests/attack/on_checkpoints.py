"""Damaged checkpoints: each is read as it was written, or the one before it is."""

import logging
from pathlib import Path

import numpy as np

from tests.attack.beside import refusal
from tests.attack.outcomes import Counts, state_of
from tests.training.test_checkpoint import compiled, mutated
from zoo.training import checkpoint


def attack(folder: Path, count: int, seed: int) -> Counts:
    """Reads a run's checkpoints `count` times, the newer of the two damaged each time in another way."""
    counts, place, model, written = Counts("checkpoints"), folder / "checkpoints", compiled(0), {}
    (folder / "mine.txt").write_text("mine")
    for step in (1, 2):
        checkpoint.save(place, step, model)
        written[step] = checkpoint.read(place, model).arrays
        model.set_weights([weight + 1 for weight in model.get_weights()])
    path, chance = place / "step-00000002.npz", np.random.default_rng(seed)
    whole, log = path.read_bytes(), logging.getLogger("zoo.training.checkpoint")
    log.disabled = True  # it names each of them
    try:
        for index in range(count):
            path.write_bytes(mutated(whole, chance))
            try:
                step, arrays = checkpoint.read(place, model)
            except Exception as error:
                counts.add(*("lost", str(error)) if refusal(error)[0] == "clean" else refusal(error))
                continue
            same = all(np.array_equal(arrays[name], value) for name, value in written[step].items())
            counts.add("clean" if same else "lost", f"{index}: other weights than those that were written")
    finally:
        log.disabled = False
    if set(state_of(folder)) != {"mine.txt", "checkpoints/step-00000001.npz", "checkpoints/step-00000002.npz"}:
        counts.add("outside", str(sorted(state_of(folder))))
    return counts
