"""The convolutions of VGG16 and VGG19 (Simonyan and Zisserman 2015) with ImageNet weights, from Keras or from a local file."""

import contextlib
import pathlib
import socket
import sys
import warnings

import keras
import numpy as np
from keras import ops

CONVOLUTIONS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
MAPS = {
    name: tuple(f"relu{block}_{i + 1}" for block, count in enumerate(counts, 1) for i in range(count))
    for name, counts in CONVOLUTIONS.items()
}
STYLE = {
    "vgg16": ("relu1_2", "relu2_2", "relu3_3", "relu4_3"),  # Johnson et al. 2016
    "vgg19": ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),  # Gatys et al. 2016
}
CONTENT = {
    "vgg16": ("relu2_2",),  # the paper's; its released code takes relu3_3
    "vgg19": ("relu4_2",),
}

ORIGIN = "https://storage.googleapis.com/tensorflow/keras-applications"
MD5 = {"vgg16": "6d6bbae143d832006294945121d1f1fc", "vgg19": "253f8cb515780f3b799900260a226db6"}
TIMEOUT = 20  # seconds without an answer; Keras sets none, and a network that swallows packets would hold it for minutes
MEAN_BGR = np.array([103.939, 116.779, 123.68], "float32")


def build(name: str, weights: str | None, names: tuple[str, ...]) -> keras.Model:
    """The network from `image` to the maps `names`, no deeper than the deepest of them."""
    application = {"vgg16": keras.applications.VGG16, "vgg19": keras.applications.VGG19}[name]
    base = application(include_top=False, weights=None)
    if weights != "random":
        _load(base, name, weights or _download(name))
    maps = {layer: base.get_layer(layer.replace("relu", "block").replace("_", "_conv")).output for layer in names}
    convolutions = keras.Model(base.input, maps, name=name)
    image = keras.Input((None, None, 3), name="image")
    return keras.Model(image, convolutions(255 * ops.flip(image, -1) - MEAN_BGR), name=f"{name}_features")


def _load(base: keras.Model, name: str, file: str) -> None:
    if not pathlib.Path(file).is_file():
        raise FileNotFoundError(f"the weights file {file} does not exist")
    try:
        with warnings.catch_warnings(action="ignore"):  # a layer that gets no weights is an error besides
            base.load_weights(file)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"{file} is cut short, or holds no weights of {name} without its top layers (a .weights.h5 file, or Keras' "
            f"{_published(name)}): {reason}"
        ) from error


def _published(name: str) -> str:
    return f"{name}_weights_tf_dim_ordering_tf_kernels_notop.h5"


def _download(name: str) -> str:
    """The path of Keras' own file, from its cache or from the network; what was half fetched is removed."""
    file, timeout = _published(name), socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return keras.utils.get_file(file, f"{ORIGIN}/{name}/{file}", cache_subdir="models", file_hash=MD5[name])
    except Exception as error:
        raise OSError(
            f"cannot download the weights of {name} ({error}); give a file with --feature-weights FILE, run it once on a "
            'machine with network, or choose features="compact"'
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)
