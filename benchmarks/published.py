"""Published restoration networks, of their shapes and with random weights, in PyTorch: what `benchmarks.restorers` is beside."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class DnCNN(nn.Sequential):
    """Zhang et al. (2017) for colour and unknown noise, batch normalisation folded: pictures [N, 3, H, W] to their noise."""

    def __init__(self, width: int = 64, depth: int = 20) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
        for _ in range(depth - 2):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
        super().__init__(*layers, nn.Conv2d(width, 3, 3, padding=1))


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale, self.offset = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), self.scale, self.offset).permute(0, 3, 1, 2)


class Modulation(nn.Module):
    """A quarter of the channels at each of four scales, which together weigh the map that they come from."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        part = channels // 4
        self.parts = nn.ModuleList(nn.Conv2d(part, part, 3, padding=1, groups=part) for _ in range(4))
        self.joined = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        maps = []
        for level, (part, convolution) in enumerate(zip(x.chunk(4, 1), self.parts, strict=True)):
            small = functional.adaptive_max_pool2d(part, (height >> level, width >> level)) if level else part
            maps.append(functional.interpolate(convolution(small), size=(height, width)))
        return functional.gelu(self.joined(torch.cat(maps, 1))) * x


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.modulation = ChannelNorm(channels), Modulation(channels)
        self.second = ChannelNorm(channels)
        self.mixer = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.GELU(), nn.Conv2d(2 * channels, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.modulation(self.first(x))
        return x + self.mixer(self.second(x))


class SAFMN(nn.Module):
    """Sun et al. (2023), x4: pictures [N, 3, H, W] to [N, 3, 4 H, 4 W]."""

    def __init__(self, channels: int = 36, blocks: int = 8) -> None:
        super().__init__()
        self.start = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(channels) for _ in range(blocks)))
        self.end = nn.Sequential(nn.Conv2d(channels, 48, 3, padding=1), nn.PixelShuffle(4))

    def forward(self, image: Tensor) -> Tensor:
        x = self.start(image)
        return self.end(self.blocks(x) + x)
