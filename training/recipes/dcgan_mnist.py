"""The shipped weight `dcgan/mnist`: digits.

    zoo train --recipe dcgan_mnist --data tfds:mnist --data-dir TFDS --out runs/dcgan_mnist

Pictures: the 60,000 digits of MNIST's training set.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 11 minutes of processor time.
Score: Frechet distance 0.260 in compact features (benchmarks.generators).
"""

MODEL = "dcgan"
SET = {"generator_width": 32, "discriminator_width": 32}
SETTINGS = {
    "preset": "mnist",
    "steps": 16000,
    "batch_size": 64,
    "ema": 0.999,
    "precision": "mixed_bfloat16",
    "log_every": 200,
    "checkpoint_every": 2000,
}
