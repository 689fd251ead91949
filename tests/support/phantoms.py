"""Phantoms that several tests share, drawn once a process."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from scoring.phantom import Phantom, demo_spec, make_phantom


@lru_cache(maxsize=8)
def demo_phantom(**changes: Any) -> Phantom:
    """The demo's phantom at a coarser matrix, with changes to its specification."""
    return make_phantom(replace(demo_spec(), matrix=256, fov_mm=220.0, **changes))
