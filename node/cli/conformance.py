"""`calcium-node conformance`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from node.cli.render import say


def conformance(
    out: Annotated[Path | None, typer.Option(help="File to write; without it standard output.")] = None,
) -> None:
    """Write the DICOM Conformance Statement, its tables made from this installation's code."""
    from node.conformance import statement

    text = statement()
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
        say(f"{out}: written, {len(text.splitlines())} lines")
