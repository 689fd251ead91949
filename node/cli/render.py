"""How answers are written: JSON for programs, tables for people, sentences on standard error."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STANDARD_OUTPUT = "-"


def write_json(answer: Any, where: str) -> None:  # noqa: ANN401 - whatever the command answers
    """Write `answer` as UTF-8 JSON to a file, or to standard output for ``-``."""
    text = json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if where == STANDARD_OUTPUT:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    else:
        Path(where).write_text(text, encoding="utf-8")


def write_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table; `right` are the indices of the columns of numbers."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False, show_header=any(columns))
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=False, markup=False, highlight=False).print(table)


def say(sentence: str) -> None:
    """A sentence for the person at the terminal, on standard error."""
    sys.stderr.write(sentence + "\n")
