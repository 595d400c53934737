"""A stand-in for a Snowflake account: fakesnow's server on loopback, used by the real Snowflake connector.

fakesnow translates statements to DuckDB. This module adds what dlt needs besides: several statements in one call, a
quoted target of PUT, other forms of COPY's options, JSON copied by column name, session settings, comments on
columns, and null timestamps. It checks logins, by password or by a key pair's signed token, and records every statement
as it was sent.

It does not prove privileges, warehouses, credits, the case of quoted names, Snowflake's conversions in COPY, its locks
and transaction isolation, or the cost of a statement. It does not prove either that Snowflake accepts the syntax, only
that a parser of its dialect does.
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
from fakesnow import arrow, copy_into, info_schema
from fakesnow.instance import FakeSnow
from sqlglot import exp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_fakesnow_table_comment = info_schema.insert_table_comment_sql
_fakesnow_timestamps = arrow.timestamp_to_sf_struct

# dbt's comments on the columns of a table, which neither sqlglot nor fakesnow knows.
COLUMN_COMMENTS = r"""(?x)
    alter \s+ table \s+ ([\w.]+) \s+ alter \s+ "\w+" \s+ COMMENT \s+ \$\$[^$]*\$\$
    (\s* , \s* "\w+" \s+ COMMENT \s+ \$\$[^$]*\$\$)* \s* ;? \s* (/\*.*\*/)? \s* $"""
USER, PASSWORD, ACCOUNT = "LIINE_LOADER", "a password of the tests", "standin"


@dataclass
class StandIn:
    """An empty account. `statements` are those received, `logins` the users and authenticators."""

    port: int = 0
    public_key: Any = None
    statements: list[str] = field(default_factory=list)
    # The same by session, in the order of the sessions' first statements.
    sessions: dict[str, list[str]] = field(default_factory=dict)
    logins: list[dict[str, Any]] = field(default_factory=list)
    # As after setup.sql: a database without a schema.
    warehouse: FakeSnow = field(default_factory=lambda: FakeSnow(create_schema_on_connect=False))

    _idle: threading.Condition = field(default_factory=threading.Condition)
    _running: int = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a statement as running within the block."""
        with self._idle:
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def abandon_sessions(self) -> None:
        """Roll back and end all sessions, as an account does for clients that are gone."""
        with self._idle:
            self._idle.wait_for(lambda: not self._running)
            for session in fakesnow.server.sessions.values():
                with suppress(duckdb.Error):  # most have no transaction
                    session._duck_conn.rollback()
            fakesnow.server.sessions.clear()

    def comment_columns(self, statement: str) -> None:
        """Store the comments on columns that a statement writes, adds or creates: fakesnow leaves them out."""
        if not re.match(r"(?i)\s*(create|alter)\b.*\bcomment\b|\s*comment\s+on\s+column\b", statement, re.DOTALL):
            return
        parsed = sqlglot.parse_one(statement, read="snowflake")
        found: list[tuple[str, exp.Expr]] = []
        if isinstance(parsed, exp.Comment):
            found = [(f'"ANALYTICS".{parsed.this.sql("duckdb")}', parsed.expression)]
        for column in parsed.find_all(exp.ColumnDef):
            table = next(parsed.find_all(exp.Table))
            name = f'"ANALYTICS"."{table.db}"."{table.name}".{column.this.sql("duckdb")}'
            found += [(name, comment.this) for comment in column.find_all(exp.CommentColumnConstraint)]
        for name, text in found:
            self.warehouse.duck_conn.cursor().execute(f"comment on column {name} is {text.sql('duckdb')}")

    @property
    def address(self) -> dict[str, Any]:
        """Return what the connector needs besides the account's name to reach the stand-in."""
        return {"host": "127.0.0.1", "port": self.port, "protocol": "http", "network_timeout": 20, "login_timeout": 20}

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Run SQL of Snowflake without the connector; return the rows with names in lower case."""
        cursor = self.warehouse.connect("ANALYTICS", "LIINE").cursor()
        cursor.execute(sql)
        names = [column.name.lower() for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class _JsonByName(copy_into.ReadParquet):
    """Copies JSON by column name, which fakesnow does for parquet only."""

    def read_expression(self, url: str) -> exp.Expr:
        return exp.func("read_json", self.file_literal(url), self.make_eq("format", "newline_delimited"))


def _column_names(url: str, connection: Any) -> list[str]:
    reader = copy_into.ReadParquet() if url.endswith(".parquet") else _JsonByName()
    source = reader.read_expression(url).sql("duckdb")
    described = connection.execute(f"describe select * from {source}")  # noqa: S608  a file of dlt's
    return [row[0] for row in described.fetchall()]


def _convert_timestamps(column: pa.ChunkedArray) -> pa.Array:
    """Return timestamps as Snowflake sends them; fakesnow sends 1970 for null."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    converted = _fakesnow_timestamps(pc.fill_null(whole, 0))
    return pa.StructArray.from_arrays(converted.flatten(), fields=list(converted.type), mask=whole.is_null())


def _store_table_comment(catalog: str, schema: str, table: str, comment: str | None) -> str:
    """Return fakesnow's statement; it fails for an apostrophe, and takes no comment for the comment None."""
    if comment is None:
        return "select 'done' as status"
    statement: str = _fakesnow_table_comment(catalog, schema, table, comment.replace("'", "''"))
    return statement


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
        patch.setattr(arrow, "timestamp_to_sf_struct", _convert_timestamps)
        patch.setattr(copy_into, "ReadJSON", _JsonByName)
        patch.setattr(copy_into, "_get_parquet_column_names", _column_names)
        patch.setattr(info_schema, "insert_table_comment_sql", _store_table_comment)
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
    async def log_in(request: Request) -> Response:
        data = json.loads(await _body(request))["data"]
        login = {"user": data.get("LOGIN_NAME"), "authenticator": data.get("AUTHENTICATOR", "SNOWFLAKE")}
        stand_in.logins.append(login | dict(request.query_params))
        if not _is_allowed(stand_in, data):
            message = "Incorrect username or password was specified."
            return JSONResponse({"data": None, "code": "390100", "message": message, "success": False})
        return await fakesnow.server.login_request(request)

    async def query(request: Request) -> Response:
        content = json.loads(await _body(request))
        with stand_in.answering():
            return await run_statements(request, content)

    async def run_statements(request: Request, content: dict[str, Any]) -> Response:
        sent = content["sqlText"]
        if sent.strip():
            stand_in.statements.append(sent)
            stand_in.sessions.setdefault(request.headers["Authorization"], []).append(sent)
        answer: Response = JSONResponse({"data": {}, "success": True})
        for statement in _fakesnow_statements(sent):
            answer = await fakesnow.server.query_request(_with_body(request, {**content, "sqlText": statement}))
            result = json.loads(bytes(answer.body))
            if answer.status_code >= 500:
                # The connector would retry for minutes what fakesnow cannot do.
                failed = {"data": {"errorCode": "1003", "sqlState": "42000"}, "code": "001003", "success": False}
                return JSONResponse({**failed, "message": result["message"]})
            if not result["success"]:
                return answer
        for statement in split(sent):
            stand_in.comment_columns(statement)
        return answer

    own = {"/session/v1/login-request": log_in, "/queries/v1/query-request": query}
    others = [route for route in fakesnow.server.routes if route.path not in own]
    return Starlette(routes=[*(Route(path, to, methods=["POST"]) for path, to in own.items()), *others])


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
    """Return the request with another body, uncompressed."""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-encoding"]
    copied = Request({**request.scope, "headers": headers})
    copied._body = json.dumps(content).encode()
    return copied


def _fakesnow_statements(sent: str) -> Iterator[str]:
    """Yield the statements of a call in a form that fakesnow accepts."""
    for statement in split(sent):
        # Session settings have no effect here, and the folder of staged files is deleted with the process.
        # What comments on columns say is stored by `comment_columns`.
        ignored = r"(?i)alter\s+session\s+(un)?set\s+(?!autocommit)|remove\b|comment\s+on\s+column\b"
        if re.match(ignored, statement) or re.match(COLUMN_COMMENTS, statement):
            yield "select 'done' as status"
        else:
            # dbt replaces or drops its temporary tables itself, and in DuckDB they would be in no schema.
            permanent = re.sub(r"(?i)^(\s*create\s+or\s+replace)\s+temporary\b", r"\1", statement)
            yield _copy_into(_put(permanent))


def split(sent: str) -> list[str]:
    """Return the statements of one call."""
    tokens = sqlglot.tokenize(sent, read="snowflake")
    edges = [token.start for token in tokens if token.text == ";"]
    parts = [
        sent[start:end] for start, end in zip([0, *(edge + 1 for edge in edges)], [*edges, len(sent)], strict=True)
    ]
    return [part.strip() for part in parts if part.strip()]


def _put(statement: str) -> str:
    """Remove the quotes around the target of PUT, and the option OVERWRITE."""
    if not statement.lstrip().upper().startswith("PUT"):
        return statement
    unquoted = re.sub(r"'(@[^']*)'", r"\1", statement)
    return unquoted.replace("OVERWRITE = TRUE, ", "")


def _copy_into(statement: str) -> str:
    if not statement.lstrip().upper().startswith("COPY INTO"):
        return statement
    plain = re.sub(r"MATCH_BY_COLUMN_NAME='(\w+)'", r"MATCH_BY_COLUMN_NAME=\1", statement)
    plain = re.sub(r"'(@[^']*)'", r"\1", plain)
    return re.sub(r"FILE_FORMAT = \(TYPE = '(\w+)'[^)]*\)", r"FILE_FORMAT = (TYPE = '\1')", plain)
