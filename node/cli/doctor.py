"""`calcium-node doctor`: one line for each check, and what cures it."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli import exits
from node.cli.render import write_json, write_table

if TYPE_CHECKING:
    from node.settings import DestinationSettings, Settings

SLOW_SYNC_SECONDS = 0.05
"""A sync of 512 kB slower than this holds up a sender: measured median of 20."""

Check = tuple[str, bool, str]  # what, well or not, sentence


def doctor(
    config: Annotated[Path | None, typer.Option(help="Configuration file; without it the defaults.")] = None,
    json_file: Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")] = None,
) -> None:
    """Check port, data folder, disk, clock and every destination."""
    from node.settings import load

    settings = load(config)
    found = [
        *_folder(settings),
        _port(settings),
        _clock(),
        *(line for one in settings.destinations for line in _destination(settings, one)),
    ]
    if json_file:
        write_json([{"check": what, "ok": well, "sentence": sentence} for what, well, sentence in found], json_file)
    else:
        write_table("Doctor", ("", "check", ""), [["ok" if well else "!!", what, said] for what, well, said in found])
    raise typer.Exit(exits.DONE if all(well for _, well, _ in found) else exits.FAILED)


def _folder(settings: "Settings") -> Iterator[Check]:
    from shutil import disk_usage
    from statistics import median

    from node import durable
    from node.roles import DataFolderError, prepare_data

    try:
        data = prepare_data(settings.node.data)
    except DataFolderError as fault:
        yield "data folder", False, fault.sentence
        return
    yield "data folder", True, f"{data} can be written"
    free, wanted = disk_usage(data).free >> 20, settings.node.minimum_free_megabytes
    yield "free space", free >= wanted, f"{free} MB free; below {wanted} MB new objects are refused"
    probe, spent = data / "doctor.probe", []
    for _ in range(20):
        begun = time.perf_counter()
        durable.put(probe, [os.urandom(1 << 19)])
        spent.append(time.perf_counter() - begun)
    probe.unlink()
    took = median(spent)
    yield "disk sync", took < SLOW_SYNC_SECONDS, f"a 512 kB object is durable in {1000 * took:.1f} ms (median of 20)"


def _port(settings: "Settings") -> Check:
    import socket

    host, port = settings.receive.host, settings.receive.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            return (
                "DICOM port",
                False,
                f"{host}:{port} cannot be used ({fault.strerror}): a node may run there; else choose another port",
            )
    return "DICOM port", True, f"{host}:{port} is free"


def _clock() -> Check:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    well = now.year >= 2026
    return "clock", well, f"{now:%Y-%m-%d %H:%M:%S} UTC" + ("" if well else ": the clock is wrong; set it by NTP")


def _destination(settings: "Settings", one: "DestinationSettings") -> Iterator[Check]:
    from node.delivery import Timeouts, accepted_classes, echo

    timeouts = Timeouts(connect_s=settings.deliver.connect_timeout_seconds, answer_s=10)
    answer = echo(one.destination(), settings.receive.ae_title, timeouts)
    yield f"{one.name}: C-ECHO", answer.ok, answer.sentence
    if not answer.ok:
        return
    peer = accepted_classes(one.destination(), settings.receive.ae_title, timeouts)
    yield f"{one.name}: objects", peer.ok and not peer.refused, peer.sentence
