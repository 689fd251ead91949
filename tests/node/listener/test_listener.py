import hashlib
import os
import stat
import threading
from pathlib import Path
from typing import NoReturn

import pytest

from node.facts import AssociationEnd, AssociationFact, StoredObject
from node.listener import STORED_CLASSES, TRANSFER_SYNTAXES, ListenerError
from tests.support.listening import PATIENCE_S, listening
from tests.support.part10 import data_set_bytes
from tests.support.wire import ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, CT, EXPLICIT_LE, Wire, p_data, pdu, store_command

DATA = bytes(range(256)) * 1000


def results(body: bytes) -> dict[int, int]:
    """Result of each presentation context in an A-ASSOCIATE-AC, by its identifier (PS3.8 9.3.3.2)."""
    found, place = {}, 68
    while place < len(body):
        length = int.from_bytes(body[place + 2 : place + 4], "big")
        if body[place] == 0x21:
            found[body[place + 4]] = body[place + 6]
        place += 4 + length
    return found


def test_an_object_is_in_the_spool_when_success_is_said(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as scanner:
        scanner.associate()
        assert scanner.store(DATA) == 0x0000
        (key,) = node.spool.keys()
        assert data_set_bytes(node.spool.path(key)) == DATA
        scanner.release()
        node.heard.wait_for_ends()
    (told,) = node.heard.objects()
    assert told.sha256 == hashlib.sha256(DATA).hexdigest()
    assert (told.sop_class_uid, told.sop_instance_uid, told.calling_ae_title) == (CT, "1.2.3", "CT1")


def test_an_association_is_told_before_and_after_its_objects(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as scanner:
        scanner.associate()
        for number in range(3):
            scanner.store(DATA, sop_instance=f"1.2.{number}")
        scanner.release()
        node.heard.wait_for_ends()
    told = node.heard.everything()
    assert [type(event) for event in told] == [AssociationFact, *3 * [StoredObject], AssociationFact]
    assert [event.end for event in (told[0], told[-1])] == [AssociationEnd.OPEN, AssociationEnd.RELEASED]
    assert {told[0].key, told[-1].key} == {event.association for event in told[1:-1]}
    assert told[-1].closed >= told[0].opened


def test_success_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red when the response is sent before the folder is synced."""
    syncing, go_on, fsync = threading.Event(), threading.Event(), os.fsync

    def slow(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            syncing.set()
            go_on.wait(PATIENCE_S)
        fsync(handle)

    with listening(tmp_path) as node, Wire(node.port) as scanner:
        scanner.associate()
        monkeypatch.setattr(os, "fsync", slow)
        scanner.offer(DATA)
        assert syncing.wait(PATIENCE_S)
        assert scanner.is_silent_for(0.2)
        go_on.set()
        assert scanner.status() == 0x0000


def test_a_listener_that_hears_slowly_or_fails_delays_no_sender(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as scanner:
        blocked, go_on = threading.Event(), threading.Event()
        hear = node.heard.stored

        def deaf(stored: StoredObject) -> None:
            blocked.set()
            go_on.wait(PATIENCE_S)
            hear(stored)
            raise RuntimeError("the registry is away")

        node.heard.stored = deaf
        scanner.associate()
        assert [scanner.store(DATA), scanner.store(DATA)] == [0, 0]
        assert blocked.wait(PATIENCE_S)
        go_on.set()
        scanner.release()
        node.heard.wait_for_ends()
    assert len(node.heard.objects()) == 2


def test_echo_answers_beside_storage(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as scanner:
        scanner.associate()
        assert [scanner.echo(), scanner.store(DATA), scanner.echo()] == [0, 0, 0]


@pytest.mark.parametrize("end", ["abort", "close", "lie"])
def test_an_object_that_breaks_off_leaves_no_file_and_no_word(tmp_path: Path, end: str) -> None:
    with listening(tmp_path) as node, Wire(node.port) as scanner:
        scanner.associate()
        scanner.send(p_data(1, store_command(CT, "1.2.3"), command=True, last=True))
        scanner.send(p_data(1, DATA[:1000], command=False, last=False))
        if end == "abort":
            scanner.abort()
        elif end == "close":
            scanner.line.close()
        else:
            scanner.send(pdu(4, bytes(6))[:2] + b"\xff\xff\xff\xff")
            assert scanner.is_closed()
        expected = AssociationEnd.ABORTED if end == "abort" else AssociationEnd.LOST
        assert node.heard.wait_for_ends() == [expected]
        assert node.files() == []
        assert node.listener.open_associations() == 0
    assert node.heard.objects() == []


@pytest.mark.parametrize(
    ("settings", "answer", "word"),
    [
        ({"callers": ("PACS",)}, (1, 1, 3), 'add "CT1"'),
        ({"ae_title": "OTHER"}, (1, 1, 7), "we are OTHER"),
    ],
)
def test_a_stranger_sees_the_reject_and_the_operator_its_reason(
    tmp_path: Path, settings: dict[str, object], answer: tuple[int, int, int], word: str
) -> None:
    """Red when `reject` does not wait until the PDU has left: the caller sees a bare close."""
    with listening(tmp_path, **settings) as node:
        for number in range(10):
            with Wire(node.port) as stranger:
                kind, body = stranger.associate()
                assert (kind, tuple(body[1:])) == (ASSOCIATE_RJ, answer), f"caller {number}"
                assert stranger.is_closed()
        assert node.heard.wait_until(lambda: len(node.heard.refusals()) == 10)
    refused = node.heard.refusals()[0]
    assert (refused.calling_ae_title, refused.called_ae_title, refused.address) == ("CT1", "CALCIUM", "127.0.0.1")
    assert word in refused.reason
    assert node.heard.ends() == []


def test_anyone_may_enter_when_the_settings_say_so(tmp_path: Path) -> None:
    with listening(tmp_path, callers=("*",)) as node, Wire(node.port, calling="NOBODY") as anyone:
        assert anyone.associate()[0] == ASSOCIATE_AC


def test_one_association_too_many_is_asked_to_come_again(tmp_path: Path) -> None:
    with listening(tmp_path, maximum_associations=1) as node:
        with Wire(node.port) as first, Wire(node.port) as second:
            assert first.associate()[0] == ASSOCIATE_AC
            assert second.associate() == (ASSOCIATE_RJ, bytes([0, 2, 3, 2]))
            first.release()
        node.heard.wait_for_ends()
        with Wire(node.port) as third:
            assert third.associate()[0] == ASSOCIATE_AC


def test_silent_connections_take_no_slot(tmp_path: Path) -> None:
    with (
        listening(tmp_path, maximum_associations=1) as node,
        Wire(node.port),
        Wire(node.port),
        Wire(node.port) as scanner,
    ):
        assert scanner.associate()[0] == ASSOCIATE_AC


def test_stopping_lets_the_running_association_finish_and_sends_others_away(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as running:
        running.associate()
        stopping = threading.Thread(target=node.listener.stop, args=(PATIENCE_S,))
        stopping.start()
        answers = []
        while answers[-1:] != [ASSOCIATE_RJ]:  # until the stop has begun
            with Wire(node.port) as late:
                kind, body = late.associate()
                answers.append(kind)
                if kind == ASSOCIATE_AC:
                    late.release()
        assert body == bytes([0, 2, 3, 2])
        assert running.store(DATA) == 0x0000
        running.release()
        stopping.join(PATIENCE_S)
        assert not stopping.is_alive()
        assert set(node.heard.ends()) == {AssociationEnd.RELEASED}
        with pytest.raises(ConnectionRefusedError):
            Wire(node.port).__enter__()


def test_what_does_not_end_in_time_is_cut_and_told_as_lost(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as stuck:
        stuck.associate()
        node.listener.stop(0.0)
        assert node.heard.ends() == [AssociationEnd.LOST]
        assert stuck.receive()[0] == ABORT


def test_a_full_disk_is_said_and_recovers_without_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(tmp_path) as node, Wire(node.port) as scanner:
        scanner.associate()
        with monkeypatch.context() as full:

            def refusing(handle: int) -> NoReturn:
                raise OSError(28, "No space left on device", str(handle))

            full.setattr(os, "fsync", refusing)
            assert scanner.store(DATA) == 0xA700
        assert node.files() == []
        assert scanner.store(DATA) == 0x0000


def test_an_error_of_ours_is_a_processing_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(tmp_path) as node, Wire(node.port) as scanner:
        scanner.associate()
        monkeypatch.setattr(hashlib, "sha256", None)
        assert scanner.store(DATA) == 0x0110
        monkeypatch.undo()
        assert scanner.store(DATA) == 0x0000


def test_below_the_reserve_a_running_association_hears_out_of_resources(tmp_path: Path) -> None:
    with listening(tmp_path, minimum_free_bytes=1 << 62) as node, Wire(node.port) as scanner:
        scanner.associate()
        assert scanner.store(DATA) == 0xA700


def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path) -> None:
    with (
        listening(tmp_path / "a") as node,
        pytest.raises(ListenerError) as taken,
        listening(tmp_path / "b", port=node.port),
    ):
        pass
    assert taken.value.code == "port-taken"
    assert f"port {node.port}" in taken.value.sentence
    assert "[receive] port" in taken.value.sentence


def test_a_host_that_is_not_ours_is_said(tmp_path: Path) -> None:
    with pytest.raises(ListenerError, match=r"check \[receive\] host"), listening(tmp_path, host="192.0.2.1"):
        pass


_LOSSY_OR_RETIRED = (
    "1.2.840.10008.1.2.2",  # big endian
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
)


def test_each_lossless_syntax_of_each_class_is_accepted(tmp_path: Path) -> None:
    with listening(tmp_path) as node:
        for sop_class in STORED_CLASSES:
            with Wire(node.port) as peer:
                _, body = peer.associate(*((sop_class, [syntax]) for syntax in TRANSFER_SYNTAXES))
                assert set(results(body).values()) == {0}
    assert len(STORED_CLASSES) * len(TRANSFER_SYNTAXES) == 9 * 7


def test_what_is_lossy_deflated_or_big_endian_is_refused_context_by_context(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as peer:
        _, body = peer.associate((CT, [EXPLICIT_LE]), *((CT, [syntax]) for syntax in _LOSSY_OR_RETIRED))
        assert results(body) == {1: 0} | {2 * place + 3: 4 for place in range(len(_LOSSY_OR_RETIRED))}
        assert peer.store(DATA) == 0x0000


def test_a_class_that_we_do_not_keep_is_refused(tmp_path: Path) -> None:
    with listening(tmp_path) as node, Wire(node.port) as peer:
        _, body = peer.associate(("1.2.840.10008.5.1.4.1.1.4", [EXPLICIT_LE]), (CT, [EXPLICIT_LE]))
        assert results(body) == {1: 3, 3: 0}


def test_a_hostile_uid_names_no_file_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with listening(tmp_path) as node, Wire(node.port) as peer:
        peer.associate()
        assert peer.store(DATA, sop_instance="../evil") == 0x0117
        assert peer.store(DATA, sop_instance="f" * 64) == 0x0000
        peer.release()
        node.heard.wait_for_ends()
    assert [told.sop_instance_uid for told in node.heard.objects()] == ["f" * 64]
    assert "evil" not in "".join(capfd.readouterr())
    assert [path for path in tmp_path.rglob("*") if "evil" in path.name] == []
