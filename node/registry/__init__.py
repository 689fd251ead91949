"""Registry: the one memory of what is where; the files of the spool are the truth, this is their index.

In:      facts from those that act: stored objects, decisions, results, attempts to send.
Out:     rows as frozen dataclasses, by noun: instances, series, jobs, deliveries, peers.
Keeps:   SQLite in the data folder or PostgreSQL; rebuilt from the spool by a command.
Hostile: values of peers (titles, UIDs) reach it as parameters only, never as SQL.
Alone:   tests/node/registry: the same tests on SQLite and, where there is a server, PostgreSQL.
"""

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError as DatabaseError

from node.registry import deliveries, instances, jobs, peers, series
from node.registry.connect import Registry, RegistryError, migrate, open_registry
from node.registry.recorder import Recorder
from node.registry.slot import Slot, hold_slot

__all__ = [
    "Connection",
    "DatabaseError",
    "Recorder",
    "Registry",
    "RegistryError",
    "Slot",
    "deliveries",
    "hold_slot",
    "instances",
    "jobs",
    "migrate",
    "open_registry",
    "peers",
    "series",
]
