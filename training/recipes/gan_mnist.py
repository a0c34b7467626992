"""The shipped weight `gan/mnist`: digits from the fully connected network of 2014.

    zoo train --recipe gan_mnist --data tfds:mnist --data-dir TFDS --out runs/gan_mnist

Pictures: the 60,000 digits of MNIST's training set.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 10 minutes of processor time.
Score: Frechet distance 0.479 in compact features (benchmarks.generators).
"""

MODEL = "gan"
SETTINGS = {
    "preset": "goodfellow",
    "steps": 14510,
    "batch_size": 64,
    "ema": 0.999,
    "precision": "mixed_bfloat16",
    "log_every": 200,
    "checkpoint_every": 2000,
}
