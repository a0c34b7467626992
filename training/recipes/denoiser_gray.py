"""The shipped weight `denoiser/gray`: takes Gaussian noise of deviation 25 off gray pictures.

    zoo train --recipe denoiser_gray --data folder:PHOTOS --out runs/denoiser_gray

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 2 cores of an x86-64 processor with bf16 instructions, shared with other work. Duration: 38 minutes.
Score: 28.84 dB on BSD68 (make quality).
"""

MODEL = "denoiser"
SETTINGS = {
    "preset": "gray",
    "steps": 16000,
    "batch_size": 16,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 2000,
    "log_every": 100,
}
