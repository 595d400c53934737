"""Statements that follow each other share a connection to the warehouse."""

from collections.abc import Callable
from typing import Any

import dlt
import pytest
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient

from liine_source import build_pipeline
from liine_source.warehouse import catalog
from liine_source.warehouse.statements import select, statement


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows with each connection to DuckDB."""
    found: list[None] = []
    connect: Callable[[Any], Any] = DuckDbSqlClient.open_connection

    def open_connection(client: Any) -> Any:
        found.append(None)
        return connect(client)

    monkeypatch.setattr(DuckDbSqlClient, "open_connection", open_connection)
    return found


def ask(pipeline: dlt.Pipeline, sql: str = "select 1") -> list[Any]:
    """Return all rows."""
    return list(select(pipeline, statement(sql)))


def test_kept_connection_serves_several_statements(opened: list[None]) -> None:
    """Afterwards each opens another."""
    pipeline = build_pipeline()
    with catalog.keep_connected(pipeline), catalog.keep_connected(pipeline):
        assert [ask(pipeline), ask(pipeline)] == [[(1,)]] * 2
    assert len(opened) == 1
    ask(pipeline)
    ask(pipeline)
    assert len(opened) == 3


def test_kept_connection_is_not_used_where_it_may_be_of_no_use(opened: list[None]) -> None:
    """While another statement is being read, and after an error, a statement gets another connection."""
    pipeline = build_pipeline()
    with catalog.keep_connected(pipeline):
        for _ in select(pipeline, statement("select 1")):
            assert ask(pipeline, "select 2") == [(2,)]
        assert len(opened) == 2
        with pytest.raises(DatabaseException):
            ask(pipeline, "select * from nothing")
        assert ask(pipeline) == [(1,)]
    assert len(opened) == 3
