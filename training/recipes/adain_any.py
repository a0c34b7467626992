"""The shipped weight `adain/any`: any picture as the style. The last of the two goes that it was trained in.

    python -m zoo.training.drawn_styles --out STYLES --count 382
    python -m zoo.training.painted_styles --photographs PHOTOS --out STYLES --count 325
    zoo train --recipe adain_any --data folder:PHOTOS --feature-weights squeezenet_1_0.npz --set style=folder:STYLES
        --start-from FIRST --out runs/adain

The first go, from nothing: `--size 128 --set learning_rate=0.002 --set content_weight=0.9 --ema 0.998`, 4,579 steps.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500. Styles: the
drawn and the painted pictures, 115 of the photographs, three pictures of textures and six pieces of a mosaic; no painting.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work.
Score: in the card, by python -m benchmarks.judge adain/any.
The rate stays constant and the moving average is what ships, so that it may be stopped, or go on, at any step.
"""

MODEL = "adain"
SET = {
    "loss_features": "compact:0.5+squeezenet:2",
    "content_weight": 0.7,
    "total_variation_weight": 2.0,
    "recolor_content": False,
    "learning_rate": 1e-3,
}
SETTINGS = {
    "size": 192,
    "steps": 60000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "schedule": "constant",
    "warm_up": 100,
    "ema": 0.998,
    "clip": 1.0,
    "log_every": 50,
    "checkpoint_every": 500,
}
