"""A minimal HTTP client for these tests, so that they do not rely on the connector's."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from liine_source.emulator import Emulator

LOGIN = "/call_log/authenticate/"
INTERACTIONS = "/call_log/interactions/"


@dataclass(frozen=True)
class Reply:
    """Status, headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.json["interactions"]]


def send(
    api: Emulator, method: str, target: str, body: str | None = None, timeout: float = 20, **headers: str
) -> Reply:
    """Send one request on a new connection."""
    connection = http.client.HTTPConnection(urlsplit(api.base_url).netloc, timeout=timeout)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, None if body is None else body.encode(), names)
        answer = connection.getresponse()
        content = answer.read()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
    finally:
        connection.close()


def log_in(api: Emulator) -> Reply:
    """Log in with a JSON body."""
    credentials = json.dumps({"username": api.username, "password": api.password})
    return send(api, "POST", LOGIN, credentials, content_type="application/json")


def get_token(api: Emulator) -> str:
    """Log in and return the value of an `Authorization` header."""
    token: str = log_in(api).json["token"]
    return token if token.startswith("bearer ") else f"bearer {token}"


def get(
    api: Emulator, path: str = INTERACTIONS, *, token: str | None = None, timeout: float = 20, **params: Any
) -> Reply:
    """Request interactions, by default of the first customer."""
    query = urlencode({"customer_id": api.customer_ids[0]} | params, doseq=True)
    return send(api, "GET", f"{path}?{query}", timeout=timeout, authorization=token or get_token(api))


def ask(api: Emulator, *pairs: tuple[str, object]) -> dict[str, Any]:
    """Return the API's answer without HTTP."""
    answer = api.interactions([(name, str(value)) for name, value in pairs])
    content: dict[str, Any] = json.loads(answer.body)
    return {"status": answer.status} | content
