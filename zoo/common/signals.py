"""SIGTERM, which schedulers send before they take a machine away, and Ctrl-C that somebody else's code swallows."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


class Terminated(KeyboardInterrupt):
    """SIGTERM was received; the command ends with `exit_code`."""

    exit_code = 128 + signal.SIGTERM


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises `Terminated` within the block, so that what has to be cleaned up is; somebody else's handler is left alone.

    (Only the main thread hears signals.)
    """
    if not _in_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, frame: Any) -> None:
    raise Terminated("stopped by SIGTERM; nothing is left of what was being written")


@contextlib.contextmanager
def remembered_interrupts() -> Iterator[Callable[[], None]]:
    """Gives a function that raises what Ctrl-C or SIGTERM raised, if that was lost: some callbacks of converters swallow it."""
    received: list[int] = []
    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def remember(number: int, frame: Any) -> None:
        received.append(number)
        handlers[number](number, frame)

    def check() -> None:
        if received:
            raise Terminated("stopped by SIGTERM") if signal.SIGTERM in received else KeyboardInterrupt

    # One that is ignored, by whoever started this process, or that has its default effect, is not ours to handle.
    ours = [number for number, handler in handlers.items() if callable(handler) and _in_main_thread()]
    for number in ours:
        signal.signal(number, remember)
    try:
        yield check
    except Exception:
        check()  # TensorFlow's C++ part turned an interrupt into an error of its own
        raise
    finally:
        for number in ours:
            signal.signal(number, handlers[number])


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
