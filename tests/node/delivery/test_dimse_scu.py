import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread, uid

from node.delivery import Reachability, Timeouts, accepted_classes, echo, send
from node.delivery.line import PromptSocket
from node.demo.pacs import DemoPacs, Misbehaviour
from node.facts import Attempt, Destination, ObjectToSend, Outcome
from tests.support.part10 import data_set_bytes, small_object

D, W, R, X = Outcome.DELIVERED, Outcome.DELIVERED_WITH_WARNING, Outcome.RETRY, Outcome.REFUSED
SR, SC, SEG = uid.Comprehensive3DSRStorage, uid.SecondaryCaptureImageStorage, uid.SegmentationStorage
IMPLICIT, EXPLICIT = uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian
PATIENT = Timeouts(connect_s=5.0, answer_s=5.0)
HASTY = Timeouts(connect_s=0.3, answer_s=0.3)


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[DemoPacs]:
    with DemoPacs(tmp_path / "pacs") as running:
        yield running


def at(port: int, *, ae_title: str = "PACS", host: str = "127.0.0.1") -> Destination:
    return Destination(name="pacs", ae_title=ae_title, host=host, port=port, objects=())


def sent(
    port: int, objects: list[ObjectToSend], *, timeouts: Timeouts = PATIENT, ae_title: str = "PACS"
) -> tuple[list[Attempt], Reachability]:
    """Attempts, in order, and what was said of the peer."""
    attempts = []
    reach = send(at(port, ae_title=ae_title), "CALCIUM", objects, timeouts, attempts.append)
    return attempts, reach


def test_what_arrives_is_what_lies_in_the_file(pacs: DemoPacs, tmp_path: Path) -> None:
    objects = [small_object(tmp_path, name, sop_class=kind) for name, kind in (("sr", SR), ("sc", SC), ("seg", SEG))]
    attempts, reach = sent(pacs.port, objects)
    assert reach.reached
    assert reach.untried == 0
    assert [attempt.outcome for attempt in attempts] == [D, D, D]
    assert [attempt.delivery_key for attempt in attempts] == ["sr", "sc", "seg"]
    for item, arrived in zip(objects, pacs.received(), strict=True):
        assert (arrived.sop_instance_uid, arrived.calling_ae_title) == (item.sop_instance_uid, "CALCIUM")
        assert data_set_bytes(arrived.path) == data_set_bytes(item.path)


def test_all_objects_go_over_one_association_that_is_released(pacs: DemoPacs, tmp_path: Path) -> None:
    sent(pacs.port, [small_object(tmp_path, f"o{number}") for number in range(5)])
    assert pacs.wait_for_release(1, 5.0)
    assert pacs.released() == 1


def test_each_attempt_is_told_before_the_next_object_is_sent(pacs: DemoPacs, tmp_path: Path) -> None:
    arrived = []
    send(
        at(pacs.port),
        "CALCIUM",
        [small_object(tmp_path, f"o{number}") for number in range(3)],
        PATIENT,
        lambda _: arrived.append(len(pacs.received())),
    )
    assert arrived == [1, 2, 3]


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (0x0000, D, "success"),
        (0xB000, W, "values changed"),
        (0xA700, R, "out of resources"),
        (0xC000, R, "cannot understand"),
        (0x0122, X, "SOP class not supported"),
        (0x0111, W, "has this object already"),
        (0x0124, X, "not authorised"),
    ],
)
def test_a_status_is_told_in_words_and_the_next_object_goes_on(
    pacs: DemoPacs, tmp_path: Path, status: int, outcome: Outcome, words: str
) -> None:
    pacs.answers_store(status)
    attempts, reach = sent(pacs.port, [small_object(tmp_path, "a"), small_object(tmp_path, "b")])
    assert [attempt.outcome for attempt in attempts] == [outcome, D]
    assert (attempts[0].status, reach.reached) == (status, True)
    assert words in attempts[0].answer
    assert f"PACS (127.0.0.1:{pacs.port})" in attempts[0].answer


def test_one_object_that_makes_the_pacs_abort_does_not_hold_up_the_others(pacs: DemoPacs, tmp_path: Path) -> None:
    pacs.answers_store(0x0000, Misbehaviour.ABORT)
    attempts, reach = sent(pacs.port, [small_object(tmp_path, name) for name in "abcd"])
    assert [attempt.outcome for attempt in attempts] == [D, R, D, D]
    assert "aborted the association" in attempts[1].answer
    assert attempts[1].status is None
    assert reach.reached


def test_a_pacs_that_aborts_again_and_again_is_left_alone(pacs: DemoPacs, tmp_path: Path) -> None:
    pacs.answers_store(*[Misbehaviour.ABORT] * 4)
    attempts, reach = sent(pacs.port, [small_object(tmp_path, name) for name in "abcd"])
    assert [attempt.outcome for attempt in attempts] == [R, R]
    assert (reach.reached, reach.untried) == (False, 2)


def test_silence_ends_after_the_time_that_was_set(pacs: DemoPacs, tmp_path: Path) -> None:
    pacs.answers_store(Misbehaviour.SILENCE, Misbehaviour.SILENCE)
    attempts, reach = sent(pacs.port, [small_object(tmp_path, name) for name in "abc"], timeouts=HASTY)
    assert [attempt.outcome for attempt in attempts] == [R, R]
    assert "gave no answer within 0.3 s" in attempts[0].answer
    assert (reach.reached, reach.untried) == (False, 1)


def test_nothing_on_the_port_is_said_and_no_object_counts_as_tried(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets it and it refuses
        port = reserved.getsockname()[1]
        attempts, reach = sent(port, [small_object(tmp_path, "a")])
    assert attempts == []
    assert (reach.reached, reach.untried) == (False, 1)
    assert reach.sentence.startswith(f"PACS (127.0.0.1:{port}) cannot be reached: nothing listens")


def test_a_port_that_takes_the_call_and_says_nothing_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        _, reach = sent(mute.getsockname()[1], [small_object(tmp_path, "a")], timeouts=HASTY)
    assert not reach.reached
    assert "did not answer the association request within 0.3 s" in reach.sentence


def test_a_host_that_has_no_address_is_said(tmp_path: Path) -> None:
    attempts = []
    reach = send(
        at(104, host="no-such-host.invalid"), "CALCIUM", [small_object(tmp_path, "a")], PATIENT, attempts.append
    )
    assert (attempts, reach.reached) == ([], False)
    assert "host name no-such-host.invalid is not known" in reach.sentence


@pytest.mark.parametrize(
    ("callers", "called", "words"),
    [
        (("OTHER",), "PACS", "(1/1/3): it does not know our AE title CALCIUM; register it there"),
        (("CALCIUM",), "PACS9", "(1/1/7): it is not called PACS9; correct ae_title"),
    ],
)
def test_a_reject_is_said_with_its_cure(tmp_path: Path, callers: tuple[str, ...], called: str, words: str) -> None:
    with DemoPacs(tmp_path / "strict", callers=callers) as strict:
        attempts, reach = sent(strict.port, [small_object(tmp_path, "a")], ae_title=called)
    assert (attempts, reach.reached) == ([], False)
    assert words in reach.sentence


def test_what_the_peer_does_not_take_is_refused_by_name_and_the_rest_goes(tmp_path: Path) -> None:
    objects = [small_object(tmp_path, name, sop_class=kind) for name, kind in (("seg", SEG), ("sc", SC))]
    with DemoPacs(tmp_path / "plain", sop_classes=[SC]) as plain:
        attempts, reach = sent(plain.port, objects)
    assert [attempt.outcome for attempt in attempts] == [X, D]
    assert "does not take Segmentation Storage" in attempts[0].answer
    assert reach.reached


def test_a_peer_that_takes_nothing_of_it_is_reached_and_refuses_each(tmp_path: Path) -> None:
    with DemoPacs(tmp_path / "ct", sop_classes=[uid.CTImageStorage]) as only_ct:
        attempts, reach = sent(only_ct.port, [small_object(tmp_path, n, sop_class=SEG) for n in "ab"])
    assert [attempt.outcome for attempt in attempts] == [X, X]
    assert reach.reached


def test_for_a_peer_that_takes_only_implicit_the_object_is_written_anew(tmp_path: Path) -> None:
    item = small_object(tmp_path, "sr", sop_class=SR)
    with DemoPacs(tmp_path / "old", transfer_syntaxes=[IMPLICIT]) as old:
        attempts, _ = sent(old.port, [item])
        (arrived,) = old.received()
    assert [attempt.outcome for attempt in attempts] == [D]
    assert arrived.transfer_syntax_uid == IMPLICIT
    ours, theirs = dcmread(item.path), dcmread(arrived.path)
    assert theirs.PatientName == ours.PatientName
    assert [element.tag for element in theirs] == [element.tag for element in ours]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_a_file_goes_out_in_its_own_transfer_syntax(pacs: DemoPacs, tmp_path: Path, syntax: str) -> None:
    item = small_object(tmp_path, "ct", syntax=syntax)
    sent(pacs.port, [item])
    (arrived,) = pacs.received()
    assert arrived.transfer_syntax_uid == syntax
    assert data_set_bytes(arrived.path) == data_set_bytes(item.path)


def test_a_file_that_is_none_is_refused_and_the_others_go(pacs: DemoPacs, tmp_path: Path) -> None:
    broken = small_object(tmp_path, "broken")
    broken.path.write_bytes(b"no DICOM")
    gone = small_object(tmp_path, "gone")
    gone.path.unlink()
    attempts, reach = sent(pacs.port, [broken, gone, small_object(tmp_path, "good")])
    assert {attempt.delivery_key: attempt.outcome for attempt in attempts} == {"broken": X, "gone": X, "good": D}
    assert "cannot be read" in attempts[0].answer
    assert reach.reached


def test_no_answer_tells_what_is_in_an_object(
    pacs: DemoPacs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pacs.answers_store(0xC000, 0x7777)
    attempts, _ = sent(pacs.port, [small_object(tmp_path, name) for name in "ab"])
    assert "Doe" not in "".join(attempt.answer for attempt in attempts) + "".join(capfd.readouterr())


def test_echo_says_who_answered_and_how_fast(pacs: DemoPacs) -> None:
    answer = echo(at(pacs.port), "CALCIUM", PATIENT)
    assert answer.ok
    assert f"PACS (127.0.0.1:{pacs.port}) answered C-ECHO" in answer.sentence
    assert 0 < answer.milliseconds < 5000


def test_echo_to_a_dead_port_says_so() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        answer = echo(at(reserved.getsockname()[1]), "CALCIUM", PATIENT)
    assert not answer.ok
    assert "nothing listens" in answer.sentence


def test_a_peer_tells_which_of_our_classes_it_takes(tmp_path: Path) -> None:
    with DemoPacs(tmp_path / "some", sop_classes=[SR, SC]) as some:
        classes = accepted_classes(at(some.port), "CALCIUM", PATIENT)
    assert classes.ok
    assert classes.accepted == (SR, SC)
    assert SEG in classes.refused
    assert "does not take Comprehensive SR Storage" in classes.sentence


def test_both_options_that_take_the_wait_out_are_set(
    pacs: DemoPacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cheap half of the measurement against storescp in tests/peers."""
    seen = []
    recv = PromptSocket.recv

    def noted(self: PromptSocket, nr_bytes: int) -> bytearray:
        seen.append(self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return recv(self, nr_bytes)

    monkeypatch.setattr(PromptSocket, "recv", noted)
    sent(pacs.port, [small_object(tmp_path, "a")])
    assert seen
    assert all(seen)
