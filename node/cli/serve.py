"""`calcium-node serve`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from node.cli.render import say

ROLES = ("receive", "score", "send", "web")


def serve(
    config: Annotated[Path | None, typer.Option(help="Configuration file; without it the defaults.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="receive, score, send or web; all without it.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Written when the node is ready: its ports as JSON.")] = None,
) -> None:
    """Run the node until SIGTERM, then drain."""
    wrong = [name for name in role or () if name not in ROLES]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]} is no role; the roles are {', '.join(ROLES)}", param_hint="--role")
    from node import durable, roles
    from node.settings import load

    def ready(running: roles.Running) -> None:
        say(f"calcium-node is ready: DICOM port {running.dicom_port}, page port {running.web_port}")
        if ready_file:
            ports = {"dicom_port": running.dicom_port, "web_port": running.web_port}
            durable.put(ready_file.resolve(), [json.dumps(ports).encode()])

    roles.serve(load(config), [roles.Role(name) for name in role or ROLES], ready=ready)
    roles.leave()
