"""The shipped weight `dcgan/cifar10`: small colour pictures.

    zoo train --recipe dcgan_cifar10 --data tfds:cifar10 --data-dir TFDS --out runs/dcgan_cifar10

Pictures: the 50,000 pictures of CIFAR-10's training set.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 22 minutes of processor time.
Score: Frechet distance 0.758 in compact features (benchmarks.generators).
"""

MODEL = "dcgan"
SET = {"generator_width": 64, "discriminator_width": 64}
SETTINGS = {
    "preset": "cifar10",
    "steps": 7000,
    "batch_size": 64,
    "ema": 0.999,
    "precision": "mixed_bfloat16",
    "log_every": 200,
    "checkpoint_every": 2000,
}
