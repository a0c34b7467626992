"""How much may be under way at once: requests, bytes and pixels; what comes beyond is refused at once rather than piled up.

All of it is counted on the event loop's thread, so that nothing here needs a lock.
"""

import asyncio
import contextlib
import ctypes
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from zoo.export.serving.errors import ServingError

RETRY_AFTER = 1  # seconds
GRACE_SECONDS, SLOWEST = 10, 64 << 10  # a transfer may take so long, and longer by a second for every so many bytes of it
T = TypeVar("T")


class Gate:
    """Counts the requests that wait or run, and the bytes that all transfers hold."""

    def __init__(self, requests: int, size: int) -> None:
        self.requests, self.size = requests, size
        self.inside = self.held = 0
        self.tickets: set[Ticket] = set()

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place inside, for what has come in whole. Raises ServingError UNAVAILABLE where there is none."""
        if self.inside >= self.requests:
            raise full(f"{self.requests} requests wait or run already")
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    @contextlib.contextmanager
    def ticket(self) -> Iterator["Ticket"]:
        """One request's share of the bytes, until the block ends."""
        ticket = Ticket(self)
        self.tickets.add(ticket)
        try:
            yield ticket
        finally:
            self.tickets.discard(ticket)
            self.held -= ticket.held


class Ticket:
    """The bytes that one request holds, and the time that its transfers have left."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.held = gate, 0
        self.limit: asyncio.Timeout | None = None

    def hold(self, count: int) -> None:
        """Counts so many more bytes. Where they do not fit, the transfer that holds the most is given up, so that nobody's
        large and slow one keeps small ones out. Raises ServingError UNAVAILABLE where this is it."""
        while self.gate.held + count > self.gate.size:
            moving = [ticket for ticket in self.gate.tickets if ticket.limit is not None and ticket.held]
            largest = max(moving, key=lambda ticket: ticket.held, default=self)
            if largest is self or largest.held <= self.held + count:
                raise full(f"the requests that wait hold {self.gate.size >> 20} MB already")
            largest._give_up()
        self.gate.held += count
        self.held += count

    def _give_up(self) -> None:
        assert self.limit is not None
        self.limit.reschedule(0)
        self.limit = None
        self.gate.held -= self.held
        self.held = 0

    @contextlib.asynccontextmanager
    async def moving(self):
        """A transfer: gives a function to call with the bytes of every part. Raises TimeoutError for one that is too slow."""
        started = asyncio.get_running_loop().time()
        moved = 0
        try:
            async with asyncio.timeout(GRACE_SECONDS) as limit:
                self.limit = limit

                def progress(count: int) -> None:
                    nonlocal moved
                    moved += count
                    if self.limit is not None:
                        limit.reschedule(started + GRACE_SECONDS + moved / SLOWEST)

                yield progress
        finally:
            self.limit = None


class Lane:
    """One thread with a queue, for as many requests and pixels; the first is let in whatever it costs.

    One, since a TensorFlow call has all cores already: more at once would take more memory, and no less time.
    """

    def __init__(self, name: str, requests: int, pixels: int, trim: bool) -> None:
        self.worker = ThreadPoolExecutor(1, name)
        self.requests, self.most, self.trim = requests, pixels, trim
        self.inside = self.pixels = 0

    async def run(self, work: Callable[[], T], pixels: int = 0) -> T:
        """What `work` gives or raises, from this lane's thread. Raises ServingError UNAVAILABLE where too much waits already."""
        if self.inside and (self.inside >= self.requests or self.pixels + pixels > self.most):
            raise full(f"{self.inside} large requests of {self.pixels:,} pixels wait or run already")
        self.inside += 1
        self.pixels += pixels
        try:
            return await asyncio.get_running_loop().run_in_executor(self.worker, self._done, work)
        finally:
            self.inside -= 1
            self.pixels -= pixels

    def _done(self, work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            if self.trim:
                _trim()


def _trim() -> None:
    """Gives freed memory back to the system, which the C library otherwise keeps for ever."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def full(reason: str) -> ServingError:
    return ServingError("UNAVAILABLE", f"the server is busy: {reason}; try again in {RETRY_AFTER} s")
