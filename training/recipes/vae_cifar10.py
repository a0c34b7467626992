"""`vae/cifar10`, which does not ship: it stands beside the others in docs/generators.md.

    zoo train --recipe vae_cifar10 --data tfds:cifar10 --data-dir TFDS --out runs/vae_cifar10

Pictures: the 50,000 pictures of CIFAR-10's training set.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 5 minutes of processor time.
Score: Frechet distance 29.9 in compact features (benchmarks.generators).
"""

MODEL = "vae"
SETTINGS = {
    "preset": "cifar10",
    "steps": 1600,
    "batch_size": 64,
    "ema": 0.995,
    "precision": "mixed_bfloat16",
    "log_every": 200,
    "checkpoint_every": 2000,
}
