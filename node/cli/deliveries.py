"""`calcium-node deliveries list|resend`."""

from typing import Annotated

import typer

from node.cli import exits
from node.cli.jobs import Config, Json
from node.cli.render import say, write_json, write_table

app = typer.Typer(help="Results on their way to each destination.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_deliveries(config: Config = None, json_file: Json = None) -> None:
    """List every object with its destination, state and what the peer said."""
    from node.cli.registry import open_for
    from node.registry import deliveries

    with open_for(config) as registry, registry.read() as connection:
        lines = deliveries.lines(connection)
    rows = [
        {
            "series_uid": line.series_instance_uid,
            "object": line.role.value,
            "destination": line.destination,
            "state": line.state.value,
            "attempts": line.attempts,
            "answer": line.answer,
        }
        for line in lines
    ]
    if json_file:
        write_json(rows, json_file)
        return
    columns = ("series_uid", "object", "destination", "state", "attempts", "answer")
    write_table("Deliveries", columns, [[str(row[name]) for name in columns] for row in rows], right=(4,))


@app.command("resend")
def resend(
    series_uid: Annotated[str | None, typer.Argument(help="Series Instance UID; all series without it.")] = None,
    destination: Annotated[str | None, typer.Option(help="Only this destination.")] = None,
    config: Config = None,
) -> None:
    """Send results again, whatever came of them before."""
    from node.cli.registry import open_for
    from node.clock import SystemClock
    from node.registry import deliveries

    with open_for(config) as registry, registry.begin() as connection:
        count = deliveries.resend(connection, now=SystemClock().now(), series_uid=series_uid, destination=destination)
    if not count:
        say("Nothing to send again: no result fits; `calcium-node deliveries list` shows what there is.")
        raise typer.Exit(exits.FAILED)
    say(f"{count} objects will be sent again by the running node.")
