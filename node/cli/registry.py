"""`calcium-node registry rebuild`, and how the other commands open the registry."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.render import say

if TYPE_CHECKING:
    from node.registry import Registry

app = typer.Typer(help="The index of the spool.", no_args_is_help=True, rich_markup_mode=None)


@contextlib.contextmanager
def open_for(config: Path | None) -> "Iterator[Registry]":
    """The registry of a configuration, closed at the end."""
    from node.registry import open_registry
    from node.roles import prepare_data
    from node.settings import load

    settings = load(config)
    registry = open_registry(settings.database.url, prepare_data(settings.node.data))
    try:
        yield registry
    finally:
        registry.close()


@app.command("rebuild")
def rebuild(
    config: Annotated[Path | None, typer.Option(help="Configuration file; without it the defaults.")] = None,
) -> None:
    """Record every object of the spool that the registry does not know; the running node then goes on with them."""
    from node.pipeline.rebuild import register_unknown
    from node.settings import load
    from node.spool import Spool

    with open_for(config) as registry:
        spool = Spool(load(config).node.data.resolve() / "spool")
        spool.prepare()
        count = register_unknown(registry, spool)
    say(f"{count} objects of the spool were not in the registry and are now.")
