"""SavedModel in the layout of TensorFlow Serving: signatures for tensors and for encoded pictures, under the contract's names."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.export.files import system_errors
from zoo.export.quiet import quiet
from zoo.export.signature import tensor_specs
from zoo.roles import HoleMask, Signature

ENCODED_CHANNELS = (1, 3, 4)  # gray, RGB, RGB with alpha: what one PNG holds


def trace(network: Any, signature: Signature, size: tuple[int, int] | None, batch: int | None = None) -> Any:
    """The network as one traced `tf.function` from a dict of inputs to a dict of outputs; `size` None takes any.

    Raises:
        ValueError: Keras runs on another backend.
    """
    import keras
    import tensorflow as tf

    if (backend := keras.backend.backend()) != "tensorflow":
        raise ValueError(
            f"Keras runs on {backend} in this process, and what is exported is made by TensorFlow: save the model as .keras, "
            "and export that file in a process with KERAS_BACKEND=tensorflow, as zoo export does"
        )
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
    [batch], of different sizes) and gives PNG (`output_image_bytes`). Inputs with a default may be left out of a request, or come
    once for the whole batch.
    """
    import keras

    archive = keras.export.ExportArchive()
    # Not tracked: the endpoints' variables are found anyway, and tracking the model stores every weight twice.
    archive.add_endpoint("serving_default", _with_defaults(function, signature))
    for name, other in (further or {}).items():
        archive.add_endpoint(name, other)
    pictures = signature.picture_inputs.values()
    answers = any(tensor.is_picture for tensor in signature.outputs.values())
    if pictures and answers and all(tensor.shape[3] in ENCODED_CHANNELS for tensor in pictures):
        archive.add_endpoint("serve_bytes", _bytes_function(function, signature))
    path = directory / "1"
    with quiet(debug), system_errors():
        archive.write_out(os.fspath(path), verbose=False)
    _write_defaults(path, signature)
    return path


def _with_defaults(function: Any, signature: Signature) -> Any:
    """The function, with what has a default and comes once repeated for every example."""
    import tensorflow as tf

    if not signature.optional:
        return function
    served = tf.function(lambda inputs: function(_repeated(inputs, signature)), function.input_signature, autograph=False)
    served.get_concrete_function()
    return served


def _repeated(inputs: dict[str, Any], signature: Signature) -> dict[str, Any]:
    import tensorflow as tf

    count = next(tf.shape(tensor)[0] for name, tensor in inputs.items() if name not in signature.optional)

    def repeated(tensor: Any) -> Any:
        return tf.ensure_shape(tf.broadcast_to(tensor, tf.concat([[count], tf.shape(tensor)[1:]], 0)), tensor.shape)

    return {name: repeated(tensor) if name in signature.optional else tensor for name, tensor in inputs.items()}


def _write_defaults(path: Path, signature: Signature) -> None:
    """Puts the defaults into the SavedModel's signatures, from where TensorFlow Serving feeds what a request leaves out."""
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    file = path / "saved_model.pb"
    stored = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for name in ("serving_default", "serve_bytes"):
        if name in (definitions := stored.meta_graphs[0].signature_def):
            for key, value in signature.optional.items():
                one = tf.make_tensor_proto([value], signature.inputs[key].dtype)
                definitions[name].defaults[key].CopyFrom(one)
    file.write_bytes(stored.SerializeToString(deterministic=True))


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
        return tf.map_fn(
            example, _repeated(inputs, signature), fn_output_signature={name: tf.TensorSpec((), tf.string) for name in outputs}
        )

    specs = tensor_specs(signature, None)
    for name in pictures:
        del specs[name]
        specs[f"{name}_bytes"] = tf.TensorSpec((None,), tf.string, name=f"{name}_bytes")
    served = tf.function(serve, input_signature=[specs], autograph=False)
    served.get_concrete_function()
    return served


def _decode(encoded: Any, tensor: Any) -> Any:
    import tensorflow as tf

    channels = int(tensor.shape[3])
    pixels = tf.io.decode_png(encoded, channels=channels)  # reads JPEG as well, except for 4 channels, which a JPEG lacks
    pixels = tf.cast(pixels, tf.float32) / 255.0
    pixels = tf.round(pixels) if isinstance(tensor, HoleMask) else pixels  # a JPEG's mask is not exactly 0 and 1
    return tf.ensure_shape(pixels, tensor.sized(1, None)[1:])


def _encode(picture: Any) -> Any:
    import tensorflow as tf

    return tf.io.encode_png(tf.saturate_cast(tf.round(picture * 255.0), tf.uint8))
