"""Files and directories that are whole or not there, whoever writes beside them and whatever ends the program.

What is being written lies beside its place, as `.part-<48 random bits>-NAME`, made by this process alone; then it is flushed to
the disk and renamed, which replaces a symbolic link and never follows one. A lock that ends with its process says whether
somebody still writes it: what a killed process left is removed by the next one that writes into the same folder.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from zoo.common.signals import terminable

_PART = re.compile(r"\.part-[0-9a-f]{12}-.+")
_NAME = 50  # characters of a long name that the temporary one ends with, its suffix among them
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_cleared: set[Path] = set()  # folders in which this process has removed what others left


@contextlib.contextmanager
def replacing(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """A new, empty file in the folder of `path`, with the same suffix; renamed to `path` when the block ends well.

    Args:
        path: the file to write.
        overwrite: whether one that is there is replaced.

    Raises:
        OSError: the file cannot be written (disk full, no permission, no such folder, or it is there and `overwrite` is False),
            in one line; nothing is left behind and what was at `path` before is intact.
        zoo.common.signals.Terminated: SIGTERM, and nothing is left behind.

    Example:
        >>> with replacing(Path("config.json")) as temporary:
        ...     temporary.write_text("{}")
    """
    path = Path(path)
    with terminable(), _one_line(path):
        _clear(path.parent)
        temporary, descriptor = _made(path, directory=False)
        try:
            yield temporary
            if not _is_at(temporary, descriptor):
                raise OSError(errno.EBUSY, "somebody else changed it while it was written", os.fspath(temporary))
            os.fsync(descriptor)
            if overwrite:
                temporary.replace(path)
            else:
                _move(temporary, path)
            _flush(path.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
            os.close(descriptor)


@contextlib.contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A new, empty directory beside `path`, renamed to it when the block ends well; otherwise nothing is left of it.

    Raises:
        FileExistsError: there is something at `path`, a symbolic link for one.
        BlockingIOError: another process is writing it.
        OSError: it cannot be written, in one line.
        zoo.common.signals.Terminated: SIGTERM, and nothing is left behind.

    Example:
        >>> with new_directory(Path("packed")) as temporary:
        ...     (temporary / "index.json").write_text("{}")
    """
    path = Path(path)
    _refuse_existing(path)
    busy = f"another process is writing {path}; wait for it or choose another place"
    with terminable(), _one_line(path, only_writing=True), contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        stack.enter_context(locked(_lock_of(path), busy))
        _refuse_existing(path)
        _clear(path.parent)
        temporary, descriptor = _made(path, directory=True)
        stack.callback(os.close, descriptor)
        stack.callback(shutil.rmtree, temporary, ignore_errors=True)
        yield temporary
        for folder, _, files in os.walk(temporary):
            for name in files:
                _flush(Path(folder, name))
            _flush(Path(folder))
        _refuse_existing(path)
        temporary.rename(path)
        _flush(path.parent)


@contextlib.contextmanager
def locked(path: Path, busy: str, wait: float = 0) -> Iterator[None]:
    """Holds the lock file `path`, which is made, and removed at the end; a process that dies lets go of it.

    On a disk that knows no locks, nothing is held.

    Args:
        path: an empty file; its folder must be there.
        busy: the line to refuse with.
        wait: seconds to wait for another process that holds it.

    Raises:
        BlockingIOError: another process holds it.
        OSError: it cannot be made, or is a symbolic link.
    """
    deadline = time.monotonic() + wait
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _OPEN, 0o666)
        free = _lock(descriptor) is not False
        if free and _is_at(path, descriptor):
            break
        os.close(descriptor)  # held; or removed by whoever held it until now, and then it is made anew
        if not free:
            if time.monotonic() >= deadline:
                raise BlockingIOError(busy)
            time.sleep(0.1)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if os.fstat(descriptor).st_size == 0:
                path.unlink()
        os.close(descriptor)


def _lock_of(path: Path) -> Path:
    """The lock file that belongs to a directory to be written."""
    return path.with_name(f".{path.name}.lock")


def _made(path: Path, *, directory: bool) -> tuple[Path, int]:
    """A file or directory of our own beside `path`, and a descriptor that holds a lock on it."""
    while True:
        temporary = path.with_name(f".part-{secrets.token_hex(6)}-{path.name[-_NAME:]}")
        if directory:
            temporary.mkdir()
            descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | _OPEN)
        else:
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN, 0o666)
        if _lock(descriptor) is not False and _is_at(temporary, descriptor):
            return temporary, descriptor
        os.close(descriptor)  # taken for abandoned in the moment before it was locked


def _clear(folder: Path) -> None:
    """Removes what killed processes of this user left in the folder; once for a process, however many files it writes there."""
    folder = folder.absolute()
    if folder in _cleared:
        return
    _cleared.add(folder)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for part in [Path(entry.path) for entry in entries if _PART.fullmatch(entry.name)]:
            with contextlib.suppress(OSError):
                _remove_abandoned(part)


def _remove_abandoned(part: Path) -> None:
    kind = part.lstat()
    if kind.st_uid != os.geteuid() or not (stat.S_ISREG(kind.st_mode) or stat.S_ISDIR(kind.st_mode)):
        return
    descriptor = os.open(part, (os.O_RDONLY if stat.S_ISDIR(kind.st_mode) else os.O_RDWR) | _OPEN)
    try:
        if _lock(descriptor) and _is_at(part, descriptor):
            shutil.rmtree(part) if stat.S_ISDIR(kind.st_mode) else part.unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Whether the lock could be had; None on a disk that knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the path still is the open file itself, and no link to it."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _move(temporary: Path, path: Path) -> None:
    """Renames without replacing; a hard link does that in one step, where the disk knows such."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        _refuse_existing(path)
        temporary.rename(path)


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise FileExistsError(f"{path} exists already; remove it or choose another place")


def _flush(path: Path) -> None:
    """Waits until the file, or the folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | _OPEN)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some disks cannot flush a folder
            raise
    finally:
        os.close(descriptor)


def _is_ours(file: Path, path: Path) -> bool:
    """Whether `file` is `path`, a folder on the way there, or something temporary of ours."""
    return file in (path, _lock_of(path), *path.parents) or any(_PART.fullmatch(part) for part in file.parts)


@contextlib.contextmanager
def _one_line(path: Path, *, only_writing: bool = False) -> Iterator[None]:
    """An OSError names `path` in place of the temporary file; not one that names another file, which was read meanwhile.

    With `only_writing`, those pass too that the system did not raise.
    """
    try:
        yield
    except OSError as error:
        elsewhere = error.filename is not None and not _is_ours(Path(error.filename), path)
        if elsewhere or isinstance(error, BlockingIOError) or (only_writing and error.errno is None):
            raise
        explained = type(error)(f"cannot write {path}: {error.strerror or error}")
        explained.errno = error.errno
        raise explained from None
