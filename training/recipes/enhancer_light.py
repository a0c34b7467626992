"""The weight `enhancer/light`: photographs taken with too little light, without a bright one to learn from.

    zoo train --recipe enhancer_light --data folder:PHOTOS --out runs/enhancer_light

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 2 minutes.
"""

MODEL = "enhancer"
SET: dict[str, float] = {}
SETTINGS = {
    "preset": "light",
    "size": 160,
    "steps": 400,
    "batch_size": 8,
    "precision": "mixed_bfloat16",
    "ema": 0.995,
    "checkpoint_every": 250,
    "log_every": 50,
}
