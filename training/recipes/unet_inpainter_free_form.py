"""The shipped weight `unet_inpainter/free_form`: holes of any shape in photographs.

    zoo train --recipe unet_inpainter_free_form --data folder:PHOTOS --out runs/unet_inpainter_free_form

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 2 cores of an x86-64 processor with bf16 instructions, shared with other work. Duration: 28 minutes.
Score: 17.85 dB in the hole on BSD500's validation photographs, 0.99 dB above the best of OpenCV's (make quality).
"""

MODEL = "unet_inpainter"
SET = {"width": 16}
SETTINGS = {
    "preset": "pixel",
    "steps": 4500,
    "batch_size": 8,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 1000,
    "log_every": 100,
}
