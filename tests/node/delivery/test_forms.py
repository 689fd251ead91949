"""What a peer gets that does not take an object as its file is: real reports, a PACS that accepts only some kinds."""

import functools
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid

from node.delivery import Timeouts, send
from node.delivery.forms import other_classes
from node.demo.pacs import DemoPacs
from node.facts import Attempt, Compression, Destination, ObjectToSend, Outcome, ReportRole
from node.reports import Built
from node.uids import derive
from tests.support import report_case as rc
from tests.support.report_tree import items

D, X = Outcome.DELIVERED, Outcome.REFUSED
THREE_D, COMPREHENSIVE, ENHANCED = uid.Comprehensive3DSRStorage, uid.ComprehensiveSRStorage, uid.EnhancedSRStorage
TEXT, SC, SEG = uid.BasicTextSRStorage, uid.SecondaryCaptureImageStorage, uid.SegmentationStorage
IMPLICIT, EXPLICIT, JPEG_LS = uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.JPEGLSLossless
PATIENT = Timeouts(connect_s=5.0, answer_s=5.0)


@functools.cache
def built() -> Built:
    """The case that most tests send."""
    return rc.positive(size=64).built()


def objects(folder: Path, made: Built | None = None) -> list[ObjectToSend]:
    """Every object of a result on disk, as the outbox offers it to a peer that is not sent the text by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for report in (made or built()).reports:
        path = folder / report.file_name
        path.write_bytes(report.data)
        out.append(
            ObjectToSend(
                delivery_key=report.file_name,
                path=path,
                sop_class_uid=report.sop_class_uid,
                sop_instance_uid=report.sop_instance_uid,
                other_classes=other_classes(report.sop_class_uid),
                stand_in=folder / "text.dcm" if report.role is ReportRole.SR else None,
            )
        )
    return out


def sent(
    pacs: DemoPacs, things: Sequence[ObjectToSend], *, compress: Compression = Compression.NONE
) -> dict[str, Attempt]:
    """Attempts by file name."""
    attempts: list[Attempt] = []
    at = Destination(name="pacs", ae_title="PACS", host="127.0.0.1", port=pacs.port, objects=(), compress=compress)
    send(at, "CALCIUM", things, PATIENT, attempts.append)
    return {attempt.delivery_key: attempt for attempt in attempts}


def the_sr(things: Sequence[ObjectToSend]) -> ObjectToSend:
    return next(one for one in things if one.delivery_key == "sr.dcm")


def tree(ds: pydicom.Dataset) -> list[pydicom.Dataset]:
    return list(items(ds))


@pytest.mark.parametrize(
    ("taken", "arrives"),
    [
        ([THREE_D, COMPREHENSIVE, ENHANCED, TEXT], THREE_D),
        ([COMPREHENSIVE, ENHANCED, TEXT], COMPREHENSIVE),
        ([ENHANCED, TEXT], ENHANCED),
    ],
)
def test_the_same_tree_goes_under_the_best_class_that_the_peer_takes(
    tmp_path: Path, taken: list[str], arrives: str
) -> None:
    """Mutation: keeping the UID of the 3D object for the rewritten one is seen here."""
    item = the_sr(objects(tmp_path / "made"))
    with DemoPacs(tmp_path / "pacs", sop_classes=taken) as pacs:
        attempts = sent(pacs, [item])
        (came,) = pacs.received()
    ours, theirs = pydicom.dcmread(item.path), pydicom.dcmread(came.path)
    assert attempts["sr.dcm"].outcome is D
    assert came.sop_class_uid == theirs.SOPClassUID == theirs.file_meta.MediaStorageSOPClassUID == arrives
    assert came.sop_instance_uid == theirs.SOPInstanceUID == theirs.file_meta.MediaStorageSOPInstanceUID
    assert (theirs.SOPInstanceUID == ours.SOPInstanceUID) == (arrives == THREE_D)
    assert tree(theirs) == tree(ours)
    assert theirs.SeriesInstanceUID == ours.SeriesInstanceUID
    told = f"sent as {uid.UID(arrives).name}" in attempts["sr.dcm"].answer
    assert told == (arrives != THREE_D)


def test_a_rewritten_report_has_the_same_bytes_every_time(tmp_path: Path) -> None:
    item = the_sr(objects(tmp_path / "made"))
    with DemoPacs(tmp_path / "pacs", sop_classes=[ENHANCED]) as pacs:
        sent(pacs, [item])
        sent(pacs, [item])
        once, again = (came.path.read_bytes() for came in pacs.received())
    assert once == again


def test_a_rewritten_version_names_the_rewritten_one_before_it(tmp_path: Path) -> None:
    """The peer has never seen the 3D object: a reference to it would lead nowhere."""
    case = rc.positive(size=64)
    first = the_sr(objects(tmp_path / "1", case.built()))
    later = replace(rc.CHOICES, version=2, predecessors={ReportRole.SR: first.sop_instance_uid})
    second = the_sr(objects(tmp_path / "2", case.built(later)))
    with DemoPacs(tmp_path / "pacs", sop_classes=[COMPREHENSIVE]) as pacs:
        sent(pacs, [first, second])
        old, new = (pydicom.dcmread(came.path) for came in pacs.received())
    named = new.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert (named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID) == (old.SOPClassUID, old.SOPInstanceUID)
    assert old.SOPInstanceUID == derive(first.sop_instance_uid, "as", COMPREHENSIVE)


def test_where_no_class_of_the_tree_is_taken_the_text_stands_in_and_the_answer_says_so(tmp_path: Path) -> None:
    item = the_sr(objects(tmp_path / "made"))
    with DemoPacs(tmp_path / "pacs", sop_classes=[TEXT]) as pacs:
        attempts = sent(pacs, [item])
        (came,) = pacs.received()
    assert came.sop_class_uid == TEXT
    assert attempts["sr.dcm"].outcome is D
    assert "sent instead: the text report (Basic Text SR Storage)" in attempts["sr.dcm"].answer


def test_a_peer_that_takes_only_pictures_gets_them_and_the_rest_is_said_by_name(tmp_path: Path) -> None:
    things = objects(tmp_path / "made")
    with DemoPacs(tmp_path / "pacs", sop_classes=[SC]) as pacs:
        attempts = sent(pacs, things)
        assert {came.sop_class_uid for came in pacs.received()} == {SC}
    refused = {name: attempt.answer for name, attempt in attempts.items() if attempt.outcome is X}
    assert set(refused) == {"sr.dcm", "text.dcm", "seg.dcm"}
    assert "does not take Comprehensive 3D SR Storage nor Comprehensive SR Storage nor Enhanced SR" in refused["sr.dcm"]
    assert refused["seg.dcm"].endswith("does not take Segmentation Storage")


def test_a_class_that_is_accepted_and_then_refused_gives_way_to_the_next(tmp_path: Path) -> None:
    item = the_sr(objects(tmp_path / "made"))
    with DemoPacs(tmp_path / "pacs") as pacs:
        pacs.answers_store(0x0122)
        attempts = sent(pacs, [item])
        (came,) = pacs.received()
    assert came.sop_class_uid == COMPREHENSIVE
    assert attempts["sr.dcm"].outcome is D


def test_a_foreign_report_is_never_rewritten(tmp_path: Path) -> None:
    """Another maker's tree may hold what only its own class allows."""
    item = replace(the_sr(objects(tmp_path / "made")), other_classes=(), stand_in=None)
    with DemoPacs(tmp_path / "pacs", sop_classes=[COMPREHENSIVE, TEXT]) as pacs:
        assert sent(pacs, [item])["sr.dcm"].outcome is X


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("ISO_IR 127", "قباني^لنزار"),
    ],
)
def test_every_object_reaches_a_peer_that_takes_only_implicit_and_no_byte_of_a_name_changes(
    tmp_path: Path, charset: object, name: str
) -> None:
    case = rc.positive(size=64, SpecificCharacterSet=charset, PatientName=name)
    things = objects(tmp_path / "made", case.built())
    with DemoPacs(tmp_path / "pacs", transfer_syntaxes=[IMPLICIT]) as pacs:
        attempts = sent(pacs, things)
        came = pacs.received()
    assert {attempt.outcome for attempt in attempts.values()} == {D}
    assert {one.transfer_syntax_uid for one in came} == {IMPLICIT}
    for ours, theirs in zip(things, came, strict=True):
        old, new = pydicom.dcmread(ours.path), pydicom.dcmread(theirs.path)
        assert new.get_item("PatientName").value == old.get_item("PatientName").value
        assert [element.tag for element in new] == [element.tag for element in old]
        assert tree(new) == tree(old)
        assert new.get("PixelData") == old.get("PixelData")


def test_a_character_set_that_nobody_knows_goes_on_as_it_came(tmp_path: Path) -> None:
    things = objects(tmp_path / "made")
    item = the_sr(things)
    broken = (
        item.path.read_bytes().replace(b"ISO_IR 192", b"ISO_IR 999").replace(b"Sample^Case ", b"Sample^\xe4\xf6e \0")
    )
    item.path.write_bytes(broken)
    with DemoPacs(tmp_path / "pacs", transfer_syntaxes=[IMPLICIT], sop_classes=[ENHANCED]) as pacs:
        assert sent(pacs, [item])["sr.dcm"].outcome is D
        assert b"Sample^\xe4\xf6e" in pacs.received()[0].path.read_bytes()


def test_pictures_are_squeezed_where_the_site_says_so_and_the_peer_takes_it(tmp_path: Path) -> None:
    things = objects(tmp_path / "made")
    with DemoPacs(tmp_path / "pacs") as pacs:
        sent(pacs, things, compress=Compression.JPEG_LS)
        came = pacs.received()
    for ours, theirs in zip(things, came, strict=True):
        old, new = pydicom.dcmread(ours.path), pydicom.dcmread(theirs.path)
        assert theirs.transfer_syntax_uid == (JPEG_LS if old.SOPClassUID == SC else EXPLICIT)
        assert new.SOPInstanceUID == old.SOPInstanceUID
        if old.SOPClassUID == SC:
            assert len(new.PixelData) < 0.7 * len(old.PixelData)
            assert np.array_equal(new.pixel_array, old.pixel_array)


def test_pictures_go_uncompressed_to_a_peer_that_does_not_take_them_squeezed(tmp_path: Path) -> None:
    things = [one for one in objects(tmp_path / "made") if one.sop_class_uid == SC]
    with DemoPacs(tmp_path / "pacs", transfer_syntaxes=[EXPLICIT]) as pacs:
        attempts = sent(pacs, things, compress=Compression.JPEG_LS)
        assert {came.transfer_syntax_uid for came in pacs.received()} == {EXPLICIT}
    assert {attempt.outcome for attempt in attempts.values()} == {D}


def test_nothing_is_squeezed_unless_the_site_says_so(tmp_path: Path) -> None:
    things = objects(tmp_path / "made")
    with DemoPacs(tmp_path / "pacs") as pacs:
        sent(pacs, things)
        assert {came.transfer_syntax_uid for came in pacs.received()} == {EXPLICIT}
        assert all(
            came.path.read_bytes().endswith(one.path.read_bytes()[-500:])
            for came, one in zip(pacs.received(), things, strict=True)
        )


def test_a_report_that_is_written_anew_can_be_read_by_a_library_that_checks_it(tmp_path: Path) -> None:
    item = the_sr(objects(tmp_path / "made"))
    with DemoPacs(tmp_path / "pacs", transfer_syntaxes=[IMPLICIT], sop_classes=[ENHANCED]) as pacs:
        sent(pacs, [item])
        data = pacs.received()[0].path.read_bytes()
    assert pydicom.dcmread(io.BytesIO(data)).ContentTemplateSequence[0].TemplateIdentifier == "1500"


def test_a_picture_that_cannot_be_squeezed_is_told_and_the_others_go(tmp_path: Path) -> None:
    things = [one for one in objects(tmp_path / "made") if one.sop_class_uid == SC][:2]
    ds = pydicom.dcmread(things[0].path)
    ds.PixelData = ds.PixelData[:100]
    ds.save_as(things[0].path)
    with DemoPacs(tmp_path / "pacs") as pacs:
        attempts = sent(pacs, things, compress=Compression.JPEG_LS)
    assert [attempts[one.delivery_key].outcome for one in things] == [X, D]
    assert "cannot be written in JPEG-LS Lossless" in attempts[things[0].delivery_key].answer
