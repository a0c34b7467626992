"""PyTorch's training steps, as its tutorials write them, eager or by torch.compile; runners of `benchmarks.steps`."""

import contextlib
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks import peers, steps
from benchmarks.turns import Run, timed


def gram(maps: Tensor) -> Tensor:
    count, channels, height, width = maps.shape
    flat = maps.float().reshape(count, channels, height * width)
    return flat @ flat.transpose(1, 2) / (height * width)


def style_loss(maps: list[Tensor], targets: list[Tensor]) -> Tensor:
    """Relative squared distances of Gram matrices, as ours."""
    distances = [(gram(m) - t).square().sum((1, 2)) / t.square().sum((1, 2)) for m, t in zip(maps, targets, strict=True)]
    return torch.stack(distances).sum(0).mean()


def content_loss(maps: Tensor, target: Tensor) -> Tensor:
    deviation = target - target.mean((2, 3), keepdim=True)
    return ((maps - target).square().mean((1, 2, 3)) / (deviation.square().mean((1, 2, 3)) + 1e-3)).mean()


def precision(autocast: bool) -> Any:
    return torch.autocast("cpu", torch.bfloat16) if autocast else contextlib.nullcontext()


def fused(function: Any, compiled: bool) -> Any:
    """What is differentiated, by torch.compile where that is asked for."""
    return torch.compile(function, dynamic=False) if compiled else function


def style(threads: int, quick: bool, autocast: bool, compiled: bool) -> Run:
    """fast_style with VGG16's loss: Johnson's network, relative Gram and content terms, Adam."""
    torch.set_num_threads(threads)
    size, width, blocks = (32, 4, 1) if quick else (steps.SIZE, 32, 5)
    network = peers.Transform(width, blocks).to(memory_format=torch.channels_last)
    features = peers.VGG16().requires_grad_(False).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), 2e-3, (0.9, 0.99))
    images = torch.from_numpy(steps.style_batch(size)).permute(0, 3, 1, 2)
    targets = [gram(maps) for maps in features(images[:1])]

    def objective(images: Tensor) -> Tensor:
        with precision(autocast):
            maps = features(network(images))
            with torch.no_grad():
                content = features(images, maps=2)[1]
            return style_loss(maps, targets) + 0.25 * content_loss(maps[1].float(), content.float())

    objective = fused(objective, compiled)

    def step(case: Any) -> float:
        optimizer.zero_grad()
        loss = objective(images)
        loss.backward()
        optimizer.step()
        return loss.item()

    return timed(step)


def gan(threads: int, quick: bool, autocast: bool, compiled: bool) -> Run:
    """PyTorch's DCGAN tutorial: the discriminator's step on real and generated pictures, then the generator's."""
    torch.set_num_threads(threads)
    width = steps.gan_width(quick)
    generator, discriminator = peers.generator(width), peers.discriminator(width)
    generator_adam = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    discriminator_adam = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    pictures, noise = steps.gan_batch(width)
    images, latents = 2 * torch.from_numpy(pictures).permute(0, 3, 1, 2) - 1, torch.from_numpy(noise)
    ones, zeros = torch.ones(len(images), 1), torch.zeros(len(images), 1)

    def entropy(pictures: Tensor, wanted: Tensor) -> Tensor:
        with precision(autocast):
            scores = discriminator(pictures)
        return functional.binary_cross_entropy_with_logits(scores.float(), wanted)

    def draw(latents: Tensor) -> Tensor:
        with precision(autocast):
            return generator(latents)

    entropy, draw = fused(entropy, compiled), fused(draw, compiled)

    def step(case: Any) -> float:
        discriminator_adam.zero_grad()
        real = entropy(images, ones)
        real.backward()
        generated = draw(latents)
        fake = entropy(generated.detach(), zeros)
        fake.backward()
        discriminator_adam.step()
        generator_adam.zero_grad()
        loss = entropy(generated, ones)
        loss.backward()
        generator_adam.step()
        return real.item() + fake.item() + loss.item()

    return timed(step)
