"""The shipped weight `adain/any`: any picture as the style. The last of the three goes that it was trained in.

    python -m zoo.training.drawn_styles --out STYLES --count 1000
    zoo train --recipe adain_any --data folder:PHOTOS --set style=folder:STYLES --start-from SECOND --out runs/adain

The first go: `--size 128 --steps 13000 --set learning_rate=0.002 --set style_weight=1 --ema 0.999` from nothing; the second: from
the first, `--size 256 --steps 4500 --set style_weight=1 --ema 0.999`. Both upsampled by nearest neighbours, as the decoder did.
Pictures: 561 photographs, one ImageNet picture a class, short side 288 (40 more are kept out for measuring); as styles, the drawn
pictures and every fifth of the photographs, copied into the same folder. No painting was seen.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 47, 80 and 38 minutes.
Score: beside fast_style in docs/quality.md.
"""

MODEL = "adain"
SET = {"learning_rate": 1e-3, "style_weight": 1.5}
SETTINGS = {
    "size": 256,
    "steps": 2500,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "ema": 0.995,
    "log_every": 10,
    "checkpoint_every": 100,
}
