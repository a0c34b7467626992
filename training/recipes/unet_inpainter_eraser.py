"""The shipped weight `unet_inpainter/eraser`: holes of any shape filled with texture, edges and shadows instead of a blur.

    zoo train --recipe unet_inpainter_eraser --data folder:PHOTOS --feature-weights squeezenet_1_0.npz --out runs/eraser

SqueezeNet 1.0's weights, as an .npz file (see `zoo.features.create`), are only needed for this training. The rate is constant, so
that a longer training goes on from a shorter one; the average of the weights (--ema) takes the place of its decay.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Score: see docs/quality.md.
"""

MODEL = "unet_inpainter"
SET = {
    "width": 16,
    "borrowed_detail": True,
    "features": "squeezenet",
    "valid_weight": 0.0,
    "hole_weight": 2.0,
    "perceptual_weight": 0.3,
    "style_weight": 40.0,
    "learning_rate": 5e-4,
}
SETTINGS = {
    "preset": "pixel",
    "start_from": "unet_inpainter/free_form",
    "size": 192,
    "steps": 60000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "schedule": "constant",
    "warm_up": 100,
    "ema": 0.995,
    "checkpoint_every": 250,
    "log_every": 50,
}
