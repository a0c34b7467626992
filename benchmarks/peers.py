"""The peers' networks, written plainly in PyTorch: of the same shapes, and with as many weights and operations, as ours."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Module:
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode="reflect")


def normalized(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(convolution(inputs, outputs, kernel, stride), nn.InstanceNorm2d(outputs, affine=True))


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = normalized(channels, channels, 3), normalized(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(functional.relu(self.first(x)))


class Transform(nn.Module):
    """The transform network of Johnson et al. (2016): pictures [N, 3, H, W] in [0, 1] to pictures."""

    def __init__(self, width: int = 32, residual_blocks: int = 5) -> None:
        super().__init__()
        w = width
        self.layers = nn.Sequential(
            *(normalized(3, w, 9), nn.ReLU()),
            *(normalized(w, 2 * w, 3, 2), nn.ReLU()),
            *(normalized(2 * w, 4 * w, 3, 2), nn.ReLU()),
            *(Residual(4 * w) for _ in range(residual_blocks)),
            *(nn.Upsample(scale_factor=2), normalized(4 * w, 2 * w, 3), nn.ReLU()),
            *(nn.Upsample(scale_factor=2), normalized(2 * w, w, 3), nn.ReLU()),
            *(convolution(w, 3, 9), nn.Tanh()),
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image) * (150 / 255) + 0.5


class Deployed(nn.Module):
    """What is deployed: the picture clipped, and blended with the photograph by `strength` [N]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, strength: Tensor) -> Tensor:
        share = strength.clamp(0, 1).reshape(-1, 1, 1, 1)
        return image + share * (self.network(image).clamp(0, 1) - image)


class VGG16(nn.Module):
    """The maps relu1_2, relu2_2, relu3_3 and relu4_3, or the first few of them, of pictures in [0, 1]."""

    BLOCKS = ((3, 64, 64), (64, 128, 128), (128, 256, 256, 256), (256, 512, 512, 512))

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        for block in self.BLOCKS:
            layers = [(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()) for inputs, outputs in itertools.pairwise(block)]
            self.blocks.append(nn.Sequential(*itertools.chain(*layers)))
        self.register_buffer("mean", torch.tensor([103.939, 116.779, 123.68]).reshape(1, 3, 1, 1))

    def forward(self, image: Tensor, maps: int = 4) -> list[Tensor]:
        x = 255 * image.flip(1) - self.mean
        outputs: list[Tensor] = []
        for block in self.blocks[:maps]:
            x = block(functional.max_pool2d(x, 2) if outputs else x)
            outputs.append(x)
        return outputs


def generator(width: int, latent: int = 100, channels: int = 3) -> nn.Module:
    """DCGAN's (Radford et al. 2016): latents [N, latent] to pictures [N, channels, 64, 64] in [-1, 1]."""
    layers: list[nn.Module] = [
        nn.Linear(latent, 16 * 8 * width, bias=False),
        nn.Unflatten(1, (8 * width, 4, 4)),
        *(nn.BatchNorm2d(8 * width), nn.ReLU()),
    ]
    for inputs in (8 * width, 4 * width, 2 * width):
        layers += [nn.ConvTranspose2d(inputs, inputs // 2, 5, 2, 2, output_padding=1, bias=False)]
        layers += [nn.BatchNorm2d(inputs // 2), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, channels, 5, 2, 2, output_padding=1), nn.Tanh())


def discriminator(width: int, channels: int = 3) -> nn.Module:
    """DCGAN's: pictures [N, channels, 64, 64] in [-1, 1] to scores [N, 1]."""
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 5, 2, 2), nn.LeakyReLU(0.2)]
    for inputs in (width, 2 * width, 4 * width):
        layers += [nn.Conv2d(inputs, 2 * inputs, 5, 2, 2, bias=False), nn.BatchNorm2d(2 * inputs), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * width * 16, 1))


def load(network: nn.Module, arrays: Sequence[np.ndarray]) -> None:
    """Our weights, in the order of the layers: kernels [height, width, in, out], biases, scales and offsets."""
    parameters = list(network.parameters())
    with torch.no_grad():
        for parameter, array in zip(parameters, arrays, strict=True):
            parameter.copy_(torch.from_numpy(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array))


def multiply_accumulates(network: nn.Module, *inputs: Any) -> int:
    """Those of the convolutions and dense layers in one pass over `inputs`."""
    total = 0

    def count(module: Any, args: Any, output: Tensor) -> None:
        nonlocal total
        places = args[0] if isinstance(module, nn.ConvTranspose2d) else output
        total += len(output) * module.weight.numel() * (places[0, 0].numel() if places.ndim == 4 else 1)

    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    hooks = [module.register_forward_hook(count) for module in network.modules() if isinstance(module, kinds)]
    with torch.no_grad():
        network(*inputs)
    for hook in hooks:
        hook.remove()
    return total
