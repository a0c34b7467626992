"""The weight `super_resolution/photo`: photographs saved as JPEG four times as large, without their blocks.

    zoo train --recipe super_resolution_photo --data folder:PHOTOS --out runs/super_resolution_photo

Begins with the weights of `super_resolution/x4`, all of which fit. The rate is constant, so that a longer training goes on from a
shorter one; the average of the weights (--ema) takes the place of its decay.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, the 200 training photographs of BSD500, and the 91
pictures of Yang et al. 2010.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Score: see docs/quality.md.
"""

MODEL = "super_resolution"
SET = {"learning_rate": 3e-4}
SETTINGS = {
    "preset": "photo",
    "start_from": "super_resolution/x4",
    "size": 128,
    "clip": 1.0,
    "schedule": "constant",
    "warm_up": 100,
    "steps": 20000,
    "batch_size": 16,
    "precision": "mixed_bfloat16",
    "ema": 0.998,
    "checkpoint_every": 250,
    "log_every": 50,
}
