"""The shipped weight `fast_style/mobile`: Picabia's Udnie, in a network for video on phones.

    zoo train --recipe fast_style_mobile --data folder:PHOTOS --set style=udnie.jpg --out runs/mobile

Pictures: 561 photographs, one ImageNet picture a class, short side 288 (40 more are kept out for measuring).
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 14 minutes of processor time.
Score: mean of the last 1,000 steps: style 0.578, weighted content 0.425; by eye, docs/gallery.
"""

MODEL = "fast_style"
SET = {"adversarial_weight": 0.3}
SETTINGS = {
    "preset": "mobile",
    "size": 128,
    "steps": 5000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "log_every": 50,
    "checkpoint_every": 500,
}
