"""The walk: a node of its own, a test PACS, a push, and the wait until the results have arrived."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from node.delivery import Timeouts, objects_of_files, send
from node.demo.modality import truth_document, write_series
from node.demo.pacs import DemoPacs, ReceivedObject
from node.facts import Attempt, CalciumNodeError, Destination, Outcome, SeriesState
from node.registry import Registry, deliveries, jobs, open_registry, series
from scoring.phantom import demo_spec, make_phantom

NODE_TITLE, PACS_TITLE, SCANNER_TITLE = "CALCIUM", "PACS", "CT1"
START_SECONDS = 60.0
WALK_SECONDS = 300.0
QUIET_SECONDS = 1.0
"""Shorter than the 5 s of the default: the demo's scanner sends over one association and nothing else is coming."""

FINAL_STATES = (
    SeriesState.SCORED,
    SeriesState.REFUSED,
    SeriesState.FAILED,
    SeriesState.INCOMPLETE,
    SeriesState.ALTERNATIVE,
    SeriesState.IGNORED,
)
BROKEN_STATES = (SeriesState.FAILED.value, SeriesState.INCOMPLETE.value)
LOOK_SECONDS = 0.05


class DemoError(CalciumNodeError):
    """The demo could not be brought to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOutcome:
    """What came of one series."""

    series_instance_uid: str
    state: str
    reason: str
    document: Mapping[str, Any] | None
    truth: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """All that the demo shows."""

    series: Sequence[SeriesOutcome]
    arrived: Sequence[ReceivedObject]
    folder: Path
    stages_s: Mapping[str, float]
    complete: bool


@dataclass(slots=True)
class _Stages:
    """Names and durations of what was done, shown while it is done."""

    tell: Callable[[str], None]
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.tell(name)
        begun = time.monotonic()
        yield
        self.spent[name] = time.monotonic() - begun


def walk(*, input_folder: Path | None, keep: Path | None) -> Walked:
    """Do the main job once, with processes and files that are gone afterwards, except what arrived.

    Raises
    ------
    DemoError
        With the one sentence that says what went wrong.
    """
    arrivals = _arrivals_folder(keep)
    console = Console(stderr=True)
    with console.status("starting") as shown, tempfile.TemporaryDirectory(prefix="calcium-demo-") as scratch:
        stages = _Stages(tell=lambda name: shown.update(name + " …"))
        return _walk(stages, Path(scratch), arrivals, input_folder)


def _walk(stages: _Stages, scratch: Path, arrivals: Path, input_folder: Path | None) -> Walked:
    with stages.stage("making the scan" if input_folder is None else "reading the input"):
        files, truth = _synthetic(scratch) if input_folder is None else (_given(input_folder), {})
    with DemoPacs(arrivals, PACS_TITLE) as pacs:
        with stages.stage("starting the node"):
            node = _Node(scratch, pacs.port, synthetic=input_folder is None)
        try:
            with stages.stage("pushing the scan"):
                _push(files, node.dicom_port)
            registry = open_registry("sqlite", node.data)
            try:
                with stages.stage("waiting until the series is whole, scored and delivered"):
                    _wait(registry, node)
                outcomes = _outcomes(registry, truth)
                stages.spent |= _inside(outcomes)
            finally:
                registry.close()
        finally:
            with stages.stage("stopping the node"):
                node.stop()
        arrived = pacs.received()
    return Walked(
        series=outcomes,
        arrived=arrived,
        folder=arrivals,
        stages_s=stages.spent,
        complete=all(one.state not in BROKEN_STATES for one in outcomes),
    )


def _arrivals_folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="calcium-demo-results-"))
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DemoError(
            "keep", f"{keep} cannot be made ({fault.strerror}): name a folder that can be written"
        ) from None
    return keep.resolve()


def _synthetic(scratch: Path) -> tuple[list[Path], dict[str, Mapping[str, Any]]]:
    phantom = make_phantom(demo_spec())
    folder = scratch / "scan"
    folder.mkdir()
    written = write_series(phantom, folder, vendor="siemens", created=datetime.now(UTC), uid_seed=os.urandom(8).hex())
    return list(written.paths), {written.series_instance_uid: truth_document(phantom, written.series_instance_uid)}


def _given(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DemoError("input", f"{folder} is no folder: name one that holds CT images")
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _push(files: Sequence[Path], port: int) -> None:
    objects, unfit = objects_of_files(files)
    if not objects:
        raise DemoError("input", f"none of the {len(files)} files is a DICOM object{': ' + unfit[0] if unfit else ''}")
    came: list[Attempt] = []
    node = Destination(name="node", ae_title=NODE_TITLE, host="127.0.0.1", port=port, objects=())
    reached = send(node, SCANNER_TITLE, objects, Timeouts(connect_s=10, answer_s=60), came.append)
    if not reached.reached:
        raise DemoError("push", reached.sentence)
    if not any(attempt.outcome is Outcome.DELIVERED for attempt in came):
        raise DemoError("push", f"the node took none of the {len(objects)} objects: {came[0].answer}")


def _wait(registry: Registry, node: "_Node") -> None:
    end = time.monotonic() + WALK_SECONDS
    while time.monotonic() < end:
        node.check()
        with registry.read() as connection:
            lines = series.lines(connection)
            waiting = deliveries.backlog(connection)
        if lines and all(line.state in FINAL_STATES for line in lines) and not waiting:
            return
        time.sleep(LOOK_SECONDS)
    raise DemoError("slow", f"no result after {WALK_SECONDS:.0f} s; the node's last words: {node.last_words()}")


def _outcomes(registry: Registry, truth: Mapping[str, Mapping[str, Any]]) -> list[SeriesOutcome]:
    with registry.read() as connection:
        return [
            SeriesOutcome(
                series_instance_uid=line.series_instance_uid,
                state=line.state.value,
                reason=line.reason,
                document=jobs.document(connection, line.series_instance_uid),
                truth=truth.get(line.series_instance_uid),
            )
            for line in series.lines(connection)
        ]


def _inside(outcomes: Sequence[SeriesOutcome]) -> dict[str, float]:
    """What the scoring process said of its own stages, in sum over the series."""
    spent: dict[str, float] = {}
    for one in outcomes:
        for stage, seconds in (one.document or {}).get("timings_s", {}).items():
            spent[f"  of it: {stage}"] = spent.get(f"  of it: {stage}", 0.0) + float(seconds)
    return spent


class _Node:
    """The node as a process of its own, with its own data folder and free ports."""

    def __init__(self, scratch: Path, pacs_port: int, *, synthetic: bool) -> None:
        self.data = scratch / "data"
        self._log = scratch / "node.log"
        ready = scratch / "ready.json"
        config = scratch / "node.toml"
        config.write_text(_config(self.data, pacs_port, synthetic=synthetic), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CALCIUM_NODE_")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "node.cli", "serve", "--config", str(config), "--ready-file", str(ready)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while not ready.exists():
            self.check()
            if time.monotonic() > end:
                self.stop()
                raise DemoError("start", f"the node was not ready after {START_SECONDS:.0f} s: {self.last_words()}")
            time.sleep(LOOK_SECONDS)
        self.dicom_port: int = json.loads(ready.read_text())["dicom_port"]

    def check(self) -> None:
        """Raise when the node has ended."""
        if self._process.poll() is not None:
            raise DemoError("node", f"the node ended by itself: {self.last_words()}")

    def last_words(self) -> str:
        """The last line that the node wrote."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing was said"

    def stop(self) -> None:
        """Let it drain; end it and its children when it does not."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _config(data: Path, pacs_port: int, *, synthetic: bool) -> str:
    # The synthetic patient's group is known; of a stranger's images it is not.
    group = 'ethnic_group = "white"' if synthetic else ""
    return f"""
[node]
data = {json.dumps(str(data))}
minimum_free_megabytes = 64
[receive]
ae_title = "{NODE_TITLE}"
host = "127.0.0.1"
port = {_free_port()}
callers = ["{SCANNER_TITLE}"]
[intake]
quiet_seconds = {QUIET_SECONDS}
quiet_limit_seconds = 3.0
[score]
score_non_gated = {"false" if synthetic else "true"}
[risk]
{group}
[web]
port = 0
[[destinations]]
name = "pacs"
ae_title = "{PACS_TITLE}"
host = "127.0.0.1"
port = {pacs_port}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
