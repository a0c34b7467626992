"""The shipped weight `stylegan/cifar10`: small colour pictures.

    zoo train --recipe stylegan_cifar10 --data tfds:cifar10 --data-dir TFDS --out runs/stylegan_cifar10

Pictures: the 50,000 pictures of CIFAR-10's training set.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 41 minutes of processor time.
Score: Frechet distance 0.548 in compact features (benchmarks.generators).
"""

MODEL = "stylegan"
SET = {"r1": 0.05}
SETTINGS = {
    "preset": "small",
    "steps": 14000,
    "batch_size": 32,
    "ema": 0.999,
    "precision": "mixed_bfloat16",
    "log_every": 200,
    "checkpoint_every": 2000,
}
