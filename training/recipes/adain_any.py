"""The shipped weight `adain/any`: any picture as the style. The last of the goes that it was trained in.

    python -m zoo.training.drawn_styles --out STYLES --count 380
    python -m zoo.training.painted_styles --photographs PHOTOS --out STYLES --count 325
    zoo train --recipe adain_any --data folder:PHOTOS --feature-weights squeezenet_1_0.npz --set style=folder:STYLES
        --start-from BEFORE --out runs/adain

The goes, each from the average before, a second a step:

    --size 128 --set learning_rate=0.002 --set content_weight=0.9 --ema 0.998, from nothing, 4,579 steps
    --set learning_rate=0.001 --set content_weight=0.7 --ema 0.998, 960 steps; the same at a rate of 0.002, 1,696 steps
    this one, 504 steps

What ships is 0.7 of the last average and 0.15 of each of the two before.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500. Styles: the
drawn and the painted pictures, 115 of the photographs, three pictures of textures and six pieces of a mosaic; no painting.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: two hours.
Score: in the card, by python -m benchmarks.judge adain/any. The last two goes moved along one curve of style against content, not
below it: what is missing is more than hours, probably styles.
"""

MODEL = "adain"
SET = {
    "loss_features": "compact:0.5+squeezenet:2",
    "content_weight": 0.55,
    "total_variation_weight": 2.0,
    "recolor_content": False,
    "learning_rate": 5e-4,
}
SETTINGS = {
    "size": 192,
    "steps": 504,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "schedule": "constant",
    "warm_up": 100,
    "ema": 0.995,
    "clip": 1.0,
    "log_every": 50,
    "checkpoint_every": 500,
}
