"""Foreign DICOM programs: where they are, and how the tests start them."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.running_node import free_port, until


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip by name where a program is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


def run(*command: str, status: int = 0) -> str:
    """Output of a program that must end with `status`."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120, check=False)
    assert done.returncode == status, f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class Orthanc:
    """A real Orthanc on loopback, its REST interface."""

    ae_title = "ORTHANC"

    def __init__(self, dicom_port: int, http_port: int) -> None:
        self.port, self.http_port, self._http = dicom_port, http_port, f"http://127.0.0.1:{http_port}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self._http + path, timeout=10) as answer:
            return json.load(answer)

    def file(self, instance: str) -> bytes:
        with urllib.request.urlopen(f"{self._http}/instances/{instance}/file", timeout=30) as answer:
            return bytes(answer.read())

    def instances(self) -> list[str]:
        return list(self.get("/instances"))

    def answers(self) -> bool:
        try:
            return bool(self.get("/system"))
        except (OSError, urllib.error.URLError):
            return False


@contextmanager
def orthanc(folder: Path, *, plugins: Sequence[Path] = (), **settings: object) -> Iterator[Orthanc]:
    """Start the Debian package's Orthanc with a configuration of its own; `settings` are keys of Orthanc's file."""
    peer = Orthanc(free_port(), http_port := free_port())
    store = folder / "orthanc"
    store.mkdir(parents=True)
    config = folder / "orthanc.json"
    config.write_text(
        json.dumps(
            {
                "Name": "test",
                "HttpPort": http_port,
                "DicomPort": peer.port,
                "DicomAet": peer.ae_title,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "HttpBindAddresses": ["127.0.0.1"],
                "StorageDirectory": str(store),
                "IndexDirectory": str(store),
                "DicomAlwaysAllowStore": True,
                "OverwriteInstances": True,
                "Plugins": [str(plugin) for plugin in plugins],
                **settings,
            }
        )
    )
    log = (folder / "orthanc.log").open("wb")
    with log, subprocess.Popen(["Orthanc", str(config)], stdout=log, stderr=log) as process:
        try:
            until(peer.answers, 60, lambda: (folder / "orthanc.log").read_text(errors="replace")[-2000:])
            yield peer
        finally:
            process.kill()
            process.wait()


def dciodvfy_errors(paths: Sequence[Path]) -> list[str]:
    """Lines in which dciodvfy reports an error; its exit status says nothing."""
    found = []
    for path in paths:
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False)
        found += [f"{path.name}: {line}" for line in said.stderr.splitlines() if line.startswith("Error")]
    return found
