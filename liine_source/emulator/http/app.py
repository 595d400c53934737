"""The routes of the reference as an ASGI application."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liine_source.emulator.http.breakage import Reset, TruncatedBody, struck
from liine_source.emulator.http.control import control_routes
from liine_source.emulator.http.faults import Burst, Faults
from liine_source.emulator.http.service import Answer, Emulator, Request, refusal
from liine_source.spec.endpoints import AUTHENTICATE_PATH, INTERACTIONS_PATH
from liine_source.spec.statuses import STATUSES_BY_CODE

_HTML = b"<!doctype html><title>Sign in</title><p>This is not the API."
_JSON = "application/json"
_RESET = 0


def create_app(emulator: Emulator) -> ASGIApp:
    """Return the application: the reference's two endpoints and the controls under `/_emulator`."""
    routes = Routes(emulator)
    paths = (INTERACTIONS_PATH, INTERACTIONS_PATH.rstrip("/"))
    app = Starlette(
        routes=[
            _only("POST", AUTHENTICATE_PATH, routes.authenticate),
            *(_only("GET", path, routes.interactions) for path in paths),
            *control_routes(emulator),
        ],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False
    return Dated(app, emulator)


class Dated:
    """Gives every answer the `Date` that the interpretation want."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self._app = app
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_dated(message: Message) -> None:
            date = self._emulator.date_header()
            if message["type"] == "http.response.start" and date is not None:
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await self._app(scope, receive, send_dated)


class Routes:
    """Login and interactions, each with the faults that apply to it, each request logged."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def authenticate(self, request: HttpRequest) -> Response:
        """Answer `POST /call_log/authenticate/`."""
        response = await self._login(request)
        self._log(request, response.status_code, authorized=response.status_code == 200)
        return response

    async def interactions(self, request: HttpRequest) -> Response:
        """Answer `GET /call_log/interactions`, with or without the last slash."""
        emulator = self._emulator
        await asyncio.sleep(emulator.faults.latency_ms / 1000)
        burst = emulator.schedule.burst()
        authorized = emulator.authorizes(request.headers.get("authorization"))
        redirect = self._redirect(request)
        if redirect is not None:
            response = redirect
        elif emulator.schedule.is_too_fast():
            response = self._status(_too_fast(emulator.faults))
        elif burst is not None:
            response = await self._struck(burst, request, authorized=authorized)
        else:
            response = self._answer(request, authorized=authorized)
        self._log(request, _RESET if isinstance(response, Reset) else response.status_code, authorized=authorized)
        return response

    # Login

    async def _login(self, request: HttpRequest) -> Response:
        if not _accepts_json(request):
            return _response(_not_acceptable())
        if self._emulator.schedule.login_fails():
            return self._status(Burst(status=self._emulator.faults.login_failure_status))
        try:
            credentials = await self._credentials(request)
        except (ValueError, ClientDisconnect):
            return _response(refusal(400, "username and password are required, as JSON or as a form"))
        return _response(self._emulator.login(credentials["username"], credentials["password"]))

    async def _credentials(self, request: HttpRequest) -> dict[str, Any]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await request.body()
        accepted = self._emulator.interpretation.login_accepts
        credentials: Any = None
        if kind == _JSON and accepted != "form":
            credentials = msgspec.json.decode(body)
        elif kind == "application/x-www-form-urlencoded" and accepted != "json":
            credentials = dict(parse_qsl(body.decode()))
        if not isinstance(credentials, dict) or not credentials.keys() >= {"username", "password"}:
            raise ValueError
        return credentials

    # Interactions

    def _answer(self, request: HttpRequest, *, authorized: bool, burst: Burst | None = None) -> Response:
        if not _accepts_json(request):
            return _response(_not_acceptable())
        if not authorized:
            return _response(refusal(401, "the token is missing, wrong or expired"))
        answer = self._emulator.interactions(request.query_params.multi_items())
        if burst is not None and answer.status == 200:
            answer = Answer(200, struck(answer.body, burst))
        if answer.status == 200 and self._emulator.interpretation.gzip and _accepts_gzip(request):
            headers = {"content-encoding": "gzip", "vary": "accept-encoding"}
            return Response(gzip.compress(answer.body, 1), media_type=_JSON, headers=headers)
        return _response(answer)

    async def _struck(self, burst: Burst, request: HttpRequest, *, authorized: bool) -> Response:
        if burst.kind == "status":
            return self._status(burst)
        if burst.kind == "html":
            return Response(_HTML, media_type="text/html")
        if burst.kind == "reset":
            return Reset()
        await asyncio.sleep(burst.delay)
        answer = self._answer(request, authorized=authorized, burst=burst)
        half = bytes(answer.body)[: len(answer.body) // 2]
        if burst.kind == "truncated_body":
            return TruncatedBody(half, promised=len(answer.body))
        return Response(half, answer.status_code, media_type=_JSON) if burst.kind == "truncated_json" else answer

    def _status(self, burst: Burst) -> Response:
        known = STATUSES_BY_CODE.get(burst.status)
        response = _response(refusal(burst.status, known.name.lower() if known else "try again later"))
        if burst.retry_after == "seconds":
            response.headers["retry-after"] = str(burst.retry_after_seconds)
        elif burst.retry_after == "date":
            until = self._emulator.server_time() + timedelta(seconds=burst.retry_after_seconds)
            response.headers["retry-after"] = format_datetime(until, usegmt=True)
        return response

    def _redirect(self, request: HttpRequest) -> Response | None:
        elsewhere = self._emulator.faults.redirect_to
        if elsewhere is not None:
            return Response(status_code=302, headers={"location": elsewhere})
        path = request.url.path
        wanted = {
            "both": path,
            "redirect_to_slash": INTERACTIONS_PATH,
            "redirect_to_no_slash": INTERACTIONS_PATH.rstrip("/"),
        }[self._emulator.interpretation.slash]
        if path == wanted:
            return None
        location = f"{wanted}?{request.url.query}" if request.url.query else wanted
        return Response(status_code=301, headers={"location": location})

    def _log(self, request: HttpRequest, status: int, *, authorized: bool) -> None:
        self._emulator.log(
            Request(
                method=request.method,
                path=request.url.path,
                params=tuple(request.query_params.multi_items()),
                has_token="authorization" in request.headers,
                authorized=authorized,
                status=status,
            )
        )


Endpoint = Callable[[HttpRequest], Awaitable[Response]]


def _only(method: str, path: str, endpoint: Endpoint) -> Route:
    route = Route(path, endpoint, methods=[method])
    route.methods = {method}  # Starlette adds HEAD to GET; the reference does not
    return route


async def _refused(_: HttpRequest, error: Exception) -> Response:
    """Unknown paths and wrong methods, as JSON."""
    if not isinstance(error, HTTPException):
        raise error
    known = STATUSES_BY_CODE.get(error.status_code)
    response = _response(refusal(error.status_code, known.name.lower() if known else error.detail))
    response.headers.update(error.headers or {})
    return response


def _too_fast(faults: Faults) -> Burst:
    return Burst(status=429, retry_after="seconds" if faults.rate_limit_retry_after else None)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=_JSON)


def _not_acceptable() -> Answer:
    return refusal(406, "only application/json can be given")


def _accepts_json(request: HttpRequest) -> bool:
    weights = [_weighted(part) for part in request.headers.get("accept", "*/*").split(",")]
    return any(kind in ("*/*", "application/*", _JSON) and weight > 0 for kind, weight in weights)


def _accepts_gzip(request: HttpRequest) -> bool:
    weights = [_weighted(part) for part in request.headers.get("accept-encoding", "").split(",")]
    return any(kind in ("gzip", "*") and weight > 0 for kind, weight in weights)


def _weighted(part: str) -> tuple[str, float]:
    kind, _, parameters = part.partition(";")
    _, _, weight = parameters.partition("q=")
    try:
        return kind.strip().lower(), float(weight or 1)
    except ValueError:
        return kind.strip().lower(), 1.0
