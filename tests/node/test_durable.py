import errno
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from node import durable


def test_the_file_is_synced_then_named_then_the_folder_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when either sync or the order is taken out of `put`."""
    steps = []
    fsync, rename = os.fsync, Path.rename

    def noted_fsync(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        steps.append((f"sync {kind}", (tmp_path / "a").exists()))
        fsync(handle)

    def noted_rename(self: Path, target: Path) -> Path:
        steps.append(("rename", (tmp_path / "a").exists()))
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    durable.put(tmp_path / "a", [b"one", memoryview(b"two")])
    assert steps == [("sync file", False), ("rename", False), ("sync folder", True)]
    assert (tmp_path / "a").read_bytes() == b"onetwo"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("chunks", [[b"new"], [b"new", OSError(errno.EIO, "input/output error")]])
def test_a_file_that_stood_there_stands_when_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunks: list[bytes | OSError]
) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def failing(handle: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "no space left", str(handle))

    monkeypatch.setattr(os, "fsync", failing)

    def pieces() -> Iterator[bytes]:
        for chunk in chunks:
            if isinstance(chunk, OSError):
                raise chunk
            yield chunk

    with pytest.raises(OSError, match=r"no space|input"):
        durable.put(tmp_path / "a", pieces())
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


_CRASH = """
import os, pathlib, sys
from node import durable
step, target = int(sys.argv[1]), pathlib.Path(sys.argv[2])
count = 0
def dying(call):
    def wrapped(*arguments):
        global count
        count += 1
        if count == step:
            os._exit(9)
        return call(*arguments)
    return wrapped
os.fsync = dying(os.fsync)
pathlib.Path.rename = dying(pathlib.Path.rename)
durable.put(target, [b"whole"])
"""


@pytest.mark.parametrize(("step", "seen"), [(1, None), (2, None), (3, b"whole"), (4, b"whole")])
def test_a_process_that_dies_at_any_step_leaves_nothing_or_all(tmp_path: Path, step: int, seen: bytes | None) -> None:
    target = tmp_path / "a"
    root = Path(__file__).parents[2]
    died = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CRASH), str(step), str(target)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert died.returncode == (9 if step < 4 else 0)
    assert (target.read_bytes() if target.exists() else None) == seen
