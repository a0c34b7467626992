"""The shipped weight `fast_style/wave`: Hokusai's Great Wave, for photographs.

    zoo train --recipe fast_style_wave --data folder:PHOTOS --set style=wave.jpg --out runs/wave

Pictures: 561 photographs, one ImageNet picture a class, short side 288 (40 more are kept out for measuring).
Hardware: 2 cores of an x86-64 processor with bf16 instructions, shared with other work. Duration: 56 minutes.
Score: mean of the last 25 steps: loss 0.530.
"""

MODEL = "fast_style"
SET = {"width": 24}
SETTINGS = {
    "size": 192,
    "steps": 3000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "checkpoint_every": 250,
    "log_every": 25,
}
