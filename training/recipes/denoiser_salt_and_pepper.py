"""The shipped weight `denoiser/salt_and_pepper`: gray pictures of which a tenth of the pixels is black or white.

    zoo train --recipe denoiser_salt_and_pepper --data folder:PHOTOS --out runs/denoiser_salt_and_pepper

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 2 cores of an x86-64 processor with bf16 instructions, shared with other work. Duration: 7 minutes.
Score: 36.09 dB on Set12, 7.05 dB above a 3x3 median filter (make quality).
"""

MODEL = "denoiser"
SET = {"width": 32}
SETTINGS = {
    "preset": "salt_and_pepper",
    "steps": 5000,
    "batch_size": 16,
    "precision": "mixed_bfloat16",
    "ema": 0.999,
    "checkpoint_every": 2000,
    "log_every": 100,
}
