"""A stand-in for a Snowflake account: fakesnow's server on loopback, which the real connector talks to.

fakesnow turns statements into DuckDB's. What it lacks for dlt is added here: several statements in one call, a quoted
target of PUT, the spelling of COPY's options, JSON copied by column name, session settings, timestamps that are null.
Logins are checked: a password, or a key pair's token with its signature. Every statement is kept as it was sent.

What it does not prove: privileges, warehouses, credits, case of quoted names, Snowflake's own conversions while
copying, its locks and what concurrent transactions see, what a statement costs, and that Snowflake takes the syntax:
that a parser of its dialect takes it is all that is known.
"""

import gzip
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb
import fakesnow.server
import jwt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot
import uvicorn
from fakesnow import arrow, copy_into
from fakesnow.instance import FakeSnow
from sqlglot import exp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_fakesnows_moments = arrow.timestamp_to_sf_struct

USER, PASSWORD, ACCOUNT = "LIINE_LOADER", "a password of the tests", "standin"


@dataclass
class StandIn:
    """An account that is empty at first. `statements` are those received, `logins` the authenticators used."""

    port: int = 0
    public_key: Any = None
    statements: list[str] = field(default_factory=list)
    # The same by session, in the order in which the sessions began to ask.
    sessions: dict[str, list[str]] = field(default_factory=dict)
    logins: list[dict[str, Any]] = field(default_factory=list)
    # As after setup.sql: a database, and no schema in it.
    warehouse: FakeSnow = field(default_factory=lambda: FakeSnow(create_schema_on_connect=False))

    _idle: threading.Condition = field(default_factory=threading.Condition)
    _running: int = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A statement is being run."""
        with self._idle:
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def abandon_sessions(self) -> None:
        """Roll back what sessions left open, and end them, as an account does with those whose client is gone."""
        with self._idle:
            self._idle.wait_for(lambda: not self._running)
            for session in fakesnow.server.sessions.values():
                with suppress(duckdb.Error):  # most have no transaction
                    session._duck_conn.rollback()
            fakesnow.server.sessions.clear()

    @property
    def address(self) -> dict[str, Any]:
        """What the connector needs beside an account's name, to reach the stand-in."""
        return {"host": "127.0.0.1", "port": self.port, "protocol": "http", "network_timeout": 20, "login_timeout": 20}

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows by Snowflake's SQL, past the connector: in lower case."""
        cursor = self.warehouse.connect("ANALYTICS", "LIINE").cursor()
        cursor.execute(sql)
        names = [column.name.lower() for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class _JsonByName(copy_into.ReadParquet):
    """JSON copied by column name, which fakesnow does for parquet only."""

    def read_expression(self, url: str) -> exp.Expr:
        return exp.func("read_json", self.file_literal(url), self.make_eq("format", "newline_delimited"))


def _column_names(url: str, connection: Any) -> list[str]:
    reader = copy_into.ReadParquet() if url.endswith(".parquet") else _JsonByName()
    source = reader.read_expression(url).sql("duckdb")
    described = connection.execute(f"describe select * from {source}")  # noqa: S608  a file of dlt's
    return [row[0] for row in described.fetchall()]


def _moments(column: pa.ChunkedArray) -> pa.Array:
    """Timestamps as Snowflake sends them; fakesnow sends 1970 for null."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    made = _fakesnows_moments(pc.fill_null(whole, 0))
    return pa.StructArray.from_arrays(made.flatten(), fields=list(made.type), mask=whole.is_null())


@contextmanager
def running() -> Iterator[StandIn]:
    """Start a stand-in on a free port of this machine, for one test."""
    stand_in = StandIn()
    fakesnow.server.logger.disabled = True
    server = uvicorn.Server(uvicorn.Config(_app(stand_in), host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakesnow.server, "shared_fs", stand_in.warehouse)
        patch.setattr(fakesnow.server, "sessions", {})
        patch.setattr(arrow, "timestamp_to_sf_struct", _moments)
        patch.setattr(copy_into, "ReadJSON", _JsonByName)
        patch.setattr(copy_into, "_get_parquet_column_names", _column_names)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("The stand-in for Snowflake did not start.")
                time.sleep(0.01)
            stand_in.port = server.servers[0].sockets[0].getsockname()[1]
            yield stand_in
        finally:
            server.should_exit = True
            thread.join()
            stand_in.warehouse.duck_conn.close()


def _app(stand_in: StandIn) -> Starlette:
    async def login(request: Request) -> Response:
        data = json.loads(await _body(request))["data"]
        told = {"user": data.get("LOGIN_NAME"), "authenticator": data.get("AUTHENTICATOR", "SNOWFLAKE")}
        stand_in.logins.append(told | dict(request.query_params))
        if not _is_allowed(stand_in, data):
            message = "Incorrect username or password was specified."
            return JSONResponse({"data": None, "code": "390100", "message": message, "success": False})
        return await fakesnow.server.login_request(request)

    async def query(request: Request) -> Response:
        asked = json.loads(await _body(request))
        with stand_in.answering():
            return await answered(request, asked)

    async def answered(request: Request, asked: dict[str, Any]) -> Response:
        sent = asked["sqlText"]
        if sent.strip():
            stand_in.statements.append(sent)
            stand_in.sessions.setdefault(request.headers["Authorization"], []).append(sent)
        answer: Response = JSONResponse({"data": {}, "success": True})
        for statement in _spoken_here(sent):
            answer = await fakesnow.server.query_request(_with_body(request, {**asked, "sqlText": statement}))
            told = json.loads(bytes(answer.body))
            if answer.status_code >= 500:
                # The connector would ask for minutes what fakesnow cannot do.
                failed = {"data": {"errorCode": "1003", "sqlState": "42000"}, "code": "001003", "success": False}
                return JSONResponse({**failed, "message": told["message"]})
            if not told["success"]:
                break
        return answer

    mine = {"/session/v1/login-request": login, "/queries/v1/query-request": query}
    kept = [route for route in fakesnow.server.routes if route.path not in mine]
    return Starlette(routes=[*(Route(path, to, methods=["POST"]) for path, to in mine.items()), *kept])


def _is_allowed(stand_in: StandIn, data: dict[str, Any]) -> bool:
    if data.get("LOGIN_NAME") != USER:
        return False
    if data.get("AUTHENTICATOR") != "SNOWFLAKE_JWT":
        return bool(data.get("PASSWORD") == PASSWORD)
    try:
        jwt.decode(data["TOKEN"], stand_in.public_key, algorithms=["RS256"])
    except jwt.InvalidTokenError:
        return False
    return True


async def _body(request: Request) -> bytes:
    body = await request.body()
    return gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body


def _with_body(request: Request, content: dict[str, Any]) -> Request:
    """The same request with another body, uncompressed."""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-encoding"]
    again = Request({**request.scope, "headers": headers})
    again._body = json.dumps(content).encode()
    return again


def _spoken_here(sent: str) -> Iterator[str]:
    """The statements of a call, as fakesnow takes them."""
    for statement in split(sent):
        # Session settings change nothing here, and staged files lie in a folder that goes with the process.
        if re.match(r"(?i)alter\s+session\s+(un)?set\s+(?!autocommit)|remove\b", statement):
            yield "select 'done' as status"
        else:
            # dbt replaces or drops what it makes for a while, and in DuckDB such would lie in no schema.
            lasting = re.sub(r"(?i)^(\s*create\s+or\s+replace)\s+temporary\b", r"\1", statement)
            yield _copied(_put(lasting))


def split(sent: str) -> list[str]:
    """The statements of one call."""
    tokens = sqlglot.tokenize(sent, read="snowflake")
    edges = [token.start for token in tokens if token.text == ";"]
    parts = [
        sent[start:end] for start, end in zip([0, *(edge + 1 for edge in edges)], [*edges, len(sent)], strict=True)
    ]
    return [part.strip() for part in parts if part.strip()]


def _put(statement: str) -> str:
    """PUT's target without the quotes around it, and its options without commas."""
    if not statement.lstrip().upper().startswith("PUT"):
        return statement
    unquoted = re.sub(r"'(@[^']*)'", r"\1", statement)
    return unquoted.replace("OVERWRITE = TRUE, ", "")


def _copied(statement: str) -> str:
    if not statement.lstrip().upper().startswith("COPY INTO"):
        return statement
    plain = re.sub(r"MATCH_BY_COLUMN_NAME='(\w+)'", r"MATCH_BY_COLUMN_NAME=\1", statement)
    plain = re.sub(r"'(@[^']*)'", r"\1", plain)
    return re.sub(r"FILE_FORMAT = \(TYPE = '(\w+)'[^)]*\)", r"FILE_FORMAT = (TYPE = '\1')", plain)
