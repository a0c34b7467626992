"""The shipped weight `fast_style/mobile`: Picabia's Udnie, in a network for video on phones.

    zoo train --recipe fast_style_mobile --data folder:PHOTOS --feature-weights squeezenet_1_0.npz --set style=udnie.jpg
        --out runs/mobile

SqueezeNet 1.0's weights, as an .npz file (see `zoo.features.create`), are only needed for this training. The rate is constant and
the moving average is what ships, so that it may be stopped, or go on, at any step; what ships is step 2,844.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 31 minutes of processor time.
Score: style distance 0.150 at content distance 0.742 (python -m benchmarks.judge fast_style/mobile --style picabia).
"""

MODEL = "fast_style"
SET = {
    "features": "compact:0.5+squeezenet:2",
    "content_weight": 1.3,
    "total_variation_weight": 2.0,
    "recolor_content": False,
    "style_size": 320,
    "learning_rate": 1e-3,
}
SETTINGS = {
    "preset": "mobile",
    "start_from": "fast_style/mobile",
    "size": 192,
    "steps": 30000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "schedule": "constant",
    "warm_up": 100,
    "ema": 0.999,
    "checkpoint_every": 500,
    "log_every": 50,
}
