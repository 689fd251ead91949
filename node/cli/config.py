"""`calcium-node config check|show`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from node.cli import exits
from node.cli.render import say, write_json

app = typer.Typer(help="Check or show the configuration.", no_args_is_help=True, rich_markup_mode=None)


@app.command("check")
def check(file: Annotated[Path, typer.Argument(help="Configuration file.")]) -> None:
    """Exit 0, or 1 with one sentence for each fault."""
    from node.calibration import calibrations_of
    from node.settings import SettingsError, load

    try:
        calibrations_of(load(file))
    except SettingsError as faults:
        for sentence in faults.sentences:
            say(sentence)
        raise typer.Exit(exits.FAILED) from None
    say(f"{file}: no fault found")


@app.command("show")
def show(
    file: Annotated[Path | None, typer.Argument(help="Configuration file; without it the defaults.")] = None,
    json_file: Annotated[str, typer.Option("--json", help="FILE, or - for standard output.")] = "-",
) -> None:
    """Show the settings in force: file, environment and defaults together; passwords left out."""
    from node.settings import load

    values = load(file).model_dump(mode="json")
    if "@" in values["database"]["url"]:
        values["database"]["url"] = "(set; not shown)"
    write_json(values, json_file)
    sys.stdout.flush()
