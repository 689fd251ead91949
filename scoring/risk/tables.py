"""The published tables: data files beside this module, read once."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> Any:  # noqa: ANN401 - three files of different form; each reader knows its own
    """Content of `name`.json; treat it as read-only."""
    return json.loads(files("scoring.risk").joinpath(f"{name}.json").read_text(encoding="utf-8"))
