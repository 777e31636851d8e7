"""Connections to PostgreSQL: how they are opened, and what their errors mean in plain words."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from heygen_async.errors import InvalidInputError, JournalError

if TYPE_CHECKING:
    import psycopg

SCHEMA = "heygen"  # the PostgreSQL schema that has the tables
_CONNECT_SECONDS = 10
# Either end notices within 30 s that the other one has lost power or network; by default it takes two hours.
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
_SERVER_SIDE = " ".join(
    f"-c {name if name.startswith('tcp') else f'tcp_{name}'}={value}" for name, value in KEEPALIVES.items()
)

# While a long list is taken in, the server's statistics still say that the table is empty: then it would read the whole
# table for every page of the list. Costs that keep it from that must not make it compile queries.
_PLANNER = "-c enable_seqscan=off -c jit=off"


def driver() -> ModuleType:
    """Return psycopg.

    Raises:
        InvalidInputError: psycopg is not installed.
    """
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError as exc:
        raise InvalidInputError('a journal in PostgreSQL needs psycopg: pip install "heygen-async[postgres]"') from exc
    return psycopg


def connect(address: str, *, read_only: bool = False) -> psycopg.Connection[Any]:
    """Open a connection on which each statement outside of a transaction is durable at once.

    Raises:
        JournalError: A connection pooler in between drops the settings of the session.
        psycopg.Error: The server is out of reach.
    """
    read = "on" if read_only else "off"
    options = f"-c search_path={SCHEMA} -c default_transaction_read_only={read} {_PLANNER} {_SERVER_SIDE}"
    library = driver()
    try:
        found: psycopg.Connection[Any] = library.connect(
            address,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="heygen-async",
            options=options,
            **KEEPALIVES,
        )
    except library.Error as exc:
        if "unsupported startup parameter" in str(exc):
            raise _pooler_error(address) from exc
        raise
    ((search_path,),) = found.execute("SHOW search_path").fetchall()
    if search_path != SCHEMA:
        found.close()
        raise _pooler_error(address)
    return found


def _pooler_error(address: str) -> JournalError:
    return JournalError(
        f"{without_password(address)}: a connection pooler in between, such as PgBouncer in transaction mode, drops "
        "the settings of a session; nothing was written. Give the address of the server itself"
    )


def create_database(address: str) -> None:
    """Create the database that *address* names, unless it is there.

    Raises:
        JournalError: The server is out of reach, or the user may not create databases.
    """
    psycopg = driver()
    where = without_password(address)
    name = psycopg.conninfo.conninfo_to_dict(address).get("dbname")
    try:
        with psycopg.connect(address, dbname="postgres", autocommit=True, connect_timeout=_CONNECT_SECONDS) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchall():
                server.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    except psycopg.Error as exc:
        raise JournalError(f"{where}: {reason_of(exc)}") from exc


def without_password(address: str) -> str:
    """Return an address without its user and password, for messages.

    Raises:
        JournalError: The address cannot be parsed.
    """
    psycopg = driver()
    try:
        parts = psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise JournalError("the address of the database: must be as in postgresql://user@host:5432/name") from None
    port = f":{parts['port']}" if "port" in parts else ""
    return f"postgresql://{parts.get('host', 'localhost')}{port}/{parts.get('dbname', parts.get('user', ''))}"


def reason_of(exc: psycopg.Error) -> str:
    """Return the reason of an error in plain words, with the remedy if it is known."""
    text = (exc.diag.message_primary or str(exc)).strip().splitlines()[0]
    known = {
        "53100": "the server's disk is full; nothing further was submitted. Make room and start again",
        "42501": f"the user may not do this ({text}); give it the right to, or take another",
        "25006": "the database is read-only; take the one that can be written to",
    }
    if exc.sqlstate in known:
        return known[exc.sqlstate]
    if "does not exist" in text and exc.sqlstate in {None, "3D000"}:
        return f"{text}; check the name, or make it: heygen-async enqueue --create ..., or createdb NAME"
    return text
