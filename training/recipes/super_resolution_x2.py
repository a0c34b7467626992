"""The shipped weight `super_resolution/x2`: pictures twice as large.

    zoo train --recipe super_resolution_x2 --data folder:PHOTOS --out runs/super_resolution_x2

Begins with the weights of `super_resolution/x4`, all but the last convolution, which has another shape.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 16 minutes.
Score: 37.34 dB on Set5 (make quality).
"""

MODEL = "super_resolution"
SET = {"factor": 2, "learning_rate": 7e-4}
SETTINGS = {
    "start_from": "super_resolution/x4",
    "size": 96,
    "steps": 5000,
    "batch_size": 8,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 500,
    "log_every": 50,
}
