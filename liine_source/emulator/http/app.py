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

from liine_source.emulator.http.breakage import ConnectionReset, TruncatedBody, corrupt_page
from liine_source.emulator.http.control import create_control_routes
from liine_source.emulator.http.faults import Burst, Faults
from liine_source.emulator.http.service import Answer, Emulator, Request, refuse
from liine_source.spec.endpoints import AUTHENTICATE_PATH, INTERACTIONS_PATH
from liine_source.spec.openapi import openapi_document
from liine_source.spec.statuses import STATUSES_BY_CODE

_HTML_BODY = b"<!doctype html><title>Sign in</title><p>This is not the API."
_JSON = "application/json"
# The logged status of a request whose connection was reset.
_RESET_STATUS = 0


def create_app(emulator: Emulator) -> ASGIApp:
    """Return the application: the reference's two endpoints, `/openapi.json` and the controls under `/_emulator`."""
    routes = Routes(emulator)
    paths = (INTERACTIONS_PATH, INTERACTIONS_PATH.rstrip("/"))
    app = Starlette(
        routes=[
            _make_route("POST", AUTHENTICATE_PATH, routes.authenticate),
            *(_make_route("GET", path, routes.interactions) for path in paths),
            _make_route("GET", "/openapi.json", _describe_api),
            *create_control_routes(emulator),
        ],
        exception_handlers={HTTPException: _handle_http_error},
    )
    # A switch of the interpretation decides about the slash.
    app.router.redirect_slashes = False
    return DateHeaderMiddleware(app, emulator)


class DateHeaderMiddleware:
    """Adds the `Date` header that the interpretation asks for."""

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
    """The endpoints for login and interactions. They inject faults and log every request."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def authenticate(self, request: HttpRequest) -> Response:
        """Answer `POST /call_log/authenticate/`."""
        response = await self._answer_login(request)
        self._log_request(request, response.status_code, authorized=response.status_code == 200)
        return response

    async def interactions(self, request: HttpRequest) -> Response:
        """Answer `GET /call_log/interactions`, with or without a trailing slash."""
        emulator = self._emulator
        await asyncio.sleep(emulator.faults.latency_ms / 1000)
        # Counted and checked before any redirect, so that every request counts for `next`, `every` and `after`.
        burst = emulator.schedule.count_request()
        authorized = emulator.authorize(request.headers.get("authorization"))
        redirect = self._make_redirect(request)
        if redirect is not None:
            response = redirect
        elif emulator.schedule.is_too_fast():
            response = self._answer_status(_make_rate_limit_burst(emulator.faults))
        elif burst is not None:
            response = await self._answer_with_fault(burst, request, authorized=authorized)
        else:
            response = self._answer_interactions(request, authorized=authorized)
        self._log_request(
            request,
            _RESET_STATUS if isinstance(response, ConnectionReset) else response.status_code,
            authorized=authorized,
        )
        return response

    # Login

    async def _answer_login(self, request: HttpRequest) -> Response:
        if not _accepts_json(request):
            return _make_response(_refuse_media_type())
        if self._emulator.schedule.is_login_failing():
            return self._answer_status(Burst(status=self._emulator.faults.login_failure_status))
        # A client may hang up while it sends its credentials.
        try:
            credentials = await self._read_credentials(request)
        except (ValueError, ClientDisconnect):
            return _make_response(refuse(400, "username and password are required, as JSON or as a form"))
        return _make_response(self._emulator.login(credentials["username"], credentials["password"]))

    async def _read_credentials(self, request: HttpRequest) -> dict[str, Any]:
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

    def _answer_interactions(self, request: HttpRequest, *, authorized: bool, burst: Burst | None = None) -> Response:
        if not _accepts_json(request):
            return _make_response(_refuse_media_type())
        if not authorized:
            return _make_response(refuse(401, "the token is missing, wrong or expired"))
        answer = self._emulator.interactions(request.query_params.multi_items())
        # Only a page has content to corrupt.
        if burst is not None and answer.status == 200:
            answer = Answer(200, corrupt_page(answer.body, burst))
        if answer.status == 200 and self._emulator.interpretation.gzip and _accepts_gzip(request):
            headers = {"content-encoding": "gzip", "vary": "accept-encoding"}
            return Response(gzip.compress(answer.body, 1), media_type=_JSON, headers=headers)
        return _make_response(answer)

    async def _answer_with_fault(self, burst: Burst, request: HttpRequest, *, authorized: bool) -> Response:
        if burst.kind == "status":
            return self._answer_status(burst)
        if burst.kind == "html":
            return Response(_HTML_BODY, media_type="text/html")
        if burst.kind == "reset":
            return ConnectionReset()
        await asyncio.sleep(burst.delay)
        answer = self._answer_interactions(request, authorized=authorized, burst=burst)
        half = bytes(answer.body)[: len(answer.body) // 2]
        if burst.kind == "truncated_body":
            return TruncatedBody(half, promised=len(answer.body))
        return Response(half, answer.status_code, media_type=_JSON) if burst.kind == "truncated_json" else answer

    def _answer_status(self, burst: Burst) -> Response:
        known = STATUSES_BY_CODE.get(burst.status)
        response = _make_response(refuse(burst.status, known.name.lower() if known else "try again later"))
        if burst.retry_after == "seconds":
            response.headers["retry-after"] = str(burst.retry_after_seconds)
        elif burst.retry_after == "date":
            until = self._emulator.server_time() + timedelta(seconds=burst.retry_after_seconds)
            response.headers["retry-after"] = format_datetime(until, usegmt=True)
        return response

    def _make_redirect(self, request: HttpRequest) -> Response | None:
        target = self._emulator.faults.redirect_to
        if target is not None:
            return Response(status_code=302, headers={"location": target})
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

    def _log_request(self, request: HttpRequest, status: int, *, authorized: bool) -> None:
        self._emulator.log_request(
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


def _make_route(method: str, path: str, endpoint: Endpoint) -> Route:
    route = Route(path, endpoint, methods=[method])
    # Starlette adds HEAD to GET; the reference does not.
    route.methods = {method}
    return route


async def _describe_api(request: HttpRequest) -> Response:
    """Answer `GET /openapi.json`. It is no request of the API: not logged, and without faults."""
    document = openapi_document(str(request.base_url).rstrip("/"))
    return Response(msgspec.json.encode(document), media_type=_JSON)


async def _handle_http_error(_: HttpRequest, error: Exception) -> Response:
    """Answer unknown paths and wrong methods with JSON."""
    if not isinstance(error, HTTPException):
        raise error
    known = STATUSES_BY_CODE.get(error.status_code)
    response = _make_response(refuse(error.status_code, known.name.lower() if known else error.detail))
    response.headers.update(error.headers or {})
    return response


def _make_rate_limit_burst(faults: Faults) -> Burst:
    return Burst(status=429, retry_after="seconds" if faults.rate_limit_retry_after else None)


def _make_response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=_JSON)


def _refuse_media_type() -> Answer:
    return refuse(406, "only application/json can be given")


def _accepts_json(request: HttpRequest) -> bool:
    weights = [_parse_weight(part) for part in request.headers.get("accept", "*/*").split(",")]
    return any(kind in ("*/*", "application/*", _JSON) and weight > 0 for kind, weight in weights)


def _accepts_gzip(request: HttpRequest) -> bool:
    weights = [_parse_weight(part) for part in request.headers.get("accept-encoding", "").split(",")]
    return any(kind in ("gzip", "*") and weight > 0 for kind, weight in weights)


def _parse_weight(part: str) -> tuple[str, float]:
    kind, _, parameters = part.partition(";")
    _, _, weight = parameters.partition("q=")
    try:
        return kind.strip().lower(), float(weight or 1)
    except ValueError:
        return kind.strip().lower(), 1.0
