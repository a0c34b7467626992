"""What others had a hand in, such as names of files and reasons out of files, on its way to the terminal."""

import logging
from types import TracebackType

from zoo.common.text import printable

__all__ = ["Lines", "printable"]


class Lines(logging.Formatter):
    """A warning on one line, a traceback line by line, with what does not print written out."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        return "\n".join(printable(line) for line in super().formatException(ei).split("\n"))
