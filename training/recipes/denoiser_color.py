"""The shipped weight `denoiser/color`: takes Gaussian noise of unknown strength off colour pictures.

    zoo train --recipe denoiser_color --data folder:PHOTOS --out runs/denoiser_color

Begins with the weights of `denoiser/gray`, all but the first and the last convolution, which have other shapes. At a rate of 1e-3
and without clipping a training diverged after 1,800 steps.
Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 50 minutes.
Score: 30.82 dB on BSD68 in colour at deviation 25 (make quality).
"""

MODEL = "denoiser"
SET = {"level": (0, 55), "learning_rate": 6e-4}
SETTINGS = {
    "preset": "color",
    "start_from": "denoiser/gray",
    "clip": 1.0,
    "steps": 12000,
    "batch_size": 16,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 1000,
    "log_every": 100,
}
