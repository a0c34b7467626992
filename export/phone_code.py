"""What the inputs of a signature become in Kotlin and in Swift: parameters with the right types, checks and conversions."""

import dataclasses
import re

from zoo.export.signature import SHARES, Signature, Tensor

WHAT = {
    "image": "the picture, of any size: it is scaled to the file's",
    "mask": "white where the hole is, of any size",
    "style": "the style picture, of any size: it is scaled to the file's",
    "strength": "0 (the picture itself) to 1",
    "truncation": "1 for all that the model knows; towards 0 safer, and more alike",
}


@dataclasses.dataclass(frozen=True)
class Argument:
    """One input in one language: its parameter, a line that checks it, what is written to the tensor, and an example."""

    name: str
    words: str
    parameter: str
    check: str
    value: str
    example: str
    helper: str = ""


def kotlin(signature: Signature) -> list[Argument]:
    """The arguments of `run` in Kotlin, pictures first; `value` is a call of the buffer, `helper` names what it needs."""
    return [_kotlin(tensor) for tensor in _ordered(signature)]


def swift(signature: Signature) -> list[Argument]:
    """The arguments of `run` in Swift, pictures first; `value` is the tensor's `Data`."""
    return [_swift(tensor) for tensor in _ordered(signature)]


def camel(name: str) -> str:
    """style_weights -> styleWeights."""
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", name) if part]
    return first[0].lower() + first[1:] + "".join(part[0].upper() + part[1:] for part in rest)


def _ordered(signature: Signature) -> list[Tensor]:
    """Pictures first, `image` before all; those that have a default value come last."""
    return sorted(signature.inputs.values(), key=lambda t: (not t.is_picture, t.name != "image", _kind(t) != "number"))


def _kind(tensor: Tensor) -> str:
    if tensor.is_picture:
        return "layers" if int(tensor.shape[3]) % 4 == 0 else "picture"
    if tensor.name == "label":
        return "number" if len(tensor.shape) == 1 else "class"
    if tensor.name == "style_weights":
        return "weights"
    if tensor.name in SHARES and len(tensor.shape) == 1:
        return "share"
    return "latent"


def _words(tensor: Tensor) -> str:
    count = int(tensor.shape[-1]) if len(tensor.shape) > 1 else 1
    kinds = {
        "layers": f"{count // 4} picture(s) with transparency, the lowest first, of any size",
        "class": f"0 to {count - 1}",
        "number": f"0 to {tensor.range[1]:g}" if tensor.range else "a whole number",
        "weights": f"{count} values from 0 to 1 that add up to 1, one a style",
        "latent": f"{count} values; standard normal ones unless given",
    }
    return WHAT.get(tensor.name) or kinds.get(_kind(tensor)) or "see model.json"


def _kotlin(tensor: Tensor) -> Argument:
    name, count = camel(tensor.name), int(tensor.shape[-1]) if len(tensor.shape) > 1 else 1
    place = "size.height, size.width"
    channels = f"channels = {count}" + (", binary = true" if tensor.name == "mask" else "")
    last = int(tensor.range[1]) if tensor.range else 0
    within = f'require({name} in 0..{{}}) {{{{ "{name} is 0 to {{}}" }}}}'
    parameter, check, value, example, helper = {
        "picture": (f"{name}: Bitmap", "", f"writeFloat(pixels({name}, {place}, {channels}))", name, "pixels"),
        "layers": (
            f"{name}: List<Bitmap>",
            f'require({name}.size == {count // 4}) {{ "{name} takes {count // 4} pictures" }}',
            f"writeFloat(layers({name}, {place}))",
            f"listOf({', '.join(['photo'] * (count // 4))})",
            "layers",
        ),
        "number": (f"{name}: Int", within.format(last, last), f"writeInt(intArrayOf({name}))", f"{name} = 0", ""),
        "class": (
            f"{name}: Int",
            within.format(count - 1, count - 1),
            f"writeFloat(FloatArray({count}) {{ if (it == {name}) 1f else 0f }})",
            f"{name} = 0",
            "",
        ),
        "weights": (
            f"{name}: FloatArray = FloatArray({count}) {{ if (it == 0) 1f else 0f }}",
            f'require({name}.size == {count}) {{ "{name} has {count} values" }}',
            f"writeFloat({name})",
            "",
            "",
        ),
        "share": (f"{name}: Float = 1f", "", f"writeFloat(floatArrayOf({name}.coerceIn(0f, 1f)))", "", ""),
        "latent": (
            f"{name}: FloatArray = normal({count})",
            f'require({name}.size == {count}) {{ "{name} has {count} values" }}',
            f"writeFloat({name})",
            "",
            "normal",
        ),
    }[_kind(tensor)]
    return Argument(tensor.name, f"{name} {_words(tensor)}", parameter, check, value, example, helper)


def _swift(tensor: Tensor) -> Argument:
    name, count = camel(tensor.name), int(tensor.shape[-1]) if len(tensor.shape) > 1 else 1
    place = "height: size.height, width: size.width"
    channels = f"channels: {count}" + (", binary: true" if tensor.name == "mask" else "")
    last = int(tensor.range[1]) if tensor.range else 0

    def guard(condition: str, words: str) -> str:
        return f'guard {condition} else {{ throw Failure.badInput("{words}") }}'

    values = guard(f"{name}.count == {count}", f"{name} has {count} values")
    floats = f"Self.data({name})"
    parameter, check, value, example, helper = {
        "picture": (
            f"{name}: UIImage",
            "",
            f"Self.data(try Self.pixels({name}, {place}, {channels}))",
            f"{name}: photo",
            "pixels",
        ),
        "layers": (
            f"{name}: [UIImage]",
            guard(f"{name}.count == {count // 4}", f"{name} takes {count // 4} pictures"),
            f"Self.data(try Self.layers({name}, {place}))",
            f"{name}: [{', '.join(['photo'] * (count // 4))}]",
            "layers",
        ),
        "number": (
            f"{name}: Int",
            guard(f"(0...{last}).contains({name})", f"{name} is 0 to {last}"),
            f"Self.data([Int32({name})])",
            f"{name}: 0",
            "",
        ),
        "class": (
            f"{name}: Int",
            guard(f"(0..<{count}).contains({name})", f"{name} is 0 to {count - 1}"),
            f"Self.data((0..<{count}).map {{ Float32($0 == {name} ? 1 : 0) }})",
            f"{name}: 0",
            "",
        ),
        "weights": (f"{name}: [Float32] = [1{', 0' * (count - 1)}]", values, floats, "", ""),
        "share": (f"{name}: Float32 = 1", "", f"Self.data([min(max({name}, 0), 1)])", "", ""),
        "latent": (f"{name}: [Float32]? = nil", "", "", "", "normal"),
    }[_kind(tensor)]
    if helper == "normal":
        check = f"let {name}Values = {name} ?? Self.normal({count})\n" + values.replace(f"{name}.count", f"{name}Values.count")
        value = f"Self.data({name}Values)"
    return Argument(tensor.name, f"{name}: {_words(tensor)}", parameter, check, value, example, helper)
