"""Shipped restoration and inpainting networks, in the ONNX files that `zoo apply` runs, beside published shapes in PyTorch.

    python -m benchmarks --only restorers

Published weights are not needed for what a shape costs; docs/quality.md says what ours are worth. Operations of both are counted.
"""

import json
import os
import sys
from typing import Any

import numpy as np

from benchmarks.counts import KEPT, SIDE
from benchmarks.turns import Run, Runner, has_pytorch, medians, spreads, taken, timed

OURS = {"denoiser/photo": 256, "unet_inpainter/eraser": 256, "super_resolution/x4": 128}  # side of the picture that goes in
PUBLISHED = {"DnCNN": 256, "SAFMN": 128}
ENDS = {"PyTorch eager": False, "torch.compile": True}


def measure(quick: bool = False, pytorch: str = sys.executable) -> dict[str, Any]:
    """Seconds a picture by threads and runner, how far they spread, and multiply-accumulates of each."""
    cores, counts = 1 if quick else os.cpu_count() or 1, json.loads(KEPT.read_text())["networks"]
    figures: dict[str, Any] = {"spread": {}, "seconds": {}, "multiply_accumulates": {}}
    for name, side in OURS.items():
        figures["multiply_accumulates"][name] = round(counts[name]["multiply-adds"] * (side / SIDE) ** 2)
    for threads in sorted({1, cores}):
        runners = {name: Runner("benchmarks.restorers:ours", threads, name=name, side=side) for name, side in OURS.items()}
        if has_pytorch(pytorch):
            for name, side in PUBLISHED.items():
                for end, compiled in ENDS.items():
                    settings = {"name": name, "side": side, "compiled": compiled}
                    runners[f"{name}, {end}"] = Runner("benchmarks.restorers:published", threads, pytorch, **settings)
                    figures["multiply_accumulates"][f"{name}, {end}"] = int(runners[f"{name}, {end}"].turn("operations")[0])
        times = taken(runners, rounds=1 if quick else 3)[None]
        figures["seconds"][str(threads)], figures["spread"][str(threads)] = medians(times), spreads(times)
    return figures


def ours(threads: int, name: str, side: int) -> Run:
    from zoo._shipped import shipped_onnx
    from zoo.export.runtimes import load
    from zoo.export.signature import example_inputs

    runtime = load(shipped_onnx(name), threads)
    inputs = example_inputs(runtime.signature, [np.random.default_rng(0).random((side, side, 3), dtype="float32")], seed=0)
    return timed(lambda case: runtime(**inputs))


def published(threads: int, name: str, side: int, compiled: bool) -> Run:
    """As `benchmarks.networks.peer`; the case "operations" answers with its multiply-accumulates."""
    import torch

    from benchmarks import peers
    from benchmarks import published as networks

    torch.set_num_threads(threads)
    network = getattr(networks, name)().eval()
    image = torch.rand((1, 3, side, side))
    operations = peers.multiply_accumulates(network, image)
    network, image = network.to(memory_format=torch.channels_last), image.contiguous(memory_format=torch.channels_last)
    run: Any = network
    if compiled:
        import torch._inductor.config as inductor

        inductor.freezing = True
        run = torch.compile(network, dynamic=False)

    def call(case: Any) -> np.ndarray:
        with torch.inference_mode():
            return run(image).numpy()

    turns = timed(call)
    return lambda case, seconds: [float(operations)] if case == "operations" else turns(case, seconds)
