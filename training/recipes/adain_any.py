"""The shipped weight `adain/any`: any picture as the style.

    python -m training.drawn_styles --out STYLES --count 1000
    zoo train --recipe adain_any --data folder:PHOTOS --set style=folder:STYLES --out runs/adain

Pictures: 561 photographs, one ImageNet picture a class, short side 288 (40 more are kept out for measuring); as styles, the
drawn pictures and every fifth of the photographs, copied into the same folder. No painting was seen. The weight that ships took
its first 1,202 steps at the learning rates of a run of 20,000, which differ by a hundredth after the warm-up.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 47 minutes of processor time.
Score: mean of the last 1,000 steps: style 0.585, weighted content 0.361; beside fast_style in docs/quality.md.
"""

MODEL = "adain"
SETTINGS = {
    "size": 128,
    "steps": 13000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "log_every": 50,
    "checkpoint_every": 500,
}
