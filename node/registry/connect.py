"""Opening the registry: SQLite in the data folder, or PostgreSQL by URL; migrations at start."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from node.facts import CalciumNodeError

SQLITE_FILE = "registry.sqlite"
MIGRATION_LOCK = 0x0CA1_C1_00
"""Key of the PostgreSQL advisory lock under which one starting process migrates and the others wait."""


class RegistryError(CalciumNodeError):
    """The registry cannot be opened or used."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registry:
    """An open registry: what `begin` yields is handed to the functions of this room."""

    engine: Engine
    url: str  # with the password, for the job engine; never shown

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on an exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only reads: it waits for no writer."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            yield connection

    @property
    def is_sqlite(self) -> bool:
        """Whether all roles must share this machine."""
        return self.engine.dialect.name == "sqlite"

    def answers(self) -> None:
        """Ask the database for nothing in particular; raises when it does not answer."""
        with self.engine.connect() as connection:
            connection.execute(sa.text("select 1"))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_registry(url: str, data: Path) -> Registry:
    """Open and migrate.

    Parameters
    ----------
    url : str
        ``sqlite``, or ``postgresql+psycopg://…``.
    data : Path
        The data folder; exists.

    Raises
    ------
    RegistryError
        ``database``: no answer, no rights, or a file system without write-ahead log.
    """
    if url == "sqlite":
        path = data.resolve() / SQLITE_FILE
        _prepare_sqlite(path)
        url = f"sqlite:///{path}"
    registry = Registry(engine=_engine(url), url=url)
    try:
        migrate(registry)
    except sa.exc.OperationalError as fault:
        registry.close()
        shown = sa.make_url(url).render_as_string(hide_password=True)
        cause = str(fault.orig).strip().splitlines()[0] if fault.orig else "no answer"
        raise RegistryError(
            "database", f"{shown} does not answer: {cause}. Is the server up and the URL right?"
        ) from None
    return registry


def migrate(registry: Registry) -> None:
    """Bring the tables to the newest form; several starting processes wait for one another."""
    from alembic import command  # noqa: PLC0415 - 0.3 s that a listing of jobs need not pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with registry.engine.connect() as connection:
        if not registry.is_sqlite:
            connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if not registry.is_sqlite:
                connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
                connection.commit()


def _prepare_sqlite(path: Path) -> None:
    try:
        connection = sqlite3.connect(path, timeout=30)
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        finally:
            connection.close()
        os.chmod(path, 0o600)  # noqa: PTH101 - the umask alone would let others read it
    except (sqlite3.Error, OSError) as fault:
        raise RegistryError("database", f"{path} cannot be opened ({fault}): is the data folder writable?") from None
    if mode != "wal":
        raise RegistryError(
            "database", f"{path} cannot keep a write-ahead log: a data folder on a network share needs PostgreSQL"
        )


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    engine = sa.create_engine(url, connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def _each_connection(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own
        connection.isolation_level = None  # the driver would begin DEFERRED, and two writers could then deadlock
        for pragma in ("busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
