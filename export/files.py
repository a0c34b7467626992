"""Reading files that others wrote: only regular ones, none outside of its directory, and no more of one than it should hold."""

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

TEXT_BYTES = 16 << 20  # the largest manifest, configuration or description that is read


def inside(directory: Path, name: str) -> Path:
    """`directory / name`. Raises ValueError where it leads out of the directory, by its parts or by a link."""
    path = directory / name
    if not name or not name.isprintable() or Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"{name!r} lies outside of the directory")
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory)):
        raise ValueError(f"{path}: a link leads out of {directory}")
    return path


def opened(path: Path) -> BinaryIO:
    """A regular file, to read. Raises OSError, or ValueError for a pipe, a device or a folder, none of which is waited for."""
    # Without O_NONBLOCK a pipe that nobody writes to would hold this process for ever.
    stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", closefd=True)
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise ValueError(f"{path}: not a regular file")
    return stream


def read_bytes(path: Path, most: int = TEXT_BYTES) -> bytes:
    """All of a regular file. Raises OSError, or ValueError where it holds more than `most` bytes."""
    with opened(path) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{path}: larger than the {most >> 20} MB that such a file may have")
    return content


def read_json(path: Path, most: int = TEXT_BYTES) -> Any:
    """Raises OSError or ValueError, also for what is nested without end."""
    try:
        return json.loads(read_bytes(path, most))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def tree(path: Path) -> Iterator[Path]:
    """The files of a directory in order, or the one that `path` is. Raises ValueError for a link to a folder or out of it, and
    for what is no file."""
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        inside(path, file.relative_to(path).as_posix())
        if file.is_dir():
            if file.is_symlink():
                raise ValueError(f"{file}: a link to a folder")
        elif not file.is_file():
            raise ValueError(f"{file}: not a regular file")
        else:
            yield file


def sha256(path: Path) -> str:
    """Of a file's bytes; of a directory, of its files' relative names and digests in order of name. Raises as `tree` does."""
    digest = hashlib.sha256()
    if path.is_dir():
        for file in tree(path):
            digest.update(f"{file.relative_to(path).as_posix()}\0{sha256(file)}\n".encode())
    else:
        with opened(path) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def system_errors() -> Iterator[None]:
    """What TensorFlow says of a full disk as the OSError that Python would have raised."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS):
            if os.strerror(number) in error.message:
                raise OSError(number, os.strerror(number)) from error
        raise
