import errno
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from node.clock import ManualClock
from node.listener.store import StoreAnswer, StoreRequest, recovered, store
from node.spool import Spool, SpoolError
from tests.support.part10 import data_set_bytes

DATA = bytes(range(256)) * 3
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    made = Spool(tmp_path)
    made.prepare()
    return made


def stored(spool: Spool, *, minimum_free_bytes: int = 0, **changes: object) -> StoreAnswer:
    usual = {
        "sop_class_uid": CTImageStorage,
        "sop_instance_uid": "1.2.3",
        "context_class_uid": CTImageStorage,
        "transfer_syntax_uid": ExplicitVRLittleEndian,
        "association": "a1",
        "calling_ae_title": "CT1",
        "data": DATA,
    }
    request = StoreRequest(**{**usual, **changes})
    return store(request, spool=spool, clock=ManualClock(NOON), minimum_free_bytes=minimum_free_bytes)


def test_what_is_kept_are_the_bytes_as_sent(spool: Spool) -> None:
    answer = stored(spool, data=memoryview(DATA))
    assert answer.status == 0x0000
    assert answer.fault is None
    assert data_set_bytes(spool.path(answer.stored.key)) == DATA
    assert answer.stored.sha256 == hashlib.sha256(DATA).hexdigest()
    assert answer.stored.size_bytes == len(DATA)
    assert answer.stored.received == NOON


def test_the_same_object_twice_is_kept_twice_and_answered_alike(spool: Spool) -> None:
    first, second = stored(spool), stored(spool)
    assert (first.status, second.status) == (0, 0)
    assert first.stored.key != second.stored.key
    assert first.stored.sha256 == second.stored.sha256


@pytest.mark.parametrize("instance", ["1.2.3", "0", "1." * 31 + "12", "f" * 64, "A_b-9"])
def test_a_uid_that_breaks_the_rules_but_harms_nothing_is_kept(spool: Spool, instance: str) -> None:
    answer = stored(spool, sop_instance_uid=instance)
    assert answer.stored.sop_instance_uid == instance


@pytest.mark.parametrize("instance", ["", "../evil", "/abs", "1.2\n3", "1.2 3", "x" * 65, "$(id)", "é", "1\x002"])
def test_what_is_no_uid_is_refused_and_names_no_file(spool: Spool, instance: str) -> None:
    answer = stored(spool, sop_instance_uid=instance)
    assert answer.status == 0x0117
    assert answer.stored is None
    assert instance not in answer.fault or not instance
    assert spool.keys() == []


def test_a_class_that_is_not_its_contexts_is_refused(spool: Spool) -> None:
    assert stored(spool, sop_class_uid="1.2.840.10008.5.1.4.1.1.4").status == 0xA900


def test_below_the_reserve_the_answer_is_out_of_resources(spool: Spool) -> None:
    answer = stored(spool, minimum_free_bytes=1 << 62)
    assert answer.status == 0xA700
    assert "0xA700 until there is room" in answer.fault
    assert spool.keys() == []


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 0xA700), (errno.EDQUOT, 0xA700), (errno.EIO, 0x0110)])
def test_a_disk_that_fails_is_never_success(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    """Red when the error of an fsync is swallowed."""

    def refusing(handle: int) -> NoReturn:
        raise OSError(number, os.strerror(number), str(handle))

    monkeypatch.setattr(os, "fsync", refusing)
    answer = stored(spool)
    assert answer.status == status
    assert answer.stored is None
    assert spool.keys() == []


def test_a_missing_row_is_written_again_from_the_file_alone(spool: Spool) -> None:
    told = stored(spool).stored
    again = recovered(spool, told.key, association="recovered")
    assert again.association == "recovered"
    for name in ("key", "sha256", "size_bytes", "sop_class_uid", "sop_instance_uid", "transfer_syntax_uid"):
        assert getattr(again, name) == getattr(told, name)
    assert again.calling_ae_title == "CT1"
    assert again.received.utcoffset() is not None


def test_a_file_of_somebody_else_is_not_recovered(spool: Spool) -> None:
    key = spool.new_key()
    spool.put(key, [b"not ours"])
    with pytest.raises(SpoolError, match="was not written by the listener"):
        recovered(spool, key, association="recovered")
