"""What came of an attack, counted, and the table of it in docs/security.md."""

import dataclasses
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- counts: written by `make attack` -->", "<!-- end of counts -->"


@dataclasses.dataclass
class Counts:
    """How many inputs ended how; all but `clean` are to be 0.

    Clean is the right answer or a refusal of one line. Raw is a traceback, an error of the server's own, or a message of several
    lines; crashed, a process that ended; hung, no answer in time; lost, an honest request beside it that was not answered;
    outside, a file written, changed or run that is not this input's business.
    """

    what: str
    clean: int = 0
    raw: int = 0
    crashed: int = 0
    hung: int = 0
    lost: int = 0
    outside: int = 0
    examples: list[str] = dataclasses.field(default_factory=list)

    def add(self, outcome: str, example: str = "") -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)
        if outcome != "clean":
            self.examples.append(f"{outcome}: {example}")

    @property
    def faults(self) -> int:
        return self.raw + self.crashed + self.hung + self.lost + self.outside

    @property
    def row(self) -> str:
        figures = (self.clean + self.faults, self.clean, self.raw, self.crashed, self.hung, self.lost, self.outside)
        return f"| {self.what} | {' | '.join(f'{figure:,}' for figure in figures)} |"


def table(counts: Iterable[Counts]) -> str:
    names = ("what", "inputs", "clean", "raw", "crashed", "hung", "lost", "outside")
    return "\n".join([f"| {' | '.join(names)} |", f"| --- |{' ---: |' * (len(names) - 1)}", *(each.row for each in counts)])


def written(counts: Iterable[Counts], how: str, document: Path = DOCUMENT) -> None:
    """Puts the table in its place in the document; what was not attacked this time keeps its row."""
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    head, *rows = table(counts).split("\n")[1:]
    by_name = {row.split(" | ")[0]: row for row in (*re.findall(r"^\| .* [0-9]+ \|$", old, re.MULTILINE), *rows)}
    title = table([]).split("\n")[0]
    lines = "\n".join((title, head, *by_name.values()))
    document.write_text(f"{before}{BEGIN}\n{how}\n\n{lines}\n{END}{after}", encoding="utf-8")


def state_of(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest, links unfollowed."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
