"""Small deployed networks that have what real ones have: padding by slices, a norm over pixels, upsampling by index."""

import keras
import numpy as np
from keras import layers, ops

from tests.models import sample


@keras.saving.register_keras_serializable("tests")
class ReflectEdges(layers.Layer):
    def call(self, x):
        x = ops.concatenate([x[:, 1:2], x, x[:, -2:-1]], axis=1)
        return ops.concatenate([x[:, :, 1:2], x, x[:, :, -2:-1]], axis=2)


@keras.saving.register_keras_serializable("tests")
class StyleNorm(layers.Layer):
    """One mean an axis: summing all pixels at once in float32 is off by 1e-4 of the mean, differently in every runtime."""

    def build(self, input_shape):
        shape = (input_shape[1][-1], input_shape[0][-1])
        self.gamma = self.add_weight(shape=shape, initializer=keras.initializers.RandomUniform(0.5, 1.5, seed=1), name="gamma")

    def call(self, inputs):
        x, style_weights = inputs
        x = x - self._mean(x)
        gamma = ops.reshape(ops.matmul(style_weights, self.gamma), (-1, 1, 1, x.shape[-1]))
        return x * gamma * ops.rsqrt(self._mean(ops.square(x)) + 1e-3)

    def _mean(self, x):
        return ops.mean(ops.mean(x, axis=2, keepdims=True), axis=1, keepdims=True)


@keras.saving.register_keras_serializable("tests")
class HalveAndDouble(layers.Layer):
    """Even rows and columns taken, each then repeated and cut to the size that came in."""

    def call(self, x):
        _, height, width, _ = ops.shape(x)
        x = x[:, ::2, ::2]
        x = ops.take(x, ops.arange(height) // 2, axis=1)
        return ops.take(x, ops.arange(width) // 2, axis=2)


@keras.saving.register_keras_serializable("tests")
class Digamma(layers.Layer):
    """An operator that neither LiteRT nor ONNX has."""

    def call(self, x):
        import tensorflow as tf

        return tf.math.digamma(1.0 + tf.abs(x))


def stylise(width=24, name="stylise"):
    """image, style_weights and strength to output_image, any height and width."""
    keras.utils.set_random_seed(0)
    image, style_weights = layers.Input((None, None, 3), name="image"), layers.Input((2,), name="style_weights")
    strength = layers.Input((), name="strength")
    x = layers.Conv2D(width, 3)(ReflectEdges()(image))
    x = layers.ReLU()(StyleNorm()([x, style_weights]))
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(HalveAndDouble()(x))
    x = layers.Conv2D(3, 3, activation="sigmoid")(ReflectEdges()(x))
    output = image + ops.reshape(strength, (-1, 1, 1, 1)) * (x - image)
    inputs = {"image": image, "style_weights": style_weights, "strength": strength}
    return keras.Model(inputs, {"output_image": output}, name=name)


def unportable():
    """A network that only TensorFlow runs."""
    image = layers.Input((None, None, 3), name="image")
    return keras.Model({"image": image}, {"output_image": Digamma()(layers.Conv2D(3, 3, padding="same")(image))})


def generator(channels=4):
    """latent and one-hot label to a gray picture of 12x20."""
    keras.utils.set_random_seed(0)
    latent, label = layers.Input((8,), name="latent"), layers.Input((3,), name="label")
    x = layers.Reshape((6, 10, channels))(layers.Dense(60 * channels)(layers.Concatenate()([latent, label])))
    output = layers.Conv2DTranspose(1, 4, 2, "same", activation="sigmoid")(x)
    return keras.Model({"latent": latent, "label": label}, {"output_image": output}, name="generator")


def inpainter():
    """A gray picture and a mask to a picture of twice the size."""
    keras.utils.set_random_seed(0)
    image, mask = layers.Input((None, None, 1), name="image"), layers.Input((None, None, 1), name="mask")
    x = layers.Conv2D(4, 3, padding="same")(layers.Concatenate()([image * (1.0 - mask), mask]))
    return keras.Model({"image": image, "mask": mask}, {"output_image": ops.clip(DepthToSpace()(x), 0.0, 1.0)})


@keras.saving.register_keras_serializable("tests")
class DepthToSpace(layers.Layer):
    def call(self, x):
        batch, height, width, _ = ops.shape(x)
        x = ops.reshape(x, (batch, height, width, 2, 2))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4)), (batch, 2 * height, 2 * width, 1))

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, height and 2 * height, width and 2 * width, 1)


def pictures(count=8):
    """Real pictures of different sizes: float32 [height, width, 3] in [0, 1]."""
    names = ("astronaut", "chelsea", "coffee", "rocket")
    return [sample(names[i % 4], 300)[: 200 + 13 * i, : 180 + 11 * i] for i in range(count)]


def batch(count, height, width):
    """Named inputs of `stylise`."""
    return {
        "image": np.stack([sample("astronaut", 300)[i : height + i, i : width + i] for i in range(count)]),
        "style_weights": np.eye(2, dtype="float32")[np.arange(count) % 2],
        "strength": np.linspace(0.5, 1.0, count, dtype="float32"),
    }
