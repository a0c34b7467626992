"""A directory that appears whole or not at all."""

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def built_beside(out: Path) -> Iterator[Path]:
    """Gives a hidden sibling of `out` to write into and renames it at the end; on any error nothing of it stays.

    What a killed process left is removed by the next one that builds `out`: the lock on it went with the process.
    Raises FileExistsError where `out` exists, BlockingIOError where another process is building it.
    """
    if out.exists() or out.is_symlink():
        raise FileExistsError(f"{out} already exists; remove it or choose another place")
    partial = out.parent / f".{out.name}.partial"
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"cannot write {out}: {error.strerror}") from error
    lock = os.open(partial, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"another process is writing {out}; wait for it or choose another place") from None
        for leftover in partial.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        try:
            yield partial
            if out.exists():
                raise FileExistsError(f"{out} appeared meanwhile; the export was given up")
            partial.rename(out)
        except BaseException as error:
            shutil.rmtree(partial, ignore_errors=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise OSError(f"cannot write {out}: {os.strerror(error.errno)}; nothing of it was kept") from error
            raise
    finally:
        os.close(lock)


@contextlib.contextmanager
def remembered_interrupts() -> Iterator[Callable[[], None]]:
    """Gives a function that raises KeyboardInterrupt if Ctrl-C was pressed but lost: some callbacks of converters swallow it."""
    pressed = threading.Event()
    previous = signal.getsignal(signal.SIGINT)

    def remember(number: int, frame: Any) -> None:
        pressed.set()
        if callable(previous):
            previous(number, frame)

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    if not callable(previous) or threading.current_thread() is not threading.main_thread():
        yield check  # ignored by whoever started this process, or not ours to handle
        return
    signal.signal(signal.SIGINT, remember)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, previous)
