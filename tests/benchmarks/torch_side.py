"""What the tests of PyTorch's networks run in a process of its own: torch beside TensorFlow may abort one."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import devices, peers, published, torch_devices, torch_steps
from benchmarks.turns import Run

NETWORKS = {"transform": lambda: peers.Transform(4, 2), "generator": lambda: peers.generator(4), "vgg16": peers.VGG16}
NETWORKS |= {"discriminator": lambda: peers.discriminator(4), "dncnn": published.DnCNN, "safmn": published.SAFMN}


def network(threads: int, name: str, folder: str, shape: list[int]) -> Run:
    """Weights and multiply-accumulates of a network; with weights in the folder, its answers of picture.npy go there as well."""
    made: nn.Module = NETWORKS[name]().eval()
    place = Path(folder)
    if (place / "weights.npz").exists():
        with np.load(place / "weights.npz") as arrays:
            peers.load(made, list(arrays.values()))
        image = torch.from_numpy(np.load(place / "picture.npy")).permute(0, 3, 1, 2)
        with torch.no_grad():
            answer = made(image)
        maps = answer if isinstance(answer, list) else [answer]
        np.savez(place / "answers.npz", *(one.permute(0, 2, 3, 1).numpy() for one in maps))
    weights = sum(parameter.numel() for parameter in made.parameters())
    return lambda case, seconds: [weights, peers.multiply_accumulates(made, torch.zeros(shape))]


def step(threads: int, task: str, **settings: Any) -> Run:
    return getattr(torch_steps, task)(threads=threads, quick=True, **settings)


def compiled_step(threads: int, family: str) -> Run:
    """One step of `benchmarks.devices`, on the processor."""
    settings, batch = next((settings, batch) for name, settings, batch in devices.SMALL.values() if name == family)
    once = torch_devices.PEERS[family]("cpu", settings, batch)

    def run(case: Any, seconds: float) -> list[float]:
        once()
        return [1.0]

    return run
