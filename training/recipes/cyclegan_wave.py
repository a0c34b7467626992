"""The shipped weight `cyclegan/wave`: photographs as Hokusai's woodcut, learned from two folders without pairs.

    python -m zoo.training.cuttings wave.jpg --out CUTTINGS --count 200 --sides 160,360
    zoo train --recipe cyclegan_wave --data folder:PHOTOS --set target=folder:CUTTINGS --out runs/cyclegan

Pictures: 561 photographs, one ImageNet picture a class, short side 288; 200 cuttings of one print.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 26 minutes of processor time.
Score: none is defined; by eye.
"""

MODEL = "cyclegan"
SET = {"width": 16, "residual_blocks": 6, "learning_rate": 4e-4}
SETTINGS = {
    "size": 128,
    "steps": 7000,
    "batch_size": 1,
    "precision": "mixed_bfloat16",
    "ema": 0.998,
    "log_every": 50,
    "checkpoint_every": 500,
}
