"""The folder of received objects: put, find, sweep, measure."""

import errno
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from node import durable
from node.facts import CalciumNodeError
from node.spool.layout import INCOMING, KEY_BYTES, OBJECTS, SUFFIX, is_key, shelf, shelves

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_PRIVATE = 0o700  # the objects name patients


class SpoolError(CalciumNodeError):
    """An object could not be kept; `code` is spool-full, spool-disk or spool-key."""


class Spool:
    """Received objects in `folder`, each durable once `put` has returned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folders, durably, so that no later rename depends on an unsynced folder name.

        Raises
        ------
        SpoolError
            When they cannot be made.
        """
        try:
            self.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            for place in (self.folder / INCOMING, self.folder / OBJECTS, *shelves(self.folder)):
                place.mkdir(mode=_PRIVATE, exist_ok=True)
            for place in (self.folder / OBJECTS, self.folder, self.folder.parent):
                durable.sync_folder(place)
        except OSError as fault:
            raise _refused(fault, f"the spool {self.folder} cannot be made") from fault

    def new_key(self, random: bytes | None = None) -> str:
        """Return a key that was never used; `random` are 16 bytes for a caller that wants it repeatable.

        Raises
        ------
        SpoolError
            ``spool-key``, when `random` has another length.
        """
        chosen = secrets.token_bytes(KEY_BYTES) if random is None else random
        if len(chosen) != KEY_BYTES:
            raise SpoolError("spool-key", f"a key is made of {KEY_BYTES} random bytes, not of {len(chosen)}")
        return chosen.hex()

    def path(self, key: str) -> Path:
        """Where the object of a key lies, or would lie.

        Raises
        ------
        SpoolError
            ``spool-key``, when `key` is none of ours: nothing that a peer sent may name a file.
        """
        if not is_key(key):
            raise SpoolError("spool-key", "a spool key has 32 hexadecimal digits; what was given has not")
        return shelf(self.folder, key) / f"{key}{SUFFIX}"

    def put(self, key: str, chunks: Iterable[bytes | memoryview]) -> Path:
        """Keep one object; when this returns the file survives a power cut.

        Raises
        ------
        SpoolError
            ``spool-full`` when the disk has no room, ``spool-disk`` when it fails otherwise; the object is not
            there then, whole or half.
        """
        path = self.path(key)
        try:
            durable.put(path, chunks)
        except OSError as fault:
            # The last step syncs the folder: when only that fails the file already has its name, but nobody may
            # rely on it, so it goes.
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise _refused(fault, "an object cannot be written") from fault
        return path

    def keys(self) -> list[str]:
        """Keys of all objects that are there, sorted."""
        found = (path.name.removesuffix(SUFFIX) for path in (self.folder / OBJECTS).glob(f"??/*{SUFFIX}"))
        return sorted(key for key in found if is_key(key))

    def sweep(self) -> int:
        """Remove the halves that a crash left; for the start, while nobody puts. Returns how many there were."""
        halves = [path for path in (self.folder / INCOMING).glob("*") if path.is_file()]
        halves += (self.folder / OBJECTS).glob(f"??/*{durable.PART_SUFFIX}")
        for half in halves:
            half.unlink(missing_ok=True)
        return len(halves)

    def free_bytes(self) -> int:
        """Room that is left for us on the spool's disk.

        Raises
        ------
        SpoolError
            ``spool-disk``, when the folder cannot be asked.
        """
        try:
            return shutil.disk_usage(self.folder).free
        except OSError as fault:
            raise _refused(fault, f"the disk of the spool {self.folder} cannot be asked") from fault


def _refused(fault: OSError, what: str) -> SpoolError:
    reason = fault.strerror or type(fault).__name__
    if fault.errno in _FULL:
        return SpoolError("spool-full", f"{what}: {reason}; free space on the disk, senders will try again")
    return SpoolError("spool-disk", f"{what}: {reason}; check the disk and the rights of the folder")
