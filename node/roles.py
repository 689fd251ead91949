"""Roles: builds receive, score, send and web from the settings and runs them until they are told to stop."""

import contextlib
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

import structlog

from node import durable, log, sandbox
from node.calibration import calibrations_of
from node.clock import Clock, SystemClock
from node.delivery import Outbox
from node.facts import CalciumNodeError
from node.listener import Listener
from node.pipeline.engine import Engine, EngineClient, prepare
from node.pipeline.intake_loop import IntakeLoop
from node.pipeline.rebuild import register_unknown
from node.pipeline.steps import Steps
from node.pipeline.sweep import Sweeper
from node.registry import Recorder, Registry, Slot, hold_slot, open_registry
from node.settings import Settings
from node.spool import Spool
from node.web import WebServer

DRAIN_SECONDS = 30.0
"""After SIGTERM running associations, the job being scored and the deliveries under way have so long."""

TOKEN_KEY_FILE = "token.key"  # noqa: S105 - the name of a file


class Role(StrEnum):
    """What a process does."""

    RECEIVE = "receive"
    SCORE = "score"
    SEND = "send"
    WEB = "web"


class DataFolderError(CalciumNodeError):
    """The data folder cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Where the running node can be reached."""

    dicom_port: int | None
    web_port: int | None


def software_version() -> str:
    """Version of the installed distribution."""
    return version("calcium-node")


def serve(
    settings: Settings, roles: Sequence[Role], *, ready: Callable[[Running], None], clock: Clock | None = None
) -> None:
    """Run the roles until SIGTERM or SIGINT, then drain.

    Raises
    ------
    CalciumNodeError
        When something that a role needs is not there: port, data folder, database, slot, calibration file.
    """
    if Role.SCORE in roles:
        calibrations_of(settings)
    log.set_up(settings.log.level, settings.log.form)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    sandbox.warm()
    data = prepare_data(settings.node.data)
    with contextlib.ExitStack() as ends:
        house = _open_house(settings, roles, data, clock or SystemClock(), ends)
        running = _start(house, roles, ends)
        structlog.get_logger().info("ready", roles=",".join(roles), port=running.dicom_port, slot=house.slot.name)
        ready(running)
        stop.wait()
        structlog.get_logger().info("draining", seconds=DRAIN_SECONDS)


def prepare_data(data: Path) -> Path:
    """Make the data folder with its parts.

    Raises
    ------
    DataFolderError
        When it cannot be made or written.
    """
    data = data.resolve()
    try:
        for folder in (data, data / "spool", data / "results"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data / f"probe{durable.PART_SUFFIX}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as fault:
        raise DataFolderError(
            "data_folder",
            f"the data folder {data} cannot be written ({fault.strerror or fault}): "
            "make it writable for this user, or name another in [node] data",
        ) from None
    return data


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _House:
    settings: Settings
    data: Path
    registry: Registry
    spool: Spool
    slot: Slot
    clock: Clock
    token_key: bytes


def _open_house(
    settings: Settings, roles: Sequence[Role], data: Path, clock: Clock, ends: contextlib.ExitStack
) -> _House:
    registry = open_registry(settings.database.url, data)
    ends.callback(registry.close)
    slot = hold_slot(registry, data, f"{socket.gethostname()}-{'-'.join(sorted(roles))}-0")
    spool = Spool(data / "spool")
    spool.prepare()
    return _House(
        settings=settings,
        data=data,
        registry=registry,
        spool=spool,
        slot=slot,
        clock=clock,
        token_key=_token_key(data / TOKEN_KEY_FILE),
    )


def _token_key(path: Path) -> bytes:
    """Key of the tokens that tell patients apart without naming them; made once for each data folder."""
    if not path.exists():
        durable.put(path, [secrets.token_bytes(32)])
        path.chmod(0o600)
    return path.read_bytes()


def _start(house: _House, roles: Sequence[Role], ends: contextlib.ExitStack) -> Running:
    prepare(house.registry.url)
    client = EngineClient(house.registry.url)
    ends.callback(client.close)
    if Role.SCORE in roles or Role.SEND in roles:
        _start_work(house, roles, client, ends)
    dicom_port = _start_receive(house, client, ends) if Role.RECEIVE in roles else None
    web_port = None
    if Role.WEB in roles and house.settings.web.port:
        web = WebServer(house.registry, house.settings, house.clock, dicom_port=dicom_port)
        web_port = web.start()
        ends.callback(web.stop)
    return Running(dicom_port=dicom_port, web_port=web_port)


def _start_work(house: _House, roles: Sequence[Role], client: EngineClient, ends: contextlib.ExitStack) -> None:
    settings = house.settings
    outbox = Outbox(
        registry=house.registry,
        settings=settings,
        data=house.data,
        clock=house.clock,
        draw=secrets.SystemRandom().random,
    )
    steps = Steps(
        registry=house.registry,
        spool=house.spool,
        settings=settings,
        clock=house.clock,
        client=client,
        outbox=outbox,
        software_version=software_version(),
    )
    engine = Engine(house.registry.url, house.slot.name, steps)
    engine.start(
        score_workers=settings.score.workers if Role.SCORE in roles else 0,
        send_workers=max(1, len(settings.destinations)) if Role.SEND in roles else 0,
    )
    ends.callback(engine.stop, DRAIN_SECONDS)
    if Role.SEND in roles:
        sweeper = Sweeper(house.registry, settings, client, house.clock)
        sweeper.start()
        ends.callback(sweeper.stop)


def _start_receive(house: _House, client: EngineClient, ends: contextlib.ExitStack) -> int:
    settings = house.settings
    swept = house.spool.sweep()
    found = register_unknown(house.registry, house.spool)
    if swept or found:
        structlog.get_logger().info("spool_checked", count=swept, objects=found)
    loop = IntakeLoop(house.registry, house.spool, settings, client, house.clock, house.token_key)
    recorder = Recorder(house.registry, house.slot.name, house.clock, loop.ring)
    recorder.start()
    loop.start()
    ends.callback(loop.stop, DRAIN_SECONDS)
    ends.callback(recorder.stop, DRAIN_SECONDS)
    listener = Listener(
        settings.receive,
        house.spool,
        recorder,
        house.clock,
        minimum_free_bytes=settings.node.minimum_free_megabytes << 20,
        also_allowed=lambda: loop.allowed_callers,
    )
    port = listener.start()
    ends.callback(listener.stop, DRAIN_SECONDS)
    if "*" in settings.receive.callers:
        structlog.get_logger().warning("any_caller_may_send", port=port)
    return port


def leave() -> None:
    """End the process: threads of libraries that still hold on must not keep a drained node alive."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
