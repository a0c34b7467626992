"""`gan/cifar10`, which does not ship: it stands beside the others in docs/generators.md.

    zoo train --recipe gan_cifar10 --data tfds:cifar10 --data-dir TFDS --out runs/gan_cifar10

Pictures: the 50,000 pictures of CIFAR-10's training set.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 12 minutes of processor time.
Score: Frechet distance 20.8 in compact features (benchmarks.generators).
"""

MODEL = "gan"
SET = {"width": 800}
SETTINGS = {
    "preset": "cifar10",
    "steps": 12000,
    "batch_size": 64,
    "ema": 0.999,
    "precision": "mixed_bfloat16",
    "log_every": 200,
    "checkpoint_every": 2000,
}
