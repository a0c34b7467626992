"""TensorFlow Serving's REST paths, and the page to try the model, as a Starlette application."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from zoo.export.serving import messages
from zoo.export.serving.errors import HTTP, ServingError, invalid
from zoo.export.serving.gate import RETRY_AFTER, SLOWEST, Ticket
from zoo.export.serving.json_tensors import BINARY_SUFFIX, MOST_VALUES, named_inputs, read_body, read_tensors, write_tensors
from zoo.export.serving.models import Version
from zoo.export.serving.page import PAGE_HEADERS, files
from zoo.export.serving.preview import Preview, Work

MODEL = r"(?i:/v1/models)/(?P<name>[^/:]+)(?:/versions/(?P<number>\d+)|/labels/(?P<label>[^/:]+))?"
PREDICT = re.compile(rf"{MODEL}:(?P<method>classify|regress|predict)")
STATUS = re.compile(rf"{MODEL}(?P<metadata>/metadata)?")
LARGEST_NUMBER, NUMBER_DIGITS = 2**63 - 1, 19
JSON = "application/json"
PART = 64 << 10  # bytes of an answer that are on their way at once
DRAIN_SECONDS = 10


class Rest:
    """Answers every path below /v1, errors too, as TensorFlow Serving does: `{"error": ...}`."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        with contextlib.suppress(ClientDisconnect):
            if request.method == "POST":
                await self._post(request, send)
            else:
                response = _guarded(lambda: self._get(request.method, request.scope["path"]))
                await response(scope, receive, send)

    def _get(self, method: str, path: str) -> Response:
        match = STATUS.fullmatch(path)
        if method != "GET" or match is None:
            missing = method == "GET" and path.lower().rstrip("/") == "/v1/models"
            raise invalid("Missing model name in request." if missing else f"Malformed request: {method} {path}")
        where = _where(match)
        models = self.preview.models
        return _json(messages.metadata(models.find(*where)) if match["metadata"] else messages.status(models.status(*where)))

    async def _post(self, request: Request, send: Send) -> None:
        with self.preview.gate.ticket() as ticket:
            try:
                body = await self._answer(request, ticket)
                await _sent(body, ticket, send)
                return
            except ServingError as error:
                refusal = _refused(error)
            except TimeoutError:
                refusal = _error(408, f"the request's body came at less than {SLOWEST >> 10} KB a second, or took too much room")
            except ClientDisconnect:
                raise
            except Exception:
                refusal = _failed()
        await _drained(request)
        await refusal(request.scope, request.receive, send)

    async def _answer(self, request: Request, ticket: Ticket) -> bytes:
        _check_sender(request)
        match = PREDICT.fullmatch(request.scope["path"])
        if match is None:
            raise invalid(f"Malformed request: POST {request.scope['path']}")
        if match["method"] != "predict":
            raise ServingError("UNIMPLEMENTED", f"this model has no signature to {match['method']}; ask for :predict")
        version = self.preview.models.find(*_where(match))
        body = await self._body(request, ticket)
        return await self.preview.answered(len(body), lambda: _work(version, body))

    async def _body(self, request: Request, ticket: Ticket) -> bytes:
        """Raises ServingError as soon as it is found to be too large."""
        most = self.preview.limits.body_bytes
        length = request.headers.get("content-length", "0")
        too_large = ServingError("TOO_LARGE", f"a request may hold {most >> 20} MB; this one is larger")
        if length.isdigit() and int(length) > most:
            raise too_large
        body = bytearray()
        async with ticket.moving() as moved:
            async for chunk in request.stream():
                ticket.hold(len(chunk))
                moved(len(chunk))
                body += chunk
                if len(body) > most:
                    raise too_large
        return bytes(body)


def _check_sender(request: Request) -> None:
    """Refuses what the page of another website can make a browser send: text or a form, or anything with a foreign origin."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        raise ServingError("UNSUPPORTED", f"a request is {JSON}, not {kind[:60]!r}: curl -H 'Content-Type: {JSON}'")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{request.headers.get('host')}":
        raise ServingError("PERMISSION_DENIED", "pages of other websites are not answered")


def _work(version: Version, body: bytes) -> Work:
    document = read_body(body)
    # TensorFlow Serving takes serving_default where no signature is named, and refuses what does not fit it.
    name = document.get("signature_name") or version.fitting(named_inputs(document))
    signature = version.signature(name)
    wanted = {key: messages.numpy_type(info) for key, info in signature.inputs.items()}
    inputs, form = read_tensors(document, wanted, signature.defaults)
    files = all(key.endswith(BINARY_SUFFIX) for key in signature.outputs)
    return Work(version, name, inputs, lambda outputs: write_tensors(outputs, form), None if files else MOST_VALUES)


async def _sent(body: bytes, ticket: Ticket, send: Send) -> None:
    """Sends an answer part by part; who does not read it loses the connection, and holds nobody's place meanwhile."""
    ticket.hold(len(body))
    headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    with contextlib.suppress(TimeoutError):
        async with ticket.moving() as moved:
            for start in range(0, len(body), PART):
                part = body[start : start + PART]
                await send({"type": "http.response.body", "body": part, "more_body": start + PART < len(body)})
                moved(len(part))
                await asyncio.sleep(0)  # a connection that was lost is known to be so only then


async def _drained(request: Request) -> None:
    """Takes in and forgets what is still being sent, for a while: many clients read no answer before they have sent all."""
    if request.headers.get("expect"):
        return
    with contextlib.suppress(TimeoutError, RuntimeError):  # RuntimeError: all of it was read
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in request.stream():
                pass


def _where(match: re.Match[str]) -> tuple[str, int | None, str | None]:
    number = match["number"]
    if number is not None and (len(number) > NUMBER_DIGITS or int(number) > LARGEST_NUMBER):
        raise invalid(f"Failed to convert version: {number[: NUMBER_DIGITS + 1]} to numeric.")
    return match["name"], None if number is None else int(number), match["label"]


def _guarded(answer: Callable[[], Response]) -> Response:
    """The answer, or the error that it came to: nothing that a request does may end the server."""
    try:
        return answer()
    except ServingError as error:
        return _refused(error)
    except Exception:
        return _failed()


def _failed() -> Response:
    logging.getLogger(__name__).exception("a request failed")
    return _error(HTTP["INTERNAL"], "the server failed on this request; its terminal shows where")


def _refused(error: ServingError) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER)} if error.code == "UNAVAILABLE" else {}
    return _error(HTTP[error.code], error.message, headers)


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return _json({"error": message}, status, headers)


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(value, indent=1) + "\n", status, headers, "application/json")


def application(preview: Preview, host: str) -> Starlette:
    """The application. On a loopback address it answers to that machine's own names only, so that no website can reach it."""
    contents = files(preview)

    async def _page(request: Request) -> Response:  # a function that is not asynchronous would leave a thread behind
        content, kind = contents[request.url.path]
        return Response(content, media_type=kind, headers=PAGE_HEADERS)

    routes = [
        *(Route(path, _page) for path in contents),
        Route("/v1{rest:path}", Rest(preview)),
    ]
    loopback = host in ("127.0.0.1", "localhost", "::1")
    names = ["127.0.0.1", "localhost", "[::1]"] if loopback else ["*"]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)])
