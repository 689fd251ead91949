"""A PostgreSQL server of the tests' own, on loopback; skipped by name where it is not installed."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.running_node import free_port

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))

needs_postgres = pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is not installed")


def _as_user(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root: then as the user of its package."""
    if os.geteuid() != 0:
        return list(command)
    return ["runuser", "-u", "postgres", "--", *command]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """URL of an empty database of a fresh cluster."""
    cluster, port = folder / "cluster", free_port()
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        for place in (folder, *folder.parents):  # pytest's folders are for their owner only
            if not place.stat().st_mode & 0o001:
                place.chmod(0o755)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    programs = PROGRAMS[-1]
    subprocess.run(
        _as_user(str(programs / "initdb"), "-D", str(cluster), "-A", "trust", "-U", "calcium", "--no-sync"),
        check=True,
        capture_output=True,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    start = _as_user(
        str(programs / "pg_ctl"), "-D", str(cluster), "-w", "-l", str(folder / "log"), "-o", options, "start"
    )
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"postgresql+psycopg://calcium@127.0.0.1:{port}/postgres"
    finally:
        stop = _as_user(str(programs / "pg_ctl"), "-D", str(cluster), "-m", "immediate", "stop")
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
