"""`tf.train.Example`, the message of TFRecord files, described here: reading and writing one needs no TensorFlow."""

import functools
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_LISTS = {
    "bytes_list": ("BytesList", "TYPE_BYTES"),
    "float_list": ("FloatList", "TYPE_FLOAT"),
    "int64_list": ("Int64List", "TYPE_INT64"),
}
_Field = descriptor_pb2.FieldDescriptorProto


@functools.cache
def example_class() -> Any:
    """The class of the message, with the fields, and so the bytes, of TensorFlow's own.

    Example:
        >>> example = example_class().FromString(record)
        >>> example.features.feature["image/encoded"].bytes_list.value[0]
    """
    file = descriptor_pb2.FileDescriptorProto(name="zoo/example.proto", package="zoo", syntax="proto3")
    for name, kind in _LISTS.values():
        _add(file.message_type.add(name=name), "value", 1, kind, label="LABEL_REPEATED")
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (field, (name, _)) in enumerate(_LISTS.items(), 1):
        _add(feature, field, number, "TYPE_MESSAGE", type_name=f".zoo.{name}", oneof_index=0)
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    _add(entry, "key", 1, "TYPE_STRING")
    _add(entry, "value", 2, "TYPE_MESSAGE", type_name=".zoo.Feature")
    _add(features, "feature", 1, "TYPE_MESSAGE", label="LABEL_REPEATED", type_name=".zoo.Features.FeatureEntry")
    _add(file.message_type.add(name="Example"), "features", 1, "TYPE_MESSAGE", type_name=".zoo.Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("zoo.Example"))


def _add(message: Any, name: str, number: int, kind: str, label: str = "LABEL_OPTIONAL", **more: Any) -> None:
    message.field.add(name=name, number=number, type=_Field.Type.Value(kind), label=_Field.Label.Value(label), **more)
