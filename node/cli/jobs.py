"""`calcium-node jobs list|show|rerun`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from node.cli import exits
from node.cli.render import say, write_json, write_table

app = typer.Typer(help="Series: their state and why.", no_args_is_help=True, rich_markup_mode=None)

Config = Annotated[Path | None, typer.Option(help="Configuration file; without it the defaults.")]
Json = Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")]
Uid = Annotated[str, typer.Argument(help="Series Instance UID.")]


@app.command("list")
def list_jobs(config: Config = None, json_file: Json = None) -> None:
    """List series, newest first, each with its state and the reason."""
    from node.cli.registry import open_for
    from node.registry import series

    with open_for(config) as registry, registry.read() as connection:
        lines = series.lines(connection)
    rows: list[dict[str, Any]] = [
        {
            "series_uid": line.series_instance_uid,
            "state": line.state.value,
            "reason": line.reason,
            "agatston": line.agatston,
            "version": line.version,
            "received": line.received.isoformat(),
            "updated": line.updated.isoformat(),
        }
        for line in lines
    ]
    if json_file:
        write_json(rows, json_file)
        return
    table = [
        [row["series_uid"], row["state"], "" if row["agatston"] is None else f"{row['agatston']:.1f}", row["reason"]]
        for row in rows
    ]
    write_table("Series", ("series", "state", "Agatston", "reason"), table, right=(2,))


@app.command("show")
def show(series_uid: Uid, config: Config = None, json_file: Json = None) -> None:
    """Show one series: state, reason, result and deliveries."""
    from node.cli.registry import open_for
    from node.registry import deliveries, jobs, series

    with open_for(config) as registry, registry.read() as connection:
        lines = series.lines(connection, series_uid=series_uid)
        result = jobs.document(connection, series_uid)
        sent = deliveries.lines(connection, series_uid=series_uid)
    if not lines:
        say(f"No series {series_uid} has arrived here; `calcium-node jobs list` shows those that have.")
        raise typer.Exit(exits.FAILED)
    line = lines[0]
    if json_file:
        answer = {"series_uid": series_uid, "state": line.state.value, "code": line.code, "reason": line.reason}
        write_json(answer | {"result": result}, json_file)
        return
    rows = [["state", line.state.value], ["reason", line.reason], ["version", str(line.version or "")]]
    rows += [["Agatston", "" if line.agatston is None else f"{line.agatston:.1f}"], ["category", line.category or ""]]
    write_table(series_uid, ("", ""), rows)
    table = [[one.role.value, one.destination, one.state.value, str(one.attempts), one.answer] for one in sent]
    write_table("Deliveries", ("object", "destination", "state", "attempts", "answer"), table, right=(3,))


@app.command("rerun")
def rerun(series_uid: Uid, config: Config = None) -> None:
    """Score a series once more, as a new version."""
    from node.cli.registry import open_for
    from node.clock import SystemClock
    from node.registry import series

    with open_for(config) as registry, registry.begin() as connection:
        asked = series.ask_rerun(connection, series_uid, SystemClock().now())
    if not asked:
        say(f"No series {series_uid} has arrived here; `calcium-node jobs list` shows those that have.")
        raise typer.Exit(exits.FAILED)
    say(f"{series_uid} will be scored again by the running node.")
