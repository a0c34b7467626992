"""The weight `denoiser/photo`: takes noise of every kind and JPEG's blocks off photographs, strength not told.

    zoo train --recipe denoiser_photo --data folder:PHOTOS --out runs/denoiser_photo

Begins with the weights of `denoiser/color`, all of which fit. The rate is constant, so that a longer training goes on from a
shorter one; the average of the weights (--ema) takes the place of its decay.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, the 200 training photographs of BSD500, and the 91
pictures of Yang et al. 2010.
Hardware: 1 core of an x86-64 processor with bf16 instructions. Duration and score: not trained to
its end yet (make quality).
"""

MODEL = "denoiser"
SET = {"learning_rate": 4e-4}
SETTINGS = {
    "preset": "photo",
    "start_from": "denoiser/color",
    "clip": 1.0,
    "schedule": "constant",
    "warm_up": 100,
    "steps": 60000,
    "batch_size": 8,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 250,
    "log_every": 25,
}
