"""Which picture becomes which file, for `zoo apply`: beside it unless a place is given, and never over anything unasked."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo.cli.photo import SUFFIXES
from zoo.cli.written import FORMATS, check_name

STREAM = "-"  # standard input, or output
CHOICES = {"jpg": ".jpg", "png": ".png", "webp": ".webp", "tiff": ".tif", "avif": ".avif", "heic": ".heic"}
REFUSE, SKIP, REPLACE = "refuse", "skip", "replace"  # what is done where a result is there already
_AS_JPEG = (".heic", ".heif", ".hif", ".jfif")  # what everybody can open, of what few can

Job = tuple[Path, Path]


@dataclasses.dataclass(frozen=True)
class Naming:
    """How results are called: `label` goes behind a picture's name where no place is given; `suffix` in place of its own."""

    label: str
    suffix: str | None = None

    def of(self, source: Path) -> str:
        """The suffix of the result: the picture's own, unless it is of a kind that is not written, or that few can open."""
        if self.suffix:
            return self.suffix
        own = source.suffix.lower()
        return ".jpg" if own in _AS_JPEG else source.suffix if own in FORMATS else ".png"

    def beside(self, source: Path) -> Path:
        """The place of the result of a picture, or of a folder of pictures."""
        if source.is_dir():
            return source.resolve().with_name(f"{source.resolve().name}-{self.label}")
        return source.with_name(f"{source.stem}-{self.label}{self.of(source)}")


def label_of(what: str, styles: Sequence[str]) -> str:
    """What results of WHAT are called by: its last name, and the name of the style where there is one."""
    path = Path(what)
    name = path.resolve().parent.name if path.name == "model.keras" else path.stem if path.is_file() else path.name
    style = Path(styles[0].rpartition(":")[0] or styles[0]).stem if len(styles) == 1 else ""
    words = "-".join(filter(None, [name, style]))
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in words)


def pictures_in(folder: Path) -> list[Path]:
    """As `list_pictures`, with the kinds of files that `zoo apply` reads beside."""
    from zoo.training import pictures

    return pictures.list_pictures(folder, pictures.SUFFIXES | SUFFIXES)


def plan(pictures: Sequence[Path], out: Path | None, naming: Naming, existing: str = REFUSE) -> list[Job]:
    """Every picture with the file it becomes.

    Args:
        pictures: files and folders.
        out: the file for one picture, or a folder; None puts results beside.
        naming: how they are called where `out` does not say.
        existing: `REFUSE`, `SKIP` or `REPLACE` those that are there.

    Raises:
        ValueError: no such picture, a result that exists, or two pictures that would become one file.
    """
    one = len(pictures) == 1 and not pictures[0].is_dir()
    if out is not None and one and not out.is_dir():
        jobs = [(pictures[0], _checked_file(out, naming))]
    else:
        if out is not None and not out.is_dir():
            _refuse_file(out, pictures)
        jobs = list(_jobs(pictures, out, naming))
    _check(jobs)
    if out is None and existing == REFUSE:
        jobs = [(source, unused(target) if source in pictures else target) for source, target in jobs]
    there = [target for _, target in jobs if target.exists()]
    if there and existing == REFUSE:
        if len(jobs) == 1:
            raise ValueError(f"{there[0]} exists; --overwrite replaces it, or choose another --out")
        raise ValueError(
            f"{there[0]} exists, one of {len(there)} of {len(jobs)} results that are there: "
            "--skip-existing goes on with the others, --overwrite makes all anew"
        )
    return jobs


def unused(path: Path) -> Path:
    """The path, or the first one with a number behind its name that is not there."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    return next(free for free in itertools.chain([path], numbered) if not free.exists())


def _checked_file(out: Path, naming: Naming) -> Path:
    if out.suffix == "":
        raise ValueError(f"--out {out} has no suffix; name a picture such as {out}.png")
    check_name(out)
    if naming.suffix and FORMATS.get(out.suffix.lower()) != FORMATS[naming.suffix]:
        raise ValueError(f"--out {out} and --format {naming.suffix[1:]} say two things; leave one out")
    return out


def _refuse_file(out: Path, pictures: Sequence[Path]) -> None:
    if out.exists():
        raise ValueError(f"--out {out} is a file; several pictures need a folder")
    if out.suffix.lower() in FORMATS:
        several = f"{len(pictures)} pictures" if len(pictures) > 1 else "the pictures of a folder"
        raise ValueError(f"{several} cannot become the one file {out}; name a folder, such as --out {out.with_suffix('')}")


def _jobs(pictures: Sequence[Path], out: Path | None, naming: Naming) -> Iterator[Job]:
    for picture in pictures:
        if not picture.is_dir():
            yield picture, naming.beside(picture) if out is None else out / Path(picture.name).with_suffix(naming.of(picture))
            continue
        folder = naming.beside(picture) if out is None else out
        for file in pictures_in(picture):
            yield file, folder / file.relative_to(picture).with_suffix(naming.of(file))


def _check(jobs: Sequence[Job]) -> None:
    targets: dict[Path, Path] = {}
    for source, target in jobs:
        if not source.exists():
            raise ValueError(f"{source} does not exist")
        if not source.is_file():
            raise ValueError(f"{source} is no file; a stream of bytes comes in by - (standard input)")
        if targets.get(target) == source:
            raise ValueError(f"{source} is named twice; leave one out")
        if target in targets:
            raise ValueError(f"{source} and {targets[target]} would both become {target}; rename one")
        if target.exists() and target.samefile(source):
            raise ValueError(f"{target} exists: it is the picture itself, which is never written over; choose another --out")
        targets[target] = source
