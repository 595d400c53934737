"""What a test does to the emulator, over HTTP, for those in another process. No token is needed: loopback only."""

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

Work = Callable[[Emulator, Any], Any]
_UNITS = ("days", "hours", "minutes", "seconds")


def control_routes(emulator: Emulator) -> list[Route]:
    """Return the routes under `/_emulator`."""
    return [
        Route(f"/_emulator/{name}", _endpoint(emulator, work), methods=[method])
        for (method, name), work in _CONTROLS.items()
    ]


def _endpoint(emulator: Emulator, work: Work) -> Callable[[HttpRequest], Any]:
    async def endpoint(request: HttpRequest) -> Response:
        body = await request.body()
        try:
            given = msgspec.json.decode(body) if body else dict(request.query_params)
            return _json(200, work(emulator, given))
        except (ValueError, TypeError, KeyError):
            return _json(400, {"error": "this control does not take what was given"})

    return endpoint


def _json(status: int, content: Any) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _state(emulator: Emulator, _: Any) -> dict[str, Any]:
    return {
        "now": emulator.now,
        "customer_ids": emulator.customer_ids,
        "zones": {str(customer_id): emulator.zone(customer_id) for customer_id in emulator.customer_ids},
        "interactions": len(emulator),
        "logins": emulator.logins,
        "requests": len(emulator.requests),
    }


def _requests(emulator: Emulator, _: Any) -> list[dict[str, Any]]:
    """Names of parameters only: a test in the same process sees the values too."""
    return [asdict(request) | {"params": [name for name, _ in request.params]} for request in emulator.requests]


def _advance(emulator: Emulator, given: Any) -> dict[str, Any]:
    if not given or not given.keys() <= set(_UNITS):
        raise ValueError
    emulator.advance(timedelta(**{unit: float(amount) for unit, amount in given.items()}))
    return _state(emulator, given)


def _truth(emulator: Emulator, given: Any) -> dict[str, Any]:
    customer_id = int(given["customer_id"]) if "customer_id" in given else None
    include_spam = str(given.get("include_spam", "true")).lower() == "true"
    return {"interactions": emulator.truth(customer_id, include_spam=include_spam)}


def _insert(emulator: Emulator, given: Any) -> dict[str, Any]:
    return {"id": emulator.insert(given["customer_id"], **given.get("fields", {}))}


def _change(emulator: Emulator, given: Any) -> dict[str, Any]:
    emulator.change(given["id"], touch_updated_at=given.get("touch_updated_at", True), **given["fields"])
    return {"id": given["id"]}


def _remove(emulator: Emulator, given: Any) -> dict[str, Any]:
    emulator.remove(given["id"])
    return {"id": given["id"]}


def _readings(emulator: Emulator, given: Any) -> Interpretation:
    """Change the interpretation named; the others stay."""
    emulator.interpretation = _replaced(emulator.interpretation, given)
    return emulator.interpretation


def _faults(emulator: Emulator, given: Any) -> Faults:
    """Change the faults named; the others stay, and all counts start anew."""
    emulator.faults = _replaced(emulator.faults, given)
    return emulator.faults


Switches = TypeVar("Switches", Interpretation, Faults)


def _replaced(present: Switches, given: Any) -> Switches:
    known = {field.name for field in fields(present)}
    if not given.keys() <= known:
        raise ValueError
    return msgspec.convert(msgspec.to_builtins(present) | given, type(present), strict=False)


_CONTROLS: dict[tuple[str, str], Work] = {
    ("GET", "state"): _state,
    ("GET", "requests"): _requests,
    ("GET", "truth"): _truth,
    ("GET", "interpretation"): lambda emulator, _: emulator.interpretation,
    ("GET", "faults"): lambda emulator, _: emulator.faults,
    ("POST", "advance"): _advance,
    ("POST", "insert"): _insert,
    ("POST", "change"): _change,
    ("POST", "remove"): _remove,
    ("POST", "interpretation"): _readings,
    ("POST", "faults"): _faults,
    ("POST", "revoke"): lambda emulator, _: emulator.revoke_tokens(),
}
