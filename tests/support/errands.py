"""What children of the sandbox are sent to do in its tests; the sandbox finds these by name."""

import ctypes
import os
import sys
import threading
import warnings
from pathlib import Path

import numpy as np

from node.facts import CalciumNodeError


def echo(text: str) -> str:
    """Give back what came."""
    return text


def size_of(data: bytes) -> str:
    """Count bytes."""
    return str(len(data))


def crash() -> str:
    """Touch memory that is not ours, as a broken decoder does."""
    return str(ctypes.string_at(0))


def end_without_a_word() -> str:
    """Leave as a decoder's `exit()` would."""
    os._exit(7)


def eat() -> str:
    """Use 3 GiB of memory."""
    return str(np.ones(3 << 30, np.uint8).sum())


def spin() -> str:
    """Use processor time for ever."""
    while True:
        pass


def hang() -> str:
    """Wait for ever."""
    threading.Event().wait()
    return ""


def fault() -> str:
    """Fail with the patient's name in the message."""
    raise ValueError("DOE^JANE")


def own() -> str:
    """Refuse in our own words."""
    raise CalciumNodeError("lossy", "the images were compressed with loss")


def chatter() -> str:
    """Print and warn as decoders do."""
    os.write(1, b"DOE^JANE\n")
    sys.stderr.write("DOE^JANE\n")
    warnings.warn("DOE^JANE", stacklevel=1)
    return "quiet"


def write_file(path: str, size_text: str) -> str:
    """Write a file of that size."""
    Path(path).write_bytes(bytes(int(size_text)))
    return path


def main_module() -> str:
    """File of what this process takes for the main program."""
    return str(getattr(sys.modules["__main__"], "__file__", "none"))


def one_thread() -> str:
    """Name how many threads numerical libraries may start."""
    return os.environ.get("OMP_NUM_THREADS", "")


def write_then_hang(path: str) -> str:
    """Leave our process ID, then wait for ever."""
    part = Path(path + ".part")
    part.write_text(str(os.getpid()))
    part.rename(path)
    return hang()


def parent() -> str:
    """Process ID of the fork server."""
    return str(os.getppid())
