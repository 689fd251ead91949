"""The one way to put a file: temporary name in the same folder, write, sync, rename, sync the folder.

A reader sees nothing or all of the file, whatever dies in between; after `put` returns, the file
survives a power cut (as far as the disk keeps what fsync promised).
"""

import os
from collections.abc import Iterable
from pathlib import Path

PART_SUFFIX = ".part"
"""A file that ends so was never finished and may be removed at start."""


def put(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write `chunks` to `path` durably; its folder must exist.

    Raises
    ------
    OSError
        When the disk refuses; nothing is left behind then, and a file that stood at `path` stands still.
    """
    part = path.with_name(path.name + PART_SUFFIX)
    try:
        with part.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    # Without this the rename may be lost with the power, and somebody has been told that the file is safe.
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
