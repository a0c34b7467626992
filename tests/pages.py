"""What stands on the pages: README.md, and docs/ with the tutorial."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "docs" / "tutorial" / "README.md"]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """The fenced blocks, each with its language; a shell's has none."""
    yield from re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.S | re.M)


def lines(text: str) -> list[str]:
    """The commands of a shell's block, one a line."""
    return [line.strip() for line in text.replace("\\\n", " ").splitlines()]


def commands(page: Path) -> list[list[str]]:
    """The words of every `zoo` command in a block."""
    found = [line for language, text in blocks(page) if not language for line in lines(text) if line.startswith("zoo ")]
    return [shlex.split(line, comments=True) for line in found]


def mentions(page: Path) -> list[str]:
    """The `zoo` commands within sentences, which may leave out what does not matter."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
    return [" ".join(text.split()) for text in re.findall(r"`(zoo [^`]+)`", prose)]
