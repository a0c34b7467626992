"""The picture as the output of a small network of fixed noise."""

import keras
from keras import layers

from zoo.layers import InstanceNormalization, NearestUpsampling2D, ReflectionPadding2D


def generator(height: int, width: int, channels: int = 32) -> keras.Model:
    """From noise [1, H / 2^k, W / 2^k, 8] for k = 4 to 0 to a picture [1, H, W, 3] in [0, 1].

    Noise enters at every scale, as in Ulyanov et al. (2016, https://arxiv.org/abs/1603.03417).
    """
    noise = [layers.Input((-(-height >> k), -(-width >> k), 8), batch_size=1, name=f"noise{k}") for k in range(4, -1, -1)]
    x = noise[0]
    for finer in [*noise[1:], None]:
        for _ in range(2):
            x = layers.Conv2D(channels, 3, use_bias=False)(ReflectionPadding2D(1)(x))
            x = layers.LeakyReLU(0.2)(InstanceNormalization()(x))
        if finer is not None:
            x = NearestUpsampling2D()(x)[:, : finer.shape[1], : finer.shape[2]]
            x = layers.Concatenate()([x, finer])
    x = layers.Conv2D(3, 3, dtype="float32", activation="sigmoid")(ReflectionPadding2D(1)(x))
    return keras.Model(noise, x, name="generator")
