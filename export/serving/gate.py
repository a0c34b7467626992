"""How much may wait at once: a number of requests and of bytes; what comes beyond is refused at once rather than piled up."""

import contextlib
import threading
from collections.abc import Iterator

from zoo.export.serving.errors import ServingError

RETRY_AFTER = 1  # seconds


class Gate:
    """Counts the requests that wait or run, and the bytes that they hold."""

    def __init__(self, requests: int, size: int) -> None:
        self.requests, self.size = requests, size
        self.lock = threading.Lock()
        self.inside = self.held = 0

    @contextlib.contextmanager
    def admitted(self) -> Iterator["Ticket"]:
        """A place inside until the block ends. Raises ServingError UNAVAILABLE where there is none."""
        with self.lock:
            if self.inside >= self.requests:
                raise _full(f"{self.requests} requests wait or run already")
            self.inside += 1
        ticket = Ticket(self)
        try:
            yield ticket
        finally:
            with self.lock:
                self.inside -= 1
                self.held -= ticket.held


class Ticket:
    """One request's share of the bytes."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.held = gate, 0

    def hold(self, count: int) -> None:
        """Counts so many more bytes. Raises ServingError UNAVAILABLE where they do not fit."""
        with self.gate.lock:
            if self.gate.held + count > self.gate.size:
                raise _full(f"the requests that wait hold {self.gate.size >> 20} MB already")
            self.gate.held += count
            self.held += count


def _full(reason: str) -> ServingError:
    return ServingError("UNAVAILABLE", f"the server is busy: {reason}; try again in {RETRY_AFTER} s")
