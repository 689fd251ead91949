"""A child process under time, memory and file limits: header reading, decoding and scoring run in it.

For:     whatever reads bytes of a stranger, or may crash, hang or eat the memory. A fresh process for each errand:
         nothing is carried from one patient to the next.
In:      an importable function, its arguments (text, bytes or paths) and the limits.
Out:     the text that the function returned, or a SandboxError that says what became of the child.
Keeps:   one fork server with numpy, scipy and pydicom loaded, so that a child costs milliseconds.
Hostile: the child may do anything: its answer is bounded text, never a pickle; its output is thrown away.
Alone:   tests/node/test_sandbox.py: children that crash, hang, eat memory, write and chatter.

The children are asked of multiprocessing's fork server without its `Process`: that one runs the main program a second
time in every child, which costs the command line's imports each time and starts a script without a guard all over.
"""

import contextlib
import importlib
import json
import os
import pickle
import resource
import select
import signal
import struct
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

from node.facts import CalciumNodeError

PRELOAD = (
    "node.sandbox", "numpy", "scipy.ndimage", "scipy.sparse.csgraph", "pydantic", "pydicom",
    "pydicom.pixels.decoders", "node.reading", "node.pipeline.series_job",
)  # fmt: skip
"""What the fork server loads once, so that no child has to."""

LARGEST_ANSWER_BYTES = 256 * 1024 * 1024
"""A longer answer is no answer of ours."""

START_SECONDS = 120.0
"""Longest wait for the fork server itself, which loads numpy and scipy at its first start."""

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

_SIGNED = struct.Struct("q")  # how the fork server writes a process ID, and later the exit status


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one child may take. Memory is address space, which numpy reserves generously: not less than 1 GiB."""

    wall_seconds: float
    cpu_seconds: int
    memory_bytes: int
    file_bytes: int = 256 * 1024 * 1024  # largest file that it may write
    open_files: int = 256


class SandboxError(CalciumNodeError):
    """The child gave no result.

    `code` is "memory", "crashed", "too_long" or "failed" (a fault of ours, `detail` says where); or, where `own` is
    True, the code of the CalciumNodeError that the function raised, and its sentence. Where `no_child` is True the
    machine started no child at all: that says nothing of the work, which should be tried again.
    """

    def __init__(
        self, code: str, sentence: str, *, own: bool = False, detail: str = "", no_child: bool = False
    ) -> None:
        super().__init__(code, sentence)
        self.own = own
        self.detail = detail
        self.no_child = no_child


def warm() -> None:
    """Start the fork server if it does not run; returns at once, it loads its modules meanwhile.

    Call it early, from the main thread: what it inherits of open files and signals is then little.
    """
    # Numerical libraries read these at import and would start a thread for each core in each child.
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    forkserver.set_forkserver_preload(list(PRELOAD))
    forkserver.ensure_running()


def run(function: Callable[..., str], *arguments: str | bytes, limits: Limits) -> str:
    """Call `function(*arguments)` in a fresh child process under `limits` and return its text.

    Parameters
    ----------
    function : top-level function of an importable module
        It is found again by its name; it returns text, JSON as a rule.
    *arguments : str or bytes
        Small things: paths and options. The child reads its files itself.

    Raises
    ------
    SandboxError
        Whatever the child did instead of answering; see there.
    """
    warm()
    errand = _Errand(module=function.__module__, name=function.__qualname__, arguments=arguments, limits=limits)
    with contextlib.ExitStack() as ends:
        answer, child_answer = os.pipe()
        ends.callback(os.close, answer)
        try:
            status, request = _new_process(child_answer)
        finally:
            os.close(child_answer)
        ends.callback(os.close, status)
        # Stays open until the child has ended: its closing tells the child that its parent is gone.
        ends.callback(os.close, request)
        pid = _started(status)
        _send(errand, request)
        text, in_time = _read_answer(answer, limits.wall_seconds)
        if not in_time:
            _kill(pid)
        exit_status = _exit_status(status, pid)
    return _result(text, in_time=in_time, exit_status=exit_status, limits=limits)


# ------------------------------------------------------------------------------------------ in the parent


def _new_process(child_answer: int) -> tuple[int, int]:
    """Ends of the pipes on which a new child's status comes, and on which it waits for its errand."""
    try:
        return forkserver.connect_to_new_process([child_answer])
    except OSError:
        # The fork server died since it was looked at, of memory perhaps; the second look starts another.
        forkserver.ensure_running()
    try:
        return forkserver.connect_to_new_process([child_answer])
    except OSError as fault:
        raise SandboxError(
            "failed", f"the machine starts no child process ({fault.strerror}); try again", no_child=True
        ) from None


def _started(status: int) -> int:
    """Process ID of the new child."""
    if not select.select([status], [], [], START_SECONDS)[0]:
        raise SandboxError(
            "failed",
            f"no child process started within {START_SECONDS:.0f} s: the machine is overloaded; it is tried again",
            no_child=True,
        )
    pid = _read_signed(status)
    if pid is None:
        raise SandboxError("failed", "the fork server ended before it started a child; try again", no_child=True)
    return pid


def _send(errand: "_Errand", request: int) -> None:
    preparation = {"sys_path": [entry or str(Path.cwd()) for entry in sys.path], "dir": str(Path.cwd())}
    data = memoryview(pickle.dumps(preparation) + pickle.dumps(errand))
    # A child that is dead already must not end us by an error here: its exit status tells more.
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(request, data) :]


def _read_answer(answer_end: int, wall_seconds: float) -> tuple[bytes, bool]:
    """All that the child wrote until it closed its end, and whether it did so in time."""
    end = time.monotonic() + wall_seconds
    parts: list[bytes] = []
    size = 0
    while size <= LARGEST_ANSWER_BYTES:
        if not select.select([answer_end], [], [], max(0.0, end - time.monotonic()))[0]:
            return b"", False
        part = os.read(answer_end, 1 << 20)
        if not part:
            return b"".join(parts), True
        parts.append(part)
        size += len(part)
    return b"", False


def _exit_status(status: int, pid: int) -> int | None:
    """Exit status of the child, negative for a signal; a child that answered and does not end is ended."""
    if not select.select([status], [], [], 5.0)[0]:
        _kill(pid)
    return _read_signed(status)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _read_signed(end: int) -> int | None:
    data = b""
    while len(data) < _SIGNED.size:
        part = os.read(end, _SIGNED.size - len(data))
        if not part:
            return None
        data += part
    return int(_SIGNED.unpack(data)[0])


def _result(answer: bytes, *, in_time: bool, exit_status: int | None, limits: Limits) -> str:
    if not in_time:
        raise SandboxError(
            "too_long", f"the work took longer than its limit of {limits.wall_seconds:.0f} s and was stopped"
        )
    if exit_status == -signal.SIGXCPU:
        raise SandboxError("too_long", f"the work took more than its {limits.cpu_seconds} s of processor time")
    try:
        reply = json.loads(answer)
    except ValueError:
        reply = None
    match reply:
        case {"text": str(text)}:
            return text
        case {"own": [str(code), str(sentence)]}:
            raise SandboxError(code, sentence, own=True)
        case {"memory": True}:
            limit = limits.memory_bytes // (1024 * 1024)
            raise SandboxError("memory", f"the work needed more than its limit of {limit} MB of memory")
        case {"failed": str(detail)}:
            raise SandboxError("failed", "the work met a fault of this program; nothing was lost", detail=detail)
        case _:
            raise SandboxError("crashed", f"the process that did the work died ({_ending(exit_status)})")


def _ending(exit_status: int | None) -> str:
    if exit_status is None:
        return "its end was not seen"
    if exit_status >= 0:
        return f"exit status {exit_status}"
    try:
        return f"signal {signal.Signals(-exit_status).name}"
    except ValueError:
        return f"signal {-exit_status}"


# ------------------------------------------------------------------------------------------ in the child


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """What the fork server's child unpickles, and calls by `_bootstrap`, as it would with a Process."""

    module: str
    name: str
    arguments: tuple[str | bytes, ...]
    limits: Limits

    def _bootstrap(self, parent_sentinel: int) -> int:
        inherited: Any = forkserver.get_inherited_fds()  # typeshed does not know what it returns
        answer = int(inherited[0])
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to everybody; the parent decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        threading.Thread(target=_end_with_parent, args=(parent_sentinel,), daemon=True).start()
        _silence()
        reply = self._reply()
        with os.fdopen(answer, "wb") as pipe:
            pipe.write(reply)
        return 0

    def _reply(self) -> bytes:
        try:
            _limit(self.limits)
            function: Callable[..., str] = getattr(importlib.import_module(self.module), self.name)
            return json.dumps({"text": function(*self.arguments)}).encode()
        except MemoryError:
            return json.dumps({"memory": True}).encode()
        except CalciumNodeError as fault:
            return json.dumps({"own": [fault.code, fault.sentence]}).encode()
        except Exception as fault:  # noqa: BLE001 - the rim of the child: whatever it was goes to the parent as words
            return json.dumps({"failed": _where(fault)}).encode()


def _end_with_parent(parent_sentinel: int) -> None:
    # Without this a killed node leaves its children computing for nobody until their processor time is used up.
    connection.wait([parent_sentinel])
    os._exit(1)


def _silence() -> None:
    """Throw away what decoders print: it may hold values of the patient, and standard output is for answers."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    warnings.resetwarnings()
    warnings.simplefilter("ignore")


def _limit(limits: Limits) -> None:
    for kind, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1),
        (resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
    ):
        _, most = resource.getrlimit(kind)
        wanted = (soft, hard) if most == resource.RLIM_INFINITY else (min(soft, most), min(hard, most))
        try:
            resource.setrlimit(kind, wanted)
        except (ValueError, OSError):
            # macOS knows RLIMIT_AS and does not take it; the wall clock still holds there.
            if kind != resource.RLIMIT_AS:
                raise


def _where(fault: Exception) -> str:
    """Kind and place of a fault without its message, which may quote the patient's data."""
    frames = traceback.extract_tb(fault.__traceback__)[-3:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(fault).__name__} at {places}"
