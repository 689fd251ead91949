"""Which files the commands that take a path look at."""

from collections.abc import Sequence
from pathlib import Path

import typer


def dicom_files(paths: Sequence[Path]) -> list[Path]:
    """Files below the paths, in a stable order; a DICOMDIR and hidden files are passed over."""
    found: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"{path}: there is no such file or folder")
        inside = path.rglob("*") if path.is_dir() else [path]
        found.update(
            one.resolve() for one in inside if one.is_file() and one.name != "DICOMDIR" and not one.name.startswith(".")
        )
    return sorted(found)
