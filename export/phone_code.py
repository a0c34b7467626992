"""What the inputs of a signature become in Kotlin and in Swift: parameters with the right types, checks and conversions."""

import dataclasses
import re
from collections.abc import Mapping

from zoo import roles
from zoo.common.text import one_line
from zoo.export.unsupported import Unsupported
from zoo.roles import Role, Signature

# How a role comes as a parameter; a role that has none cannot be shown by a phone's code.
KINDS: Mapping[type[Role], str] = {
    roles.Photograph: "picture",
    roles.StylePicture: "picture",
    roles.HoleMask: "mask",
    roles.Layers: "layers",
    roles.Share: "share",
    roles.Weights: "weights",
    roles.Latent: "latent",
    roles.Choice: "choice",
    roles.Frames: "",
    roles.Values: "",
}
PICTURES = ("picture", "mask", "layers")  # before all others
OPTIONAL = ("share", "weights", "latent")  # after all others: they have a default


@dataclasses.dataclass(frozen=True)
class Argument:
    """One input in one language: its parameter, a line that checks it, what is written to the tensor, an example; its bytes."""

    name: str
    words: str
    parameter: str
    check: str
    value: str
    example: str
    helper: str = ""
    bytes: str = ""


def kotlin(signature: Signature) -> list[Argument]:
    """The arguments of `run` in Kotlin, pictures first; `value` is a call of the buffer, `helper` names what it needs."""
    return [_kotlin(tensor) for tensor in _ordered(signature)]


def swift(signature: Signature) -> list[Argument]:
    """The arguments of `run` in Swift, pictures first; `value` is the tensor's `Data`."""
    return [_swift(tensor) for tensor in _ordered(signature)]


def kotlin_place(signature: Signature) -> str:
    """Where the picture lies in the file's: the result is cut out there again."""
    return _place(signature, "placed({}, size)", "{}.first()") or "Rect(0, 0, size.width, size.height)"


def swift_place(signature: Signature) -> str:
    """The same in Swift."""
    return _place(signature, "Self.placed({}, size)", "{}[0]") or "CGRect(x: 0, y: 0, width: size.width, height: size.height)"


def _place(signature: Signature, call: str, first: str) -> str:
    role = signature.input(roles.Photograph) or signature.input(roles.Layers)
    if role is None:
        return ""
    return call.format(first.format(camel(role.name)) if isinstance(role, roles.Layers) else camel(role.name))


def camel(name: str) -> str:
    """style_weights -> styleWeights."""
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", name) if part]
    return first[0].lower() + first[1:] + "".join(part[0].upper() + part[1:] for part in rest)


def _ordered(signature: Signature) -> list[Role]:
    """Pictures first, the photograph before all; those that have a default value come last."""
    return sorted(
        signature.inputs.values(),
        key=lambda role: (_kind(role) not in PICTURES, not isinstance(role, roles.Photograph), _kind(role) in OPTIONAL),
    )


def _kind(role: Role) -> str:
    if not (kind := KINDS[type(role)]):
        raise Unsupported(f"a phone's code has nothing to set {role.name} with ({role.words})")
    return kind


def _form(role: Role) -> str:
    """The row of a language's table: a mask is a picture, a choice a number or a vector."""
    if isinstance(role, roles.Choice):
        return "class" if role.one_hot else "number"
    return "picture" if _kind(role) == "mask" else _kind(role)


def _words(role: Role) -> str:
    ends = {
        "picture": ", of any size and shape",
        "mask": ", laid over the picture",
        "layers": ", of any size; the first gives the shape",
    }
    # It becomes a comment in source code, and names of classes and styles come from files and folders that others named.
    words = one_line(role.words).replace("/*", "/ *").replace("*/", "* /")
    return words + (ends | {"latent": "; drawn unless given"}).get(_kind(role), "")


def _kotlin(tensor: Role) -> Argument:
    name, count = camel(tensor.name), int(tensor.shape[-1]) if len(tensor.shape) > 1 else 1
    place = "size, null" if isinstance(tensor, roles.StylePicture) else "size, place"
    kind = _kind(tensor)
    channels = f"channels = {count}" + (", binary = true" if kind == "mask" else "")
    last = len(tensor.names) - 1 if isinstance(tensor, roles.Choice) else 0
    within = f'require({name} in 0..{{}}) {{{{ "{name} is 0 to {{}}" }}}}'
    parameter, check, value, example, helper = {
        "picture": (f"{name}: Bitmap", "", f"writeFloat(pixels({name}, {place}, {channels}))", name, "pixels"),
        "layers": (
            f"{name}: List<Bitmap>",
            f'require({name}.size == {count // 4}) {{ "{name} takes {count // 4} pictures" }}',
            f"writeFloat(layers({name}, size, place))",
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
            f"{name}: FloatArray = FloatArray({count}) {{ 1f / {count} }}",
            f'require({name}.size == {count}) {{ "{name} has {count} values" }}',
            f"writeFloat({name})",
            "",
            "",
        ),
        "share": (f"{name}: Float = {tensor.default}f", "", f"writeFloat(floatArrayOf({name}.coerceIn(0f, 1f)))", "", ""),
        "latent": (
            f"{name}: FloatArray = normal({count})",
            f'require({name}.size == {count}) {{ "{name} has {count} values" }}',
            f"writeFloat({name})",
            "",
            "normal",
        ),
    }[_form(tensor)]
    return Argument(tensor.name, f"{name} {_words(tensor)}", parameter, check, value, example, helper)


def _swift(tensor: Role) -> Argument:
    name, count = camel(tensor.name), int(tensor.shape[-1]) if len(tensor.shape) > 1 else 1
    place = "size, nil" if isinstance(tensor, roles.StylePicture) else "size, place"
    kind = _kind(tensor)
    channels = f"channels: {count}" + (", binary: true" if kind == "mask" else "")
    last = len(tensor.names) - 1 if isinstance(tensor, roles.Choice) else 0

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
            f"Self.data(try Self.layers({name}, size, place))",
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
        "weights": (f"{name}: [Float32] = Array(repeating: 1 / {count}, count: {count})", values, floats, "", ""),
        "share": (f"{name}: Float32 = {tensor.default}", "", f"Self.data([min(max({name}, 0), 1)])", "", ""),
        "latent": (f"{name}: [Float32]? = nil", "", "", "", "normal"),
    }[_form(tensor)]
    if helper == "normal":
        check = f"let {name}Values = {name} ?? Self.normal({count})\n" + values.replace(f"{name}.count", f"{name}Values.count")
        value = f"Self.data({name}Values)"
    sides = " * size.height * size.width" if tensor.is_picture else ""
    return Argument(tensor.name, f"{name}: {_words(tensor)}", parameter, check, value, example, helper, f"{4 * count}{sides}")
