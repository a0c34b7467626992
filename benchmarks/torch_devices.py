"""PyTorch's training steps on whatever device it finds, compiled, in bf16; runners of `benchmarks.devices`.

The networks are those of `benchmarks.peers`, which count as many operations as ours. There is no StyleGAN among them.
"""

import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks import peers
from benchmarks.devices import SMALL, STEPS, TASKS
from benchmarks.torch_steps import content_loss, gram, style_loss
from benchmarks.turns import Run

Step = Callable[[], None]


def step(threads: int, task: str) -> Run:
    """Turns of `STEPS` steps: seconds a step. Nothing is read back between them, and the last is waited for."""
    torch.set_num_threads(threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    family, settings, batch = SMALL.get(task) or TASKS[task]
    one = PEERS[family](device, settings, batch)

    def run(case: Any, seconds: float) -> list[float]:
        started = time.perf_counter()
        for _ in range(STEPS):
            one()
        if device == "cuda":
            torch.cuda.synchronize()
        return [(time.perf_counter() - started) / STEPS]

    one()  # which compiles
    run(None, 0.0)
    return run


def style(device: str, settings: dict[str, Any], batch: int) -> Step:
    """fast_style with VGG16's loss, as `torch_steps.style`."""
    network = peers.Transform(settings["width"], settings["residual_blocks"]).to(device, memory_format=torch.channels_last)
    features = peers.VGG16().requires_grad_(False).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), 2e-3, (0.9, 0.99))
    images = torch.rand((batch, 3, settings["size"], settings["size"]), device=device)
    targets = [gram(maps) for maps in features(images[:1])]

    @torch.compile
    def loss(images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16):
            maps = features(network(images))
            with torch.no_grad():
                content = features(images, maps=2)[1]
            return style_loss(maps, targets) + 0.25 * content_loss(maps[1].float(), content.float())

    def one() -> None:
        optimizer.zero_grad()
        loss(images).backward()
        optimizer.step()

    return one


def gan(device: str, settings: dict[str, Any], batch: int) -> Step:
    """DCGAN, as `torch_steps.gan`."""
    generator = peers.generator(settings["generator_width"]).to(device, memory_format=torch.channels_last)
    discriminator = peers.discriminator(settings["discriminator_width"]).to(device, memory_format=torch.channels_last)
    generator_adam = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    discriminator_adam = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    images, latents = 2 * torch.rand((batch, 3, 64, 64), device=device) - 1, torch.randn((batch, 100), device=device)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(batch, 1, device=device), torch.zeros(batch, 1, device=device)

    @torch.compile
    def judged(pictures: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16):
            scores = discriminator(pictures)
        return entropy(scores.float(), wanted)

    @torch.compile
    def generated(latents: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16):
            return generator(latents)

    def one() -> None:
        discriminator_adam.zero_grad()
        judged(images, ones).backward()
        pictures = generated(latents)
        judged(pictures.detach(), zeros).backward()
        discriminator_adam.step()
        generator_adam.zero_grad()
        judged(pictures, ones).backward()
        generator_adam.step()

    return one


PEERS: dict[str, Callable[[str, dict[str, Any], int], Step]] = {"fast_style": style, "dcgan": gan}
