"""Files and directories that are either whole or not there: written beside their place, flushed to the disk, then renamed."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path`, with the same suffix; renamed to `path` when the block ends well.

    Raises:
        OSError: the file cannot be written (disk full, no permission, no such folder), in one line; nothing is left behind
            and what was at `path` before is intact.

    Example:
        >>> with replacing(Path("config.json")) as temporary:
        ...     temporary.write_text("{}")
    """
    temporary = path.with_name(f".part-{path.name}")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise type(error)(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A temporary directory beside `path`, renamed to it when the block ends well; otherwise nothing is left of it.

    Raises:
        FileExistsError: there is something at `path`.
        OSError: it cannot be written, in one line.

    Example:
        >>> with new_directory(Path("packed")) as temporary:
        ...     (temporary / "index.json").write_text("{}")
    """
    if path.exists() or path.is_symlink():
        raise FileExistsError(f"{path} exists already; remove it or choose another place")
    temporary = path.with_name(f".part-{path.name}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)  # what a killed process left
        temporary.mkdir(parents=True)
        yield temporary
        for file in [*temporary.iterdir(), temporary]:
            _flush(file)
        temporary.rename(path)
        _flush(path.parent)
    except OSError as error:
        raise type(error)(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _flush(path: Path) -> None:
    """Waits until the file, or the folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
