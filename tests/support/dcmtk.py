"""DCMTK's programs as peers; tests that need one are skipped by its name where it is absent."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.delivery import Timeouts, echo
from node.facts import Destination

_ATTEMPTS = 200
_QUICK = Timeouts(connect_s=1.0, answer_s=1.0)


def needs(program: str) -> pytest.MarkDecorator:
    """Skip where a program of DCMTK is absent."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} (DCMTK) is not installed")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program of DCMTK to its end; what it says is text."""
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, errors="replace", check=False, timeout=60
    )


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def storescp(folder: Path, *options: str, **environment: str) -> Iterator[Destination]:
    """Run storescp with the environment as packaged (no TCP_NODELAY) and `environment` on top."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    with subprocess.Popen(
        ["storescp", "-q", "-od", str(folder), *options, str(port)],
        env=clean | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        at = Destination(name="storescp", ae_title="STORESCP", host="127.0.0.1", port=port, objects=())
        try:
            answered = any(echo(at, "CALCIUM", _QUICK).ok for _ in range(_ATTEMPTS))
            assert answered, "storescp does not answer"
            yield at
        finally:
            process.terminate()
