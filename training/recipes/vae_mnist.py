"""The shipped weight `vae/mnist`: binarised digits, for likelihoods, sampling and interpolation.

    zoo train --recipe vae_mnist --data tfds:mnist --data-dir TFDS --out runs/vae_mnist

Pictures: the 60,000 digits of MNIST's training set.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 33 minutes of processor time.
Score: 83.96 nats on the test set (make quality).
"""

MODEL = "vae"
SET = {"width": 24}
SETTINGS = {
    "preset": "mnist_binary",
    "steps": 18000,
    "batch_size": 128,
    "ema": 0.999,
    "precision": "mixed_bfloat16",
    "log_every": 200,
    "checkpoint_every": 2000,
}
