"""Training steps: ours by plain `fit`, beside a bare Keras loop and PyTorch, eager and compiled, on the same shapes and cores.

    python -m benchmarks --only steps,gan_steps

Each runner is a process of its own that builds its model, takes a first step uncounted, and then steps when it is its turn.
"""

import os
import sys
import time
from typing import Any

import numpy as np

from benchmarks.turns import Run, Runner, has_pytorch, medians, spreads, taken, timed

SIZE, BATCH = 256, 4  # fast_style
GAN_WIDTH, GAN_BATCH = 64, 64  # dcgan preset radford has 128
BF16 = ", bf16 autocast"
EAGER, COMPILED, TWO_TAPES = "PyTorch eager", "torch.compile", "two-tape Keras loop"
PRECISIONS = {"float32": "", "mixed_bfloat16": BF16}  # ours -> what PyTorch's titles end with at the same


def measure(quick: bool = False, pytorch: str = sys.executable) -> dict[str, Any]:
    """Seconds a step of fast_style by runner, and how far they spread. `pytorch` is the interpreter that has it."""
    return in_turns("style", 1.0, quick, pytorch)


def measure_gan(quick: bool = False, pytorch: str = sys.executable) -> dict[str, Any]:
    """The same of DCGAN."""
    return in_turns("gan", 2.0, quick, pytorch)


def in_turns(task: str, seconds: float, quick: bool, pytorch: str) -> dict[str, Any]:
    threads = 1 if quick else os.cpu_count() or 1
    runners = {f"ours, {p}": Runner(f"benchmarks.steps:ours_{task}", threads, precision=p, quick=quick) for p in PRECISIONS}
    if task == "gan":
        runners[TWO_TAPES] = Runner("benchmarks.steps:two_tapes", threads, quick=quick)
    for end in PRECISIONS.values() if has_pytorch(pytorch) else ():
        for name in (EAGER, COMPILED):
            settings = {"quick": quick, "autocast": end == BF16, "compiled": name == COMPILED}
            runners[name + end] = Runner(f"benchmarks.torch_steps:{task}", threads, pytorch, **settings)
    times = taken(runners, rounds=1 if quick else 3, seconds=seconds)[None]
    return {"threads": threads, "seconds": medians(times), "spread": spreads(times)}


def style_batch(size: int) -> np.ndarray:
    return np.random.default_rng(0).random((BATCH, size, size, 3), dtype="float32")


def gan_batch(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures in [0, 1] and latents."""
    random = np.random.default_rng(0)
    return random.random((GAN_BATCH, 64, 64, 3), dtype="float32"), random.standard_normal((GAN_BATCH, 100), dtype="float32")


def ours_style(threads: int, precision: str, quick: bool) -> Run:
    import keras

    import zoo

    keras.config.set_dtype_policy(precision)
    size = 32 if quick else SIZE
    preset = "tiny" if quick else "johnson"
    model = zoo.create("fast_style", preset=preset, features="vgg16", feature_weights="random", size=size)
    model.adapt(style=[style_batch(size)[0]])
    return fitted(model, {"image": style_batch(size)})


def ours_gan(threads: int, precision: str, quick: bool) -> Run:
    import keras

    import zoo

    keras.config.set_dtype_policy(precision)
    width = gan_width(quick)
    images, latents = gan_batch(width)
    model = zoo.create("dcgan", preset="radford", generator_width=width, discriminator_width=width)
    return fitted(model, {"image": images, "latent": latents})


def gan_width(quick: bool) -> int:
    return 4 if quick else GAN_WIDTH


def fitted(model: Any, batch: dict[str, np.ndarray]) -> Run:
    """Turns of `fit` on one batch again and again, timed by a callback from the beginning of a step to its end."""
    import keras
    import tensorflow as tf

    model.compile(jit_compile=False)
    dataset = tf.data.Dataset.from_tensors(batch).repeat()

    class Clock(keras.callbacks.Callback):
        def __init__(self, seconds: float) -> None:
            super().__init__()
            self.seconds, self.times = seconds, list[float]()

        def on_train_batch_begin(self, step: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_train_batch_end(self, step: int, logs: Any = None) -> None:
            float(logs["loss"])  # the step is over when its loss is known
            self.times.append(time.perf_counter() - self.started)
            self.model.stop_training = sum(self.times) >= self.seconds

    def run(case: Any, seconds: float) -> list[float]:
        clock = Clock(seconds)
        model.fit(dataset, steps_per_epoch=1000, verbose=0, callbacks=[clock])
        return clock.times

    run(None, 0.0)  # one step, which traces the graph
    return run


def two_tapes(threads: int, quick: bool) -> Run:
    """The training step of TensorFlow's DCGAN tutorial, a gradient tape and an Adam for each player, on DCGAN's networks."""
    import keras
    import tensorflow as tf

    width = gan_width(quick)
    generator, discriminator = keras_generator(width), keras_discriminator(width)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    generator_adam, discriminator_adam = keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5)

    @tf.function
    def step(images: Any, noise: Any) -> Any:
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            generated = generator(noise, training=True)
            real = discriminator(images, training=True)
            fake = discriminator(generated, training=True)
            generator_loss = cross_entropy(tf.ones_like(fake), fake)
            discriminator_loss = cross_entropy(tf.ones_like(real), real) + cross_entropy(tf.zeros_like(fake), fake)
        for network, tape, loss, adam in (
            (generator, generator_tape, generator_loss, generator_adam),
            (discriminator, discriminator_tape, discriminator_loss, discriminator_adam),
        ):
            adam.apply_gradients(zip(tape.gradient(loss, network.trainable_variables), network.trainable_variables, strict=True))
        return generator_loss, discriminator_loss

    images, latents = map(tf.constant, gan_batch(width))
    return timed(lambda case: [float(loss) for loss in step(2 * images - 1, latents)])


def keras_generator(width: int) -> Any:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((100,)),
            layers.Dense(16 * 8 * width, use_bias=False),
            layers.Reshape((4, 4, 8 * width)),
            *(layers.BatchNormalization(), layers.ReLU()),
            *(layers.Conv2DTranspose(4 * width, 5, 2, "same", use_bias=False), layers.BatchNormalization(), layers.ReLU()),
            *(layers.Conv2DTranspose(2 * width, 5, 2, "same", use_bias=False), layers.BatchNormalization(), layers.ReLU()),
            *(layers.Conv2DTranspose(width, 5, 2, "same", use_bias=False), layers.BatchNormalization(), layers.ReLU()),
            layers.Conv2DTranspose(3, 5, 2, "same", activation="tanh"),
        ]
    )


def keras_discriminator(width: int) -> Any:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((64, 64, 3)),
            *(layers.Conv2D(width, 5, 2, "same"), layers.LeakyReLU(0.2)),
            *(layers.Conv2D(2 * width, 5, 2, "same", use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(0.2)),
            *(layers.Conv2D(4 * width, 5, 2, "same", use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(0.2)),
            *(layers.Conv2D(8 * width, 5, 2, "same", use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(0.2)),
            *(layers.Flatten(), layers.Dense(1)),
        ]
    )
