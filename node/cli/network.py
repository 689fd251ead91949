"""`calcium-node send` and `calcium-node echo`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli import exits
from node.cli.render import say

if TYPE_CHECKING:
    from node.facts import Destination

PEER = re.compile(r"^(?P<title>[^@]{1,16})@(?P<host>[^:@]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})$")

Peer = Annotated[str, typer.Argument(help="AE@host:port", metavar="AE@HOST:PORT")]
Calling = Annotated[str, typer.Option(help="Our AE title for this call.")]


def destination_of(peer: str) -> "Destination":
    """The peer that ``AE@host:port`` names."""
    from node.facts import Destination, ReportRole

    found = PEER.match(peer)
    if not found or not 0 < int(found["port"]) < 65536:
        raise typer.BadParameter(f"{peer} is not of the form AE@host:port")
    return Destination(
        name=peer,
        ae_title=found["title"],
        host=found["host"].strip("[]"),
        port=int(found["port"]),
        objects=tuple(ReportRole),
    )


def echo(peer: Peer, calling: Calling = "CALCIUM") -> None:
    """Ask a peer for a C-ECHO."""
    from node.delivery import Timeouts
    from node.delivery import echo as ask

    answer = ask(destination_of(peer), calling, Timeouts(connect_s=10, answer_s=10))
    say(answer.sentence)
    raise typer.Exit(exits.DONE if answer.ok else exits.FAILED)


def send(
    path: Annotated[Path, typer.Argument(help="DICOM file or folder, searched recursively.")],
    to: Annotated[str, typer.Option(help="AE@host:port", metavar="AE@HOST:PORT")],
    calling: Calling = "CALCIUM",
) -> None:
    """Send DICOM objects to a peer, each in the encoding in which it lies on disk."""
    from node.cli.files import dicom_files
    from node.delivery import Timeouts, objects_of_files
    from node.delivery import send as push
    from node.facts import Attempt, Outcome

    destination = destination_of(to)
    files = dicom_files([path])
    objects, unfit = objects_of_files(files)
    for sentence in unfit:
        say(sentence)
    if not objects:
        say(f"{path}: no DICOM object found; nothing was sent.")
        raise typer.Exit(exits.FAILED)
    came: list[Attempt] = []
    reached = push(destination, calling, objects, Timeouts(connect_s=10, answer_s=60), came.append)
    good = sum(attempt.outcome in (Outcome.DELIVERED, Outcome.DELIVERED_WITH_WARNING) for attempt in came)
    for answer in sorted({attempt.answer for attempt in came if attempt.outcome is not Outcome.DELIVERED}):
        say(answer)
    if not reached.reached:
        say(reached.sentence)
    say(f"{good} of {len(objects)} objects sent to {to}.")
    raise typer.Exit(exits.DONE if good == len(objects) else exits.FAILED)
