"""Damage, by a seed: bytes that are changed, cut, repeated or put in; JSON that is the wrong kind, too much or too deep."""

import json
import random
from typing import Any

WORDS = (
    b"",
    b"\x00",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"[" * 3000,
    b"{" * 3000,
    b'"\\ud800"',
    b"NaN",
    b"-1",
    b"1e999",
    b"9" * 5000,
    b"../../../../etc/passwd",
    b"%00%2e%2e%2f",
    b"\r\n\r\n",
    b"$(touch /tmp/zoo-owned)",
    b"\x1b[2J",
    b"<script>",
    b"A" * 70_000,
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "\ud800",
    "\x1b[2J",
    "../../../../etc/passwd",
    "/dev/zero",
    "a" * 100_000,
    [],
    [[]],
    {},
    {"b64": "!"},
    {"b64": "AAAA"},
    [0] * 10_000,
)


def damaged(content: bytes, chance: random.Random, most: int = 4) -> bytes:
    """The content with one to `most` faults in it."""
    data = bytearray(content)
    for _ in range(chance.randint(1, most)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[at : at + chance.choice((1, 4, 64, 4096))]
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            data[at:at] = chance.choice(WORDS)
        elif kind == 4:
            data[at : at + 4] = chance.randbytes(4)
        else:
            data[at:at] = data[at : at + chance.choice((1, 16, 1024))]
    return bytes(data)


def odd(value: Any, chance: random.Random) -> Any:
    """A JSON value like this one with something in it that does not belong there."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(sorted(value))
        kind = chance.randrange(5)
        if kind == 0:
            return {name: part for name, part in value.items() if name != key}
        if kind == 1:
            return {**value, chance.choice(("extra", "", "\ud800", "__class__", "../x")): chance.choice(VALUES)}
        return {**value, key: odd(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        kind = chance.randrange(4)
        if kind == 0:
            return value[:at] + value[at + 1 :]
        if kind == 1:
            return value * chance.choice((2, 50))
        return [*value[:at], odd(value[at], chance), *value[at + 1 :]]
    if chance.random() < 0.1:
        return nested(chance.choice((10, 500, 900)))
    return chance.choice(VALUES)


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def odd_json(value: Any, chance: random.Random) -> bytes:
    """A document that is odd in its values, in its bytes, or in both."""
    content = json.dumps(odd(value, chance)).encode()
    return damaged(content, chance) if chance.random() < 0.3 else content
