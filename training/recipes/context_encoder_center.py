"""The shipped weight `context_encoder/center`: the middle square of a 128-pixel picture from what is around it.

    zoo train --recipe context_encoder_center --data folder:PHOTOS --out runs/context_encoder_center

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 2 cores of an x86-64 processor with bf16 instructions, shared with other work. Duration: 8 minutes.
Score: 16.09 dB in the hole on BSD500's validation photographs, 0.70 dB above the best of OpenCV's (make quality).
"""

MODEL = "context_encoder"
SET = {"width": 32}
SETTINGS = {
    "preset": "pixel",
    "steps": 5000,
    "batch_size": 16,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 1000,
    "log_every": 100,
}
