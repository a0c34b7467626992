"""The shipped weight `super_resolution/x4`: pictures four times as large.

    zoo train --recipe super_resolution_x4 --data folder:PHOTOS --out runs/super_resolution_x4

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 2 cores of an x86-64 processor with bf16 instructions, shared with other work. Duration: 30 minutes.
Score: 31.40 dB on Set5 (make quality).
"""

MODEL = "super_resolution"
SET = {"factor": 4}
SETTINGS = {
    "size": 128,
    "steps": 7000,
    "batch_size": 16,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 1000,
    "log_every": 100,
}
