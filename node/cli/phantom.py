"""`calcium-node phantom`."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.render import say


def phantom(
    out: Annotated[Path, typer.Option(help="Folder for the cases; made if missing.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same cases.", min=0)],
    cases: Annotated[int, typer.Option(help="How many cases.", min=1, max=10000)] = 1,
) -> None:
    """Write synthetic gated calcium scans as DICOM, each with its truth.json."""
    from datetime import UTC, datetime

    from node.demo.modality import write_cases

    out.mkdir(parents=True, exist_ok=True)
    written = write_cases(out, seed, cases, datetime(2026, 1, 2, 8, 30, tzinfo=UTC))
    say(f"{len(written)} case{'s' if len(written) != 1 else ''} in {out}")
