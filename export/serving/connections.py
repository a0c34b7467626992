"""Connections that wait: only so many, only so long, and never in the way of others."""

import asyncio
import logging
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 256  # connections at once, over HTTP and over gRPC each
HEAD_SECONDS = 10  # for the head of a request to come, from the connection or from the answer before it
LOOK_SECONDS = 2


class Connection(H11Protocol):
    """uvicorn's, which by itself waits for a request as long as somebody likes to keep it open.

    Where there are too many, the one is closed that has waited longest without a whole request.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = self.loop.time()
        self.loop.call_later(LOOK_SECONDS, self._look)
        if len(self.connections) > MOST:
            others: Any = self.connections - {self}
            waiting = [connection for connection in others if connection.waits]
            min(waiting, key=lambda connection: connection.since, default=self).transport.abort()

    @property
    def answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    @property
    def waits(self) -> bool:
        """For a request, or for the rest of one."""
        return self.answered or self.cycle.more_body

    def _look(self) -> None:
        if self not in self.connections:
            return
        late = self.loop.time() - self.since > HEAD_SECONDS
        if self.transport.is_closing() or (late and self.answered):  # closing ones may wait for a client that does not read
            self.transport.abort()
        else:
            self.loop.call_later(LOOK_SECONDS, self._look)

    def on_response_complete(self) -> None:
        self.since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP, in the middle of an answer, ends the connection: there is no other way to say so."""
        if self.answered:
            super().send_400_response(msg)
        else:
            self.transport.abort()


def _is_fault(record: logging.LogRecord) -> bool:
    """Neither what was no HTTP, nor a request that the server's end cut short."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is not None and not issubclass(kind, asyncio.CancelledError)


def configuration(application: Any, shutdown_seconds: int) -> uvicorn.Config:
    """uvicorn's settings, with its log for what is a fault of the server's own: not for every odd request."""
    logging.getLogger("uvicorn.error").addFilter(_is_fault)
    return uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=shutdown_seconds,
    )
