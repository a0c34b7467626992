"""Odd requests to `zoo serve` over HTTP, with honest ones between them."""

import json
import random
import select
import socket
import time
from pathlib import Path

from tests.attack.mutations import WORDS, damaged, odd_json
from tests.attack.outcomes import Counts, state_of
from tests.export.requests import png, request_for
from tests.export.served import Server

SECONDS = 30  # after which an answer counts as none
QUIET_SECONDS = 0.2  # after which the sender of half a request hangs up
BODIES = (
    ("stylise", request_for(png())),
    ("stylise", {"inputs": {"image": [[[[0.5] * 3] * 8] * 8], "style_weights": [[1, 0]], "strength": [1]}}),
    ("half_plus_three", {"signature_name": "serving_default", "instances": [1.0, 2.0]}),
    ("echo", {"instances": [{"tag": "a", "signal": [1, 2], "sensor": [[1.5]]}]}),
    ("echo", {"inputs": {"tag": [{"b64": "AAAA"}], "signal": [[1]], "sensor": [[[1.0]]]}}),
)
PATHS = ("", "/versions/1", "/versions/123", "/labels/stable", "/metadata", "/versions/99999999999999999999", "/labels/%ff")
HEADERS = (
    b"Content-Type: text/plain",
    b"Origin: http://attacker.example",
    b"Expect: 100-continue",
    b"Transfer-Encoding: chunked",
)


def attack(directory: Path, count: int, seed: int) -> Counts:
    """Sends `count` requests to a server of its own on the export `directory`."""
    counts, before = Counts("HTTP requests"), state_of(directory)
    server = Server(directory, "--trust", "--max-body", "8", "--max-pixels", "0.5")
    for index in range(count):
        chance = random.Random(f"{seed} http {index}")
        request, whole = odd_request(chance)
        outcome, words = sent(server.port, request, whole)
        if server.process.poll() is not None:
            counts.add("crashed", repr(request[:300]))
            server = Server(directory, "--trust", "--max-body", "8", "--max-pixels", "0.5")
            continue
        counts.add(outcome, f"{words} for {request[:300]!r}")
        if index % 50 == 49 and not honest(server):
            counts.add("lost", f"after {index}")
    _, _, errors = server.stop()
    if errors:
        counts.add("raw", errors[-2000:])
    if state_of(directory) != before:
        counts.add("outside", "the export changed")
    return counts


def odd_request(chance: random.Random) -> tuple[bytes, bool]:
    """A request, and whether it is whole as HTTP, so that it must be answered."""
    model, document = chance.choice(BODIES)
    kind = chance.randrange(10)
    body = odd_json(document, chance) if kind < 5 else json.dumps(document).encode()
    body = damaged(body, chance) if kind == 5 else body
    path = f"/v1/models/{model}{chance.choice(PATHS) if kind == 6 else ''}:predict".encode()
    path = damaged(path, chance, 2) if kind == 7 else path
    method = chance.choice((b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS")) if kind == 6 else b"POST"
    lines = [b"%s %s HTTP/1.1" % (method, path), b"Host: localhost", b"Content-Type: application/json"]
    if kind == 8:
        lines.append(chance.choice(HEADERS))
        lines.append(b"X: " + chance.choice(WORDS))
    lines += [b"Content-Length: %d" % len(body), b"Connection: close", b"", b""]
    whole = b"\r\n".join(lines) + body
    return (damaged(whole, chance) if kind == 9 else whole), kind < 7


def sent(port: int, request: bytes, whole: bool) -> tuple[str, str]:
    """The outcome of one request, and what was answered."""
    answer, deadline = b"", time.monotonic() + SECONDS
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        try:
            connection.sendall(request)
            if not whole and not select.select([connection], [], [], QUIET_SECONDS)[0]:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(1 << 16):
                answer += part
                if time.monotonic() > deadline:
                    return "hung", "an answer without end"
        except TimeoutError:
            return "hung", repr(answer[:200])
        except OSError:  # reset, as the server may do with what is no HTTP
            pass
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head[9:12]
    own = status.startswith(b"5") and status not in (b"501", b"503")
    bare = own or b"Traceback" in body or (whole and not status)
    return ("raw" if bare else "clean"), repr(answer[:200])


def honest(server: Server) -> bool:
    return server.predict("half_plus_three", {"instances": [1.0]})[:2] == (200, {"predictions": [3.5]})
