"""The shipped weight `fast_style/painters`: five styles in one small network, blended by `--style`.

    zoo train --recipe fast_style_painters --data folder:PHOTOS --set style=wave.jpg --set style=the_scream.jpg
        --set style=the_shipwreck_of_the_minotaur.jpg --set style=udnie.jpg --set style=mosaic.jpg --out runs/painters

Pictures: 561 photographs, one ImageNet picture a class, short side 288 (40 more are kept out for measuring).
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 34 minutes of processor time.
Score: mean of the last 1,250 steps: style 0.327, weighted content 0.233; worth 14 steps of L-BFGS (make quality).
"""

MODEL = "fast_style"
SET = {"width": 32}
SETTINGS = {
    "preset": "mobile",
    "size": 160,
    "steps": 8000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "log_every": 50,
    "checkpoint_every": 500,
}
