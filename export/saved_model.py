"""SavedModel in the layout of TensorFlow Serving: signatures for tensors and for encoded pictures, under the contract's names."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.export.quiet import quiet
from zoo.export.signature import Signature, Tensor, tensor_specs

ENCODED_CHANNELS = (1, 3, 4)  # gray, RGB, RGB with alpha: what one PNG holds


def trace(network: Any, signature: Signature, size: tuple[int, int] | None, batch: int | None = None) -> Any:
    """The network as one traced `tf.function` from a dict of inputs to a dict of outputs; `size` None takes any."""
    import tensorflow as tf

    specs = tensor_specs(signature, size, batch)
    function = tf.function(lambda inputs: network(inputs, training=False), input_signature=[specs], autograph=False)
    function.get_concrete_function()
    return function


def write(
    function: Any, signature: Signature, directory: Path, further: Mapping[str, Any] | None = None, debug: bool = False
) -> Path:
    """Writes `directory/1`, the first version that TensorFlow Serving finds; returns its path.

    `function` comes from `trace`, and so do the values of `further`, whose keys name their signatures. `serving_default` takes
    and gives tensors. `serve_bytes`, for models from pictures to pictures, takes encoded JPEG or PNG (`image_bytes`, string
    [batch], of different sizes) and gives PNG (`output_image_bytes`).
    """
    import keras

    archive = keras.export.ExportArchive()
    # Not tracked: the endpoints' variables are found anyway, and tracking the model stores every weight twice.
    archive.add_endpoint("serving_default", function)
    for name, other in (further or {}).items():
        archive.add_endpoint(name, other)
    pictures = signature.picture_inputs.values()
    answers = any(tensor.is_picture for tensor in signature.outputs.values())
    if pictures and answers and all(tensor.shape[3] in ENCODED_CHANNELS for tensor in pictures):
        archive.add_endpoint("serve_bytes", _bytes_function(function, signature))
    path = directory / "1"
    with quiet(debug):
        archive.write_out(os.fspath(path), verbose=False)
    return path


def _bytes_function(function: Any, signature: Signature) -> Any:
    """One example after the other, so that the pictures of a batch need not be of one size."""
    import tensorflow as tf

    pictures = signature.picture_inputs
    outputs = {f"{name}_bytes": name for name, tensor in signature.outputs.items() if tensor.is_picture}

    def example(inputs: dict[str, Any]) -> dict[str, Any]:
        tensors = {
            name: _decode(inputs[f"{name}_bytes"], pictures[name]) if name in pictures else inputs[name]
            for name in signature.inputs
        }
        results = function({name: tensor[tf.newaxis] for name, tensor in tensors.items()})
        return {encoded: _encode(results[name][0]) for encoded, name in outputs.items()}

    def serve(inputs: dict[str, Any]) -> dict[str, Any]:
        return tf.map_fn(example, inputs, fn_output_signature={name: tf.TensorSpec((), tf.string) for name in outputs})

    specs = tensor_specs(signature, None)
    for name in pictures:
        del specs[name]
        specs[f"{name}_bytes"] = tf.TensorSpec((None,), tf.string, name=f"{name}_bytes")
    served = tf.function(serve, input_signature=[specs], autograph=False)
    served.get_concrete_function()
    return served


def _decode(encoded: Any, tensor: Tensor) -> Any:
    import tensorflow as tf

    channels = int(tensor.shape[3])
    pixels = tf.io.decode_png(encoded, channels=channels)  # reads JPEG as well, except for 4 channels, which a JPEG lacks
    pixels = tf.cast(pixels, tf.float32) / 255.0
    pixels = tf.round(pixels) if tensor.name == "mask" else pixels  # a JPEG's mask is not exactly 0 and 1
    return tf.ensure_shape(pixels, tensor.sized(1, None)[1:])


def _encode(picture: Any) -> Any:
    import tensorflow as tf

    return tf.io.encode_png(tf.saturate_cast(tf.round(picture * 255.0), tf.uint8))
