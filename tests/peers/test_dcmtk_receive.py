"""DCMTK against the listener and the sender: the other side is somebody else's program."""

import hashlib
import statistics
import subprocess
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from node import dimse
from node.delivery import Timeouts, send
from node.facts import AssociationEnd, Destination, ObjectToSend
from tests.support import dcmtk
from tests.support.listening import Node, listening
from tests.support.part10 import data_set_bytes, small_object
from tests.support.shared import needs_shared, shared_folder

pytestmark = [pytest.mark.peer, dcmtk.needs("storescu"), dcmtk.needs("echoscu"), dcmtk.needs("storescp")]

ODD = shared_folder() / "data" / "odd"
SERIES = shared_folder() / "data" / "chest-philips-5mm"
PATIENT = Timeouts(connect_s=10.0, answer_s=10.0)


def storescu(node: Node, *words: str, calling: str = "CT1") -> subprocess.CompletedProcess[str]:
    return dcmtk.run("storescu", "-aet", calling, "-aec", "CALCIUM", "127.0.0.1", str(node.port), *words)


def digests(paths: Iterable[Path]) -> list[str]:
    return sorted(hashlib.sha256(data_set_bytes(path)).hexdigest() for path in paths)


def kept(node: Node) -> list[Path]:
    return [node.spool.path(key) for key in sorted(node.spool.keys())]


def test_echoscu_is_answered(tmp_path: Path) -> None:
    with listening(tmp_path) as node:
        answer = dcmtk.run("echoscu", "-aet", "CT1", "-aec", "CALCIUM", "127.0.0.1", str(node.port))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("calling", "called", "words"),
    [("NOBODY", "CALCIUM", "Calling AE Title Not Recognized"), ("CT1", "WRONG", "Called AE Title Not Recognized")],
)
def test_a_stranger_reads_the_reason_on_his_own_screen(tmp_path: Path, calling: str, called: str, words: str) -> None:
    with listening(tmp_path) as node:
        answer = dcmtk.run("echoscu", "-aet", calling, "-aec", called, "127.0.0.1", str(node.port))
        assert node.heard.wait_until(lambda: len(node.heard.refusals()) == 1)
    assert answer.returncode != 0
    assert words in answer.stdout + answer.stderr


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "proposal"),
    [
        ("explicit-le", "-xe"),
        ("implicit-le", "-xi"),
        ("rle", "-xr"),
        ("jpeg-lossless-sv1", "-xs"),
        ("jpegls", "-xt"),
        ("j2k-lossless", "-xv"),
    ],
)
def test_each_lossless_encoding_arrives_byte_for_byte(tmp_path: Path, name: str, proposal: str) -> None:
    source = ODD / f"syntax-{name}.dcm"
    with listening(tmp_path) as node:
        answer = storescu(node, "-R", proposal, source)
        assert answer.returncode == 0, answer.stderr
        node.heard.wait_for_ends()
        assert digests(kept(node)) == digests([source])
    assert [told.sha256 for told in node.heard.objects()] == digests([source])


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "proposal"), [("jpegls-near-lossy", "-xu"), ("j2k-lossy", "-xw"), ("jpeg-extended-lossy", "-xx")]
)
def test_a_lossy_encoding_is_not_taken(tmp_path: Path, name: str, proposal: str) -> None:
    with listening(tmp_path) as node:
        answer = storescu(node, "-R", proposal, ODD / f"syntax-{name}.dcm")
        assert answer.returncode != 0
        assert node.files() == []


@needs_shared
@pytest.mark.real_data
def test_the_encodings_that_storescu_cannot_propose_come_from_our_own_sender(tmp_path: Path) -> None:
    sources = [ODD / "syntax-jpeg-lossless-p14.dcm", ODD / "syntax-deflated.dcm", ODD / "syntax-explicit-be.dcm"]
    objects = [
        ObjectToSend(delivery_key=path.name, path=path, sop_class_uid="", sop_instance_uid="") for path in sources
    ]
    attempts = []
    with listening(tmp_path) as node:
        at = node.destination()
        send(at, "CT1", objects, PATIENT, attempts.append)
        assert digests(kept(node)) == digests(sources[:1])
    assert [str(attempt.outcome) for attempt in attempts] == ["delivered", "refused", "refused"]


@needs_shared
@pytest.mark.real_data
def test_a_real_series_in_jpeg_ls_arrives_whole(tmp_path: Path) -> None:
    sources = sorted(SERIES.glob("*.dcm"))
    with listening(tmp_path) as node:
        answer = storescu(node, "-xt", "+sd", SERIES)
        assert answer.returncode == 0, answer.stderr
        assert node.heard.wait_for_ends() == [AssociationEnd.RELEASED]
        assert digests(kept(node)) == digests(sources)
    assert len(node.heard.objects()) == len(sources) == 41


def test_a_sender_that_aborts_after_its_objects_loses_none(tmp_path: Path) -> None:
    item = small_object(tmp_path, "ct")
    with listening(tmp_path) as node:
        storescu(node, "--abort", "--repeat", "3", item.path)
        assert node.heard.wait_for_ends() == [AssociationEnd.ABORTED]
        assert len(kept(node)) == 3


@needs_shared
@pytest.mark.real_data
def test_sixty_images_are_safe_long_before_a_scanner_grows_impatient(tmp_path: Path) -> None:
    source = ODD / "syntax-explicit-le.dcm"
    with listening(tmp_path) as node:
        began = time.monotonic()
        answer = storescu(node, "-R", "-xe", *[source] * 60)
        took_s = time.monotonic() - began
        assert answer.returncode == 0, answer.stderr
        assert len(node.spool.keys()) == 60
    assert took_s < 30, f"60 images of 0.5 MB took {took_s:.1f} s; scanners wait 30 s and more for ONE answer"


def test_a_peer_that_writes_in_two_pieces_does_not_cost_us_44_ms_an_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """storescp as packaged leaves Nagle's algorithm on; the pair is our sender without its quick acknowledgement."""
    objects = [small_object(tmp_path, f"sc{number}", sop_class=SecondaryCaptureImageStorage) for number in range(12)]

    def milliseconds_an_object(at: Destination) -> float:
        marks = [time.monotonic()]
        send(at, "CALCIUM", objects, PATIENT, lambda _: marks.append(time.monotonic()))
        return 1000 * statistics.median(after - before for before, after in pairwise(marks[1:]))

    with dcmtk.storescp(tmp_path / "received", "+xa") as at:
        prompt = milliseconds_an_object(at)
        monkeypatch.setattr(dimse, "acknowledge_at_once", lambda _: None)
        late = milliseconds_an_object(at)
    assert prompt < 0.5 * late, f"{prompt:.1f} ms an object, {late:.1f} ms without the quick acknowledgement"
