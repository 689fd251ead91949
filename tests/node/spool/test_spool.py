import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.spool import Spool, SpoolError

KEY = "0123456789abcdef" * 2


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    made = Spool(tmp_path / "data" / "spool")
    made.prepare()
    return made


def files(spool: Spool) -> list[Path]:
    return [path for path in spool.folder.rglob("*") if path.is_file()]


def test_an_object_is_found_under_its_key_and_nowhere_else(spool: Spool) -> None:
    path = spool.put(KEY, [b"head", memoryview(b"data")])
    assert path == spool.folder / "objects" / "01" / f"{KEY}.dcm"
    assert path.read_bytes() == b"headdata"
    assert spool.keys() == [KEY]
    assert files(spool) == [path]


def test_only_we_may_look_into_the_folder(spool: Spool) -> None:
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700


def test_preparing_again_keeps_what_is_there(spool: Spool) -> None:
    spool.put(KEY, [b"data"])
    spool.prepare()
    assert spool.keys() == [KEY]


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SpoolError, match="check the disk and the rights"):
        Spool(tmp_path / "data" / "spool").prepare()


def test_keys_are_new_each_time_and_repeatable_on_request(spool: Spool) -> None:
    assert spool.new_key() != spool.new_key()
    assert spool.new_key(bytes(range(16))) == bytes(range(16)).hex()
    with pytest.raises(SpoolError, match="16 random bytes"):
        spool.new_key(b"short")


@given(st.text(max_size=40))
def test_no_text_but_a_key_of_ours_becomes_a_path(text: str) -> None:
    with pytest.raises(SpoolError, match="32 hexadecimal digits"):
        Spool(Path("/nowhere")).path(text + "/")


@pytest.mark.parametrize(
    "text", ["../evil", "/abs", "..", "a/b", "a\0b", "a\nb", KEY + "0", KEY.upper(), KEY + "\n", ""]
)
def test_a_hostile_name_is_no_key(spool: Spool, text: str) -> None:
    with pytest.raises(SpoolError, match="32 hexadecimal digits"):
        spool.put(text, [b"data"])
    assert files(spool) == []


@pytest.mark.parametrize("step", ["write", "sync file", "rename", "sync folder"])
@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "spool-full"), (errno.EIO, "spool-disk")])
def test_whichever_step_the_disk_refuses_nothing_is_there(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, step: str, number: int, code: str
) -> None:
    """Red when a failed sync of the folder leaves the file under its name."""
    fsync = os.fsync

    def refuse(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    def refusing_fsync(handle: int) -> None:
        kind = "sync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "sync file"
        return refuse() if kind == step else fsync(handle)

    monkeypatch.setattr(os, "fsync", refusing_fsync)
    if step == "rename":
        monkeypatch.setattr(Path, "rename", refuse)

    def chunks() -> Iterator[bytes]:
        yield b"half"
        if step == "write":
            refuse()

    with pytest.raises(SpoolError) as refused:
        spool.put(KEY, chunks())
    assert refused.value.code == code
    assert os.strerror(number) in refused.value.sentence
    assert files(spool) == []
    assert spool.keys() == []


def test_the_halves_of_a_crash_are_swept_and_whole_objects_stay(spool: Spool) -> None:
    whole = spool.put(KEY, [b"data"])
    whole.with_name("ffff.dcm.part").write_bytes(b"half")
    (spool.folder / "incoming" / "anything").write_bytes(b"half")
    assert spool.sweep() == 2
    assert files(spool) == [whole]
    assert spool.sweep() == 0


def test_what_is_no_object_of_ours_is_not_listed(spool: Spool) -> None:
    (spool.folder / "objects" / "00" / "stranger.dcm").write_bytes(b"x")
    assert spool.keys() == []


def test_free_space_is_that_of_the_disk(spool: Spool) -> None:
    stat_of = os.statvfs(spool.folder)
    assert spool.free_bytes() == pytest.approx(stat_of.f_bavail * stat_of.f_frsize, rel=0.05)


def test_the_space_of_a_spool_that_is_gone_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="cannot be asked"):
        Spool(tmp_path / "gone").free_bytes()
