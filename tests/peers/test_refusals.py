"""The same result against real peers that refuse some of it: it arrives as far as it can, and the rest is said."""

import re

import pydicom
import pytest

from tests.conftest import WrittenPhantom
from tests.refusals import STORESCP, Story, stories, table
from tests.support.peers import needs
from tests.support.report_tree import groups, items, number

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs("storescu", "storescp", "echoscu", "Orthanc")]

SR_CLASSES = {"Comprehensive3DSRStorage", "ComprehensiveSRStorage", "EnhancedSRStorage"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, phantom_series: WrittenPhantom) -> dict[str, Story]:
    """What each peer was sent, from one node that has all of them as destinations."""
    folder = tmp_path_factory.mktemp("refusals")
    return {story.peer: story for story in stories(phantom_series.folder, folder)}


def total_of(ds: pydicom.Dataset) -> int:
    """The score that a report states, whatever its class."""
    if ds.SOPClassUID.keyword == "BasicTextSRStorage":
        words = " ".join(item.TextValue for item in items(ds) if item.ValueType == "TEXT")
        return int(re.search(r"Total Agatston score: (\d+)", words)[1])
    return round(number(next(item for item in groups(ds)[0].ContentSequence if item.ValueType == "NUM")))


@pytest.mark.parametrize(
    ("peer", "kind"),
    [
        ("takes-all", "Comprehensive3DSRStorage"),
        ("no-3d-sr", "ComprehensiveSRStorage"),
        ("enhanced-sr", "EnhancedSRStorage"),
        ("implicit", "Comprehensive3DSRStorage"),
        ("orthanc", "Comprehensive3DSRStorage"),
        ("orthanc-implicit", "Comprehensive3DSRStorage"),
    ],
)
def test_one_report_with_measurements_arrives_under_the_best_class(
    told: dict[str, Story], peer: str, kind: str
) -> None:
    assert {name: count for name, count in told[peer].kinds.items() if name in SR_CLASSES} == {kind: 1}


def test_the_score_is_the_same_in_every_form_of_the_report(told: dict[str, Story]) -> None:
    totals = {total_of(ds) for story in told.values() for ds in story.kept if ds.Modality == "SR"}
    assert len(totals) == 1


def test_pictures_arrive_everywhere(told: dict[str, Story]) -> None:
    assert len({story.kinds["SecondaryCaptureImageStorage"] for story in told.values()}) == 1


def test_the_text_stands_in_once_where_it_is_not_sent_by_itself(told: dict[str, Story]) -> None:
    story = told["text-only-sr"]
    assert story.kinds["BasicTextSRStorage"] == 1
    ((state, answer),) = story.said("sr")
    assert state == "delivered"
    assert "sent instead: the text report" in answer


@pytest.mark.parametrize(
    ("peer", "what", "words"),
    [
        ("no-sr", "sr", "does not take Comprehensive 3D SR Storage nor Comprehensive SR Storage nor Enhanced SR"),
        ("no-sr", "text", "does not take Basic Text SR Storage"),
        ("no-seg", "seg", "does not take Segmentation Storage"),
    ],
)
def test_what_is_left_out_stands_in_the_list_in_words(told: dict[str, Story], peer: str, what: str, words: str) -> None:
    ((state, answer),) = told[peer].said(what)
    assert state == "refused"
    assert words in answer


@pytest.mark.parametrize("peer", ["implicit", "orthanc-implicit"])
def test_a_peer_that_takes_only_implicit_gets_everything(told: dict[str, Story], peer: str) -> None:
    assert told[peer].kinds == told["takes-all"].kinds
    assert told[peer].syntaxes == {"Implicit VR Little Endian"}


def test_pictures_in_jpeg_ls_are_the_same_pixels(told: dict[str, Story]) -> None:
    plain = {ds.SOPInstanceUID: ds for ds in told["takes-all"].kept if ds.Modality == "OT"}
    for ds in told["jpeg-ls"].kept:
        if ds.Modality == "OT":
            assert ds.file_meta.TransferSyntaxUID == pydicom.uid.JPEGLSLossless
            assert (ds.pixel_array == plain[ds.SOPInstanceUID].pixel_array).all()


def test_the_table_names_every_peer_and_every_refusal(told: dict[str, Story]) -> None:
    lines = "\n".join(table(list(told.values())))
    assert all(f"| {peer} |" in lines for peer in STORESCP)
    assert "seg: refused, not sent: it does not take Segmentation Storage" in lines
