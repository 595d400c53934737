"""Control of the emulator from another process: routes that need no token, so only for loopback addresses."""

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from liine_source.emulator.http.faults import Faults
from liine_source.emulator.http.service import Emulator
from liine_source.emulator.selection.interpretation import Interpretation

Action = Callable[[Emulator, Any], Any]
_CLOCK_UNITS = ("days", "hours", "minutes", "seconds")


def create_control_routes(emulator: Emulator) -> list[Route]:
    """Return the routes under `/_emulator`."""
    return [
        Route(f"/_emulator/{name}", _make_endpoint(emulator, action), methods=[method])
        for (method, name), action in _CONTROLS.items()
    ]


def _make_endpoint(emulator: Emulator, action: Action) -> Callable[[HttpRequest], Any]:
    async def endpoint(request: HttpRequest) -> Response:
        body = await request.body()
        try:
            # GET has no body; its arguments are in the query string.
            arguments = msgspec.json.decode(body) if body else dict(request.query_params)
            return _make_response(200, action(emulator, arguments))
        except (ValueError, TypeError, KeyError):
            return _make_response(400, {"error": "this control does not take what was given"})

    return endpoint


def _make_response(status: int, content: Any) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _get_state(emulator: Emulator, _: Any) -> dict[str, Any]:
    return {
        "now": emulator.now,
        "customer_ids": emulator.customer_ids,
        "zones": {str(customer_id): emulator.zone(customer_id) for customer_id in emulator.customer_ids},
        "interactions": len(emulator),
        "logins": emulator.logins,
        "requests": len(emulator.requests),
    }


def _list_requests(emulator: Emulator, _: Any) -> list[dict[str, Any]]:
    """Return the request log with names of parameters only, because values may be personal data."""
    return [asdict(request) | {"params": [name for name, _ in request.params]} for request in emulator.requests]


def _advance(emulator: Emulator, arguments: Any) -> dict[str, Any]:
    if not arguments or not arguments.keys() <= set(_CLOCK_UNITS):
        raise ValueError
    emulator.advance(timedelta(**{unit: float(amount) for unit, amount in arguments.items()}))
    return _get_state(emulator, arguments)


def _get_truth(emulator: Emulator, arguments: Any) -> dict[str, Any]:
    customer_id = int(arguments["customer_id"]) if "customer_id" in arguments else None
    include_spam = str(arguments.get("include_spam", "true")).lower() == "true"
    return {"interactions": emulator.truth(customer_id, include_spam=include_spam)}


def _insert(emulator: Emulator, arguments: Any) -> dict[str, Any]:
    return {"id": emulator.insert(arguments["customer_id"], **arguments.get("fields", {}))}


def _change(emulator: Emulator, arguments: Any) -> dict[str, Any]:
    emulator.change(arguments["id"], touch_updated_at=arguments.get("touch_updated_at", True), **arguments["fields"])
    return {"id": arguments["id"]}


def _remove(emulator: Emulator, arguments: Any) -> dict[str, Any]:
    emulator.remove(arguments["id"])
    return {"id": arguments["id"]}


def _change_interpretation(emulator: Emulator, arguments: Any) -> Interpretation:
    """Set the switches given and keep the others."""
    emulator.interpretation = _replace_fields(emulator.interpretation, arguments)
    return emulator.interpretation


def _change_faults(emulator: Emulator, arguments: Any) -> Faults:
    """Set the faults given and keep the others. All counts are reset."""
    emulator.faults = _replace_fields(emulator.faults, arguments)
    return emulator.faults


Switches = TypeVar("Switches", Interpretation, Faults)


def _replace_fields(current: Switches, arguments: Any) -> Switches:
    # `convert` would ignore an unknown name, and a misspelled switch must not go unnoticed.
    known = {field.name for field in fields(current)}
    if not arguments.keys() <= known:
        raise ValueError
    return msgspec.convert(msgspec.to_builtins(current) | arguments, type(current), strict=False)


_CONTROLS: dict[tuple[str, str], Action] = {
    ("GET", "state"): _get_state,
    ("GET", "requests"): _list_requests,
    ("GET", "truth"): _get_truth,
    ("GET", "interpretation"): lambda emulator, _: emulator.interpretation,
    ("GET", "faults"): lambda emulator, _: emulator.faults,
    ("POST", "advance"): _advance,
    ("POST", "insert"): _insert,
    ("POST", "change"): _change,
    ("POST", "remove"): _remove,
    ("POST", "interpretation"): _change_interpretation,
    ("POST", "faults"): _change_faults,
    ("POST", "revoke"): lambda emulator, _: emulator.revoke_tokens(),
}
