"""The weight `super_resolution/photo`: photographs saved as JPEG four times as large, without their blocks.

    zoo train --recipe super_resolution_photo --data folder:PHOTOS --out runs/super_resolution_photo

Pictures: 601 photographs, one ImageNet picture a class, short side 288, the 200 training photographs of BSD500, and the 91
pictures of Yang et al. 2010.
Hardware: 1 core of an x86-64 processor with bf16 instructions. Duration: not trained yet. Score: none yet (make quality).
"""

MODEL = "super_resolution"
SET = {"learning_rate": 5e-4}
SETTINGS = {
    "preset": "photo",
    "clip": 1.0,
    "schedule": "constant",
    "warm_up": 200,
    "steps": 100000,
    "batch_size": 8,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 500,
    "log_every": 50,
}
