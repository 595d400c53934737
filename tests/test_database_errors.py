"""What databases say becomes a cause, an object and what mends it; no value of a row is passed on."""

from types import SimpleNamespace
from typing import Any

import dlt
import duckdb
import pytest
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import database_errors, error_translation
from liine_source.errors import ConfigurationError, DestinationError

CANARY = "Canary Person"


def postgres_error(message: str, code: str | None = None, **names: str) -> Exception:
    """An error as psycopg2 raises it."""
    kind = type("Error", (Exception,), {"__module__": "psycopg2.errors"})
    error: Any = kind(message)
    error.pgcode = code
    error.diag = SimpleNamespace(**names)
    return error


def snowflake_error(number: int, message: str) -> Exception:
    """An error as Snowflake's connector raises it."""
    error: Any = type("ProgrammingError", (Exception,), {"__module__": "snowflake.connector.errors"})(message)
    error.errno = number
    return error


def refused(detail: str) -> Exception:
    """An error of a connection, which has no code."""
    return postgres_error(f'connection to server at "h" (::1), port 5432 failed: {detail}')


TABLE = {"schema_name": "liine", "table_name": "interactions"}
CASES = [
    # The connection and the login.
    (refused('FATAL:  password authentication failed for user "u"'), "refused the login. Correct user name, password"),
    (refused("fe_sendauth: no password supplied"), "refused the login. Correct user name, password"),
    (refused('FATAL:  LDAP authentication failed for user "u"'), "refused the login."),
    (refused('FATAL:  no pg_hba.conf entry for host "::1", user "u"'), "pg_hba.conf has no entry"),
    (refused('FATAL:  Peer authentication failed for user "u"'), "Run as that user, set username under [destination."),
    (refused('FATAL:  role "my role" does not exist'), 'or create it: CREATE ROLE "my role" LOGIN;'),
    (refused('FATAL:  role "r" is not permitted to log in'), 'ALTER ROLE "r" LOGIN;'),
    (refused('FATAL:  database "d" does not exist'), 'or create it: CREATE DATABASE "d";'),
    (refused('FATAL:  permission denied for database "d"'), "GRANT CONNECT ON DATABASE"),
    (refused("FATAL:  sorry, too many clients already"), "raise max_connections"),
    (refused("FATAL:  the database system is starting up"), "It passes by itself: run again."),
    (refused("Connection refused\n\tIs the server running?"), "Check host and port under [destination.postgres."),
    (refused("timeout expired"), "Check host and port under [destination.postgres.credentials]"),
    (refused("server does not support SSL, but SSL was required"), "The server has no TLS"),
    (refused("SSL error: certificate verify failed"), "Set sslrootcert"),
    (postgres_error('root certificate file "/x" does not exist'), "Set sslrootcert"),
    (refused('server certificate for "a" does not match host name "b"'), "to a name that the certificate has"),
    (refused("FATAL:  connection requires a valid client certificate"), "Set sslcert and sslkey"),
    (refused('FATAL:  certificate authentication failed for user "u"'), "Set username under"),
    (refused('private key file "/x" has group or world access'), "chmod 600"),
    (refused("FATAL:  unsupported startup parameter: options"), "Set host and port under [destination.postgres."),
    (postgres_error('definition of service "s" not found'), "The service s is in no service file."),
    (postgres_error('could not translate host name "h" to address'), "Correct host under [destination.postgres."),
    (postgres_error('invalid sslmode value: "yes"'), "Correct it in the address, in query, or in the service file."),
    (snowflake_error(250001, "Failed to connect: Incorrect username or password"), "refused the login."),
    (snowflake_error(250001, "Could not connect to Snowflake backend"), "host and port under [destination.snowflake."),
    # Names, privileges and limits.
    (postgres_error('relation "liine.sweeps" does not exist', "42P01"), "The table liine.sweeps does not exist."),
    (postgres_error("column interactions.id does not exist", "42703"), "The column interactions.id does not exist."),
    (postgres_error('column "a" of relation "b" does not exist', "42703"), "The column a does not exist."),
    (postgres_error('schema "liine" does not exist', "3F000"), "The schema liine does not exist."),
    (duckdb.CatalogException("Catalog Error: Table with name runs does not exist!"), "The table runs does not exist."),
    (
        duckdb.BinderException('Binder Error: Table "t" does not have a column named "c"'),
        "The column c does not exist.",
    ),
    (snowflake_error(2003, "Object 'A.B' does not exist or not authorized."), "A.B does not exist, or is hidden"),
    (snowflake_error(904, "error line 1\ninvalid identifier 'X'"), "The column X does not exist."),
    (snowflake_error(606, "No active warehouse selected"), "Set warehouse under [destination.snowflake.credentials]"),
    (postgres_error("permission denied for table sweeps", "42501"), "The role lacks a privilege on sweeps"),
    (postgres_error('must be owner of table "a b"', "42501"), "make the role a member of the owner"),
    (
        postgres_error("cannot execute INSERT in a read-only transaction", "25006"),
        "default_transaction_read_only = off",
    ),
    (postgres_error("canceling statement due to statement timeout", "57014"), "SET statement_timeout = 0;"),
    (postgres_error("canceling statement due to lock timeout", "55P03"), "SET lock_timeout = 0;"),
    (postgres_error("could not serialize access", "40001"), "It passes by itself: run again."),
    (postgres_error('could not extend file "x"', "53100"), "The disk is full."),
    # Rows that are refused: each message holds one.
    (
        postgres_error(f'invalid input syntax for type integer: "{CANARY}"', "22P02"),
        "A value does not fit its column: somebody has changed the column's type",
    ),
    (
        postgres_error('column "name" is of type integer but expression is of type text', "42804"),
        "The column name has another type",
    ),
    (
        postgres_error(f"DETAIL: Key (name)=({CANARY})", "23505", constraint_name="mine", **TABLE),
        'Remove it: ALTER TABLE "liine"."interactions" DROP CONSTRAINT "mine";',
    ),
    (
        postgres_error(f"DETAIL: Failing row ({CANARY})", "23502", column_name="name", **TABLE),
        'Remove it: ALTER TABLE "liine"."interactions" ALTER COLUMN "name" DROP NOT NULL;',
    ),
    (postgres_error(f"{CANARY}: connection refused", "P0001"), "A trigger on a table of the dataset has raised"),
    (postgres_error(f"{CANARY}: connection refused", "XX000"), None),
    (duckdb.ConversionException(f"Could not convert '{CANARY}'"), "A value does not fit its column"),
    (duckdb.ConstraintException(f'Duplicate key "name: {CANARY}"'), "A constraint refuses rows"),
    # Files.
    (
        duckdb.IOException(
            'IO Error: Could not set lock on file "/a/w.duckdb": Conflicting lock is held in /bin/python (PID 17). See'
        ),
        "Another program (PID 17) has the warehouse's file /a/w.duckdb open, perhaps another run.",
    ),
    (
        duckdb.IOException("IO Error: Could not set lock on file"),
        "Another program has the warehouse's file in question",
    ),
    (
        duckdb.IOException('IO Error: The file "/a/w.duckdb" exists, but it is not a valid DuckDB database file!'),
        "The warehouse's file /a/w.duckdb is not a DuckDB file. Correct DESTINATION__DUCKDB__CREDENTIALS",
    ),
    *(
        (duckdb.IOException(f"IO Error: {said}"), "The warehouse's file /a/w.duckdb cannot be opened: its folder")
        for said in (
            'Cannot open file "/a/w.duckdb": No such file or directory',
            'Cannot open file "/a/w.duckdb": Not a directory',
            'Could not read from file "/a/w.duckdb": Is a directory',
        )
    ),
    (
        duckdb.IOException(f'IO Error: Cannot open file "/a/w?token={CANARY}": No such file or directory'),
        "The warehouse's file in question cannot be opened",
    ),
    (
        duckdb.IOException("IO Error: trying to read a database file with version number 99"),
        "another version of DuckDB",
    ),
    (duckdb.OutOfMemoryException("Out of Memory Error"), 'GLOBAL_CONFIG=\'{"memory_limit": "1GB"}\''),
    (
        duckdb.TransactionException(
            "Failed to commit: could not allocate block of size 9.0 KiB (7.5 MiB/8.0 MiB used)"
        ),
        'GLOBAL_CONFIG=\'{"memory_limit": "1GB"}\'',
    ),
    (PermissionError(13, "Permission denied", "/a/file"), "dlt's folder (/a/file)"),
    (FileNotFoundError(2, "No such file or directory", "/a/file"), "cannot be created (/a/file)"),
    (OSError(28, "No space left on device"), "The disk is full."),
]


@pytest.mark.parametrize(("error", "expected"), CASES, ids=[str(error)[:60] for error, _ in CASES])
def test_error_is_explained(error: Exception, expected: str | None) -> None:
    """Also where dlt has wrapped it, which quotes its text."""
    for raised in (error, DatabaseTerminalException(error)):
        raised.__cause__ = None if raised is error else error
        with pytest.raises((DestinationError, ConfigurationError)) as caught, error_translation.translate_errors():
            raise raised
        message = str(caught.value)
        assert (expected or "does not know this error (raised at test_database_errors.py:") in message
        assert CANARY not in message


def test_wrong_setting_is_no_broken_warehouse() -> None:
    """It is told as what it is, with exit code 2; during a load, when the setting has worked, as a failure."""
    settings = {cause.problem for cause in database_errors._CAUSES if cause.is_setting}
    assert settings == {
        "The role {name} does not exist.",
        "The database {name} does not exist.",
        "The service {name} is in no service file.",
        "A parameter of the connection has a value that libpq does not take.",
        "The host of the warehouse is unknown.",
        "The warehouse's file {name} is not a DuckDB file.",
        "The warehouse's file {name} cannot be opened: its folder does not exist, or it is no file.",
    }
    unknown = postgres_error('could not translate host name "h" to address')
    with pytest.raises(ConfigurationError, match=r"^The host of the warehouse is unknown\."):
        translate(unknown)
    failed = PipelineStepFailed(dlt.pipeline("mine", destination="duckdb"), "load", "1", unknown, None)
    with pytest.raises(DestinationError, match="The run failed in dlt's step 'load'"):
        translate(failed)


def translate(error: Exception) -> None:
    """Raise an error as a command does."""
    with error_translation.translate_errors():
        raise error


def test_running_again_is_advised_only_where_it_helps() -> None:
    """And reaching the warehouse is only doubted where it was not reached."""
    advised = {cause.problem for cause in database_errors._CAUSES if "run again" in cause.remedy}
    assert advised == {
        "The server is starting, or is being stopped.",
        "The warehouse could not be reached, or the connection to it was lost.",
        "Another session has changed the same rows at the same time.",
        "Another program{process} has the warehouse's file {name} open, perhaps another run.",
    }
    reached = {cause.problem for cause in database_errors._CAUSES if "reached" in cause.problem + cause.remedy}
    assert reached == {"The warehouse could not be reached, or the connection to it was lost."}
