"""What pictures suffer: noise, blur, changes of size, JPEG and WebP files, one at a time or drawn as a whole history.

noise.py, blur.py, reduction.py and files.py hold one damage a function; recipes.py draws their order and strength.
"""

from zoo.training.degradations.files import jpeg, to_bytes, webp
from zoo.training.degradations.noise import NOISES, add_noise
from zoo.training.degradations.recipes import RECIPES, Step, degrade, draw_steps, take_steps
from zoo.training.degradations.reduction import downscale, downscaled_frames, resize_bicubic, resize_matrix, resize_to

__all__ = [
    "NOISES",
    "RECIPES",
    "Step",
    "add_noise",
    "degrade",
    "downscale",
    "downscaled_frames",
    "draw_steps",
    "jpeg",
    "resize_bicubic",
    "resize_matrix",
    "resize_to",
    "take_steps",
    "to_bytes",
    "webp",
]
