"""`calcium-node peers list|allow|forbid`."""

from typing import Annotated

import typer

from node.cli import exits
from node.cli.jobs import Config, Json
from node.cli.render import say, write_json, write_table

app = typer.Typer(help="Callers that were rejected, and those let in.", no_args_is_help=True, rich_markup_mode=None)

Title = Annotated[str, typer.Argument(help="Calling AE title, as `peers list` shows it.")]
LONGEST_TITLE = 16


@app.command("list")
def list_peers(config: Config = None, json_file: Json = None) -> None:
    """List callers that were rejected with the reason and what lets them in, and those that the command let in."""
    from node.cli.registry import open_for
    from node.registry import peers

    with open_for(config) as registry, registry.read() as connection:
        refused, allowed = peers.refused(connection), sorted(peers.allowed(connection))
    if json_file:
        rows = [
            {
                "calling_ae_title": one.calling_ae_title,
                "called_ae_title": one.called_ae_title,
                "address": one.address,
                "times": one.times,
                "last": one.last.isoformat(),
                "reason": one.reason,
            }
            for one in refused
        ]
        write_json({"refused": rows, "allowed": allowed}, json_file)
        return
    columns = ("calling", "called", "address", "times", "reason")
    table = [[one.calling_ae_title, one.called_ae_title, one.address, str(one.times), one.reason] for one in refused]
    write_table("Rejected callers", columns, table, right=(3,))
    write_table("Let in by `peers allow`", ("calling",), [[title] for title in allowed])


@app.command("allow")
def allow(title: Title, config: Config = None) -> None:
    """Let a caller in, beside those of the configuration; the running node takes notice within a second."""
    from node.cli.registry import open_for
    from node.clock import SystemClock
    from node.registry import peers

    title = title.strip()
    if not 0 < len(title) <= LONGEST_TITLE or not title.isprintable() or "\\" in title:
        raise typer.BadParameter("an AE title has 1 to 16 printable characters and no backslash")
    with open_for(config) as registry, registry.begin() as connection:
        new = peers.allow(connection, title, SystemClock().now())
    say(f"{title} may send now." if new else f"{title} was let in before.")


@app.command("forbid")
def forbid(title: Title, config: Config = None) -> None:
    """Take back what `peers allow` did."""
    from node.cli.registry import open_for
    from node.registry import peers

    with open_for(config) as registry, registry.begin() as connection:
        gone = peers.forbid(connection, title.strip())
    if not gone:
        say(f"{title} was not let in by the command; see [receive] callers in the configuration.")
        raise typer.Exit(exits.FAILED)
    say(f"{title} is rejected from now on, unless [receive] callers has it.")
