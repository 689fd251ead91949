"""A node as a process of its own, as a hospital runs it: configuration file, ports, signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

START_SECONDS = 90.0
LOOK_SECONDS = 0.05


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], Any], seconds: float, why: Callable[[], str]) -> Any:
    """Value of `what` as soon as it is true: the state of another process is looked at, nothing is timed."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, why()
        time.sleep(LOOK_SECONDS)
    return value


class RunningNode:
    """`calcium-node serve` on free ports; the folder survives a kill, so that it can be started again."""

    def __init__(
        self,
        folder: Path,
        *,
        destinations: Sequence[Mapping[str, Any]] = (),
        roles: Sequence[str] = (),
        extra: str = "",
        url: str = "sqlite",
        callers: Sequence[str] = ("*",),
        non_gated: bool = False,
        web_port: int = 0,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.data, self.roles = folder, folder / "data", roles
        self.config, self.log = folder / "node.toml", folder / f"node-{'-'.join(roles) or 'all'}.log"
        self.dicom_port = free_port()
        self.web_port = web_port
        if not self.config.exists():
            self.config.write_text(self._text(destinations, extra, url, callers, non_gated=non_gated), encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def _text(
        self,
        destinations: Sequence[Mapping[str, Any]],
        extra: str,
        url: str,
        callers: Sequence[str],
        *,
        non_gated: bool,
    ) -> str:
        rows = "".join(
            f'[[destinations]]\nname = "{one["name"]}"\nae_title = "{one["ae_title"]}"\n'
            f'host = "127.0.0.1"\nport = {one["port"]}\n'
            for one in destinations
        )
        return f"""
[node]
data = {json.dumps(str(self.data))}
minimum_free_megabytes = 16
[receive]
host = "127.0.0.1"
port = {self.dicom_port}
callers = {json.dumps(list(callers))}
[intake]
quiet_seconds = 0.3
quiet_limit_seconds = 2.0
[score]
score_non_gated = {json.dumps(non_gated)}
[risk]
ethnic_group = "white"
[deliver]
first_retry_seconds = 0.5
[database]
url = {json.dumps(url)}
[web]
port = {self.web_port}
{extra}
{rows}"""

    def start(self) -> "RunningNode":
        ready = self.folder / f"ready-{'-'.join(self.roles) or 'all'}.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "node.cli", "serve", "--config", str(self.config), "--ready-file", str(ready)]
        for role in self.roles:
            command += ["--role", role]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        until(lambda: ready.exists() or self.process.poll() is not None, START_SECONDS, self.words)
        assert ready.exists(), self.words()
        self.dicom_port = json.loads(ready.read_text())["dicom_port"] or self.dicom_port
        return self

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def kill(self) -> None:
        """kill -9 of the node with everything that it started."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)

    def ask(self, *words: str) -> Any:
        """JSON that one of our own commands answers."""
        said = subprocess.run(
            [sys.executable, "-m", "node.cli", *words, "--config", str(self.config), "--json", "-"],
            capture_output=True,
            check=True,
        )
        return json.loads(said.stdout)

    def jobs(self) -> list[dict[str, Any]]:
        return self.ask("jobs", "list")

    def settled(self, series: int, seconds: float = 120.0) -> list[dict[str, Any]]:
        """The list of series once that many have come to their end and nothing waits to be sent."""
        final = {"scored", "refused", "failed", "incomplete", "alternative", "ignored"}

        def look() -> list[dict[str, Any]]:
            rows = self.jobs()
            done = len(rows) >= series and all(row["state"] in final for row in rows)
            ends = {"delivered", "delivered with warning", "refused", "parked"}
            sent = done and all(row["state"] in ends for row in self.ask("deliveries", "list"))
            return rows if sent else []

        return until(look, seconds, lambda: f"{self.jobs()}\n{self.words()}")

    def __enter__(self) -> "RunningNode":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
