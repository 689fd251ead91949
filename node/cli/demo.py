"""`calcium-node demo`."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli import exits
from node.cli.render import say


def demo(
    input_folder: Annotated[
        Path | None, typer.Option("--input", help="Your own CT instead of a synthetic one.")
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for everything that arrives at the PACS.")] = None,
) -> None:
    """Show the main job: a scan is pushed, scored, and the results arrive at a test PACS."""
    from node.demo.show import show
    from node.demo.walk import DemoError, walk

    try:
        outcome = walk(input_folder=input_folder, keep=keep)
    except DemoError as fault:
        say(f"The demo went wrong: {fault.sentence}")
        raise typer.Exit(exits.FAILED) from None
    show(outcome)
    raise typer.Exit(exits.DONE if outcome.complete else exits.FAILED)
