"""Protocol buffers written as text, as models.config is: read, changed and written back without their definitions."""

import ast
import re
from typing import Any

DEPTH = 32  # messages in messages
# Fields in order: a message is a list of its own; a quoted string is a `str`, a whole number an `int`, other words a `Word`.
Message = list[tuple[str, Any]]

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<word>[\w.+-]+)|(?P<mark>[{}:;,])"""
)


class Word(str):
    """A value without quotes: true, false, or a name of an enumeration."""


def parse(text: str) -> Message:
    """The fields of `text`, comments left out. Raises ValueError that names the line."""
    tokens = [*_tokens(text), ("end", "", text.count("\n") + 1)]
    message, rest = _fields(tokens, 0)
    kind, token, line = tokens[rest]
    if kind != "end":
        raise ValueError(f"line {line}: {token!r} closes nothing")
    return message


def _tokens(text: str) -> list[tuple[str, str, int]]:
    tokens, place, line = [], 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"line {line}: {text[place]!r} has no meaning here")
        if match.lastgroup != "space":
            tokens.append((str(match.lastgroup), match.group(), line))
        line += match.group().count("\n")
        place = match.end()
    return tokens


def _fields(tokens: list[tuple[str, str, int]], place: int, depth: int = 0) -> tuple[Message, int]:
    message: Message = []
    if depth > DEPTH:
        raise ValueError(f"line {tokens[place][2]}: nested more than {DEPTH} times")
    while tokens[place][0] == "word":
        name = tokens[place][1]
        place += 1
        colon = tokens[place][1] == ":"
        place += colon
        kind, token, line = tokens[place]
        if token == "{":
            value, place = _fields(tokens, place + 1, depth + 1)
            if tokens[place][1] != "}":
                raise ValueError(f"line {line}: {{ is not closed")
            message.append((name, value))
        elif colon and kind in ("string", "word"):
            message.append((name, ast.literal_eval(token) if kind == "string" else _word(token)))
        else:
            raise ValueError(f"line {line}: {name} has no value")
        place += 1
        place += tokens[place][1] in (",", ";")
    return message, place


def _word(token: str) -> int | Word:
    return int(token) if re.fullmatch(r"[+-]?[0-9]{1,19}", token) else Word(token)


def render(message: Message, indent: int = 0) -> str:
    """The text of a message, one field a line."""
    lines = []
    for name, value in message:
        if isinstance(value, list):
            lines.append(f"{name} {{\n{render(value, indent + 2)}{' ' * indent}}}")
        elif isinstance(value, str) and not isinstance(value, Word):
            quoted = value.replace("\\", r"\\").replace('"', r"\"")
            quoted = re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\{ord(match[0]):03o}", quoted)
            lines.append(f'{name}: "{quoted}"')
        else:
            lines.append(f"{name}: {value}")
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def get(message: Message, name: str, default: Any = None) -> Any:
    """The value of the last field of that name, as protocol buffers read it."""
    return next(reversed(get_all(message, name)), default)


def get_all(message: Message, name: str) -> list[Any]:
    """The values of a repeated field. Raises ValueError where something else stands in place of a message."""
    if not isinstance(message, list):
        raise ValueError(f"{message!r} stands where {{ {name} ... }} belongs")
    return [value for field, value in message if field == name]
