"""Where an object lies: key to path and back."""

import re
from pathlib import Path

KEY_BYTES = 16
_KEY = re.compile(r"[0-9a-f]{32}")

INCOMING = "incoming"
"""Folder of objects that are still arriving; whatever lies here at start is a half."""

OBJECTS = "objects"
SUFFIX = ".dcm"


def is_key(text: str) -> bool:
    """Tell whether `text` has the form of our keys: 32 lower-case hexadecimal digits.

    >>> is_key("0" * 32), is_key("../../etc/passwd")
    (True, False)
    """
    return _KEY.fullmatch(text) is not None


def shelf(folder: Path, key: str) -> Path:
    """Folder that holds an object."""
    return folder / OBJECTS / key[:2]


def shelves(folder: Path) -> list[Path]:
    """All 256 folders that hold objects."""
    return [folder / OBJECTS / f"{number:02x}" for number in range(256)]
