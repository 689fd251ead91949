"""The slot lock: one living process for each worker name, so that no job can run twice at once."""

import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from node.registry.connect import Registry, RegistryError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slot:
    """A held lock; it is free again when this process has ended, however it ends. Keep it referenced."""

    name: str
    lock: int | sa.Connection


def hold_slot(registry: Registry, folder: Path, name: str) -> Slot:
    """Take the lock of a worker name: a file lock on SQLite, an advisory lock on PostgreSQL.

    Raises
    ------
    RegistryError
        ``slot``: another process lives under this name.
    """
    lock = _file_lock(folder / f"slot-{name}.lock") if registry.is_sqlite else _advisory_lock(registry, name)
    if lock is None:
        raise RegistryError(
            "slot", f"another calcium-node works under the name {name} on this data: stop it first, or use other data"
        )
    return Slot(name=name, lock=lock)


def _file_lock(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _advisory_lock(registry: Registry, name: str) -> sa.Connection | None:
    connection = registry.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    key = int.from_bytes(hashlib.sha256(f"slot:{name}".encode()).digest()[:8], "big", signed=True)
    if connection.scalar(sa.text("select pg_try_advisory_lock(:key)"), {"key": key}):
        return connection
    connection.close()
    return None
