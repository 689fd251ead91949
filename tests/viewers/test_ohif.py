"""The results in OHIF, as a radiologist opens them: `make viewers` (a browser, Orthanc and the viewer's package)."""

import importlib.util
import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from PIL import Image

from node.reports.plan import COLOURS
from scoring.result import Vessel
from tests.viewers.ohif import built_viewer, served
from tests.viewers.screen import CHROMIUM, Screen, likeness, screen
from tests.viewers.studies import PLUGIN, Pushed, pushed

pytestmark = [pytest.mark.viewer, pytest.mark.timeout(600)]

COMPREHENSIVE_3D, BASIC_TEXT = "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.88.11"
A_VALUE = re.compile(r": (-?[0-9.]+) ")


def _missing() -> str:
    """What is not installed, in one sentence for each."""
    programs = {CHROMIUM: "chromium", "Orthanc": "orthanc"}
    found = [f"{name} is not installed (Debian: {there})" for name, there in programs.items() if not shutil.which(name)]
    if not PLUGIN.exists():
        found.append(f"{PLUGIN} is not there (Debian: orthanc-dicomweb)")
    if importlib.util.find_spec("playwright") is None:
        found.append("playwright is not installed (pip install -e '.[viewers]')")
    if not found and built_viewer() is None:
        found.append("npm is not installed, which fetches the viewer")
    return "; ".join(found)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    if missing := _missing():
        pytest.skip(missing)
    with pushed(tmp_path_factory.mktemp("viewers")) as there:
        yield there


@pytest.fixture(scope="module")
def address(scans: Pushed) -> Iterator[str]:
    built = built_viewer()
    assert built is not None
    with served(built, scans.pacs.http_port) as there:
        yield there


@pytest.fixture
def viewer(address: str, tmp_path: Path) -> Iterator[Screen]:
    pictures = os.environ.get("CALCIUM_VIEWER_PICTURES")
    with screen(address, Path(pictures) if pictures else tmp_path) as shown:
        yield shown


def _arrived(scans: Pushed, case: str, description: str) -> list[pydicom.Dataset]:
    """Objects of one series of ours, as Orthanc has them."""
    (study,) = [one for one in scans.pacs.get("/studies?expand") if _uid(one, "Study") == scans.studies[case]]
    series = [scans.pacs.get(f"/series/{one}") for one in study["Series"]]
    wanted = [one for one in series if one["MainDicomTags"].get("SeriesDescription", "").startswith(description)]
    return [pydicom.dcmread(io.BytesIO(scans.pacs.file(instance))) for one in wanted for instance in one["Instances"]]


def _uid(one: dict[str, Any], level: str) -> str:
    return str(one["MainDicomTags"][f"{level}InstanceUID"])


def _numbers(item: pydicom.Dataset) -> set[str]:
    """Every value of a report's tree, as the viewer prints it."""
    found = {f"{float(value.NumericValue):.2f}" for value in item.get("MeasuredValueSequence", ())}
    for child in item.get("ContentSequence", ()):
        found |= _numbers(child)
    return found


@pytest.mark.parametrize("case", ["positive", "zero", "refused"])
def test_the_page_is_shown_as_it_was_drawn(scans: Pushed, viewer: Screen, case: str) -> None:
    viewer.open(scans.studies[case])
    viewer.show_image("Calcium score summary")
    viewer.picture(f"page-{case}")
    (page,) = _arrived(scans, case, "Calcium score summary")
    assert likeness(viewer.drawn(), Image.fromarray(page.pixel_array)) > 0.9


def test_the_page_is_shown_beside_the_ct(scans: Pushed, viewer: Screen) -> None:
    viewer.open(scans.studies["positive"])
    viewer.two_panes()
    viewer.show_image("CaScSeq 3.0 B35f 70%", pane=0)
    viewer.show_image("Calcium score summary", pane=1)
    viewer.picture("page-beside-ct")
    (page,) = _arrived(scans, "positive", "Calcium score summary")
    assert likeness(viewer.drawn(pane=1), Image.fromarray(page.pixel_array)) > 0.9


def test_a_report_shows_its_regions_with_its_own_numbers_only(scans: Pushed, viewer: Screen) -> None:
    viewer.open(scans.studies["positive"])
    viewer.show_measurements()
    viewer.picture("sr-positive-total")
    total = scans.jobs["positive"]["agatston"]
    assert viewer.labels()[0] == f"Coronary artery calcium score: {total:.2f} {{Agatston}}"
    (report,) = _arrived(scans, "positive", "Calcium score SR")
    shown = list(viewer.labels())
    for _ in Vessel:
        viewer.next_region()
        shown += viewer.labels()
    viewer.picture("sr-positive-vessel")
    values = {value for line in shown for value in A_VALUE.findall(line)}
    assert values
    assert values <= _numbers(report)
    assert not viewer.asks_to_import()


def test_a_report_of_zero_shows_the_heart_and_no_number(scans: Pushed, viewer: Screen) -> None:
    viewer.open(scans.studies["zero"])
    viewer.show_measurements()
    viewer.picture("sr-zero")
    assert viewer.labels()[0] == "Coronary artery calcium score: {Agatston}"
    assert [line for line in viewer.labels() if A_VALUE.search(line)] == []


def test_a_report_of_a_refusal_shows_the_image_and_no_number(scans: Pushed, viewer: Screen) -> None:
    viewer.open(scans.studies["refused"])
    viewer.show_measurements()
    viewer.picture("sr-refused")
    assert viewer.labels() == ["363698007: Coronary artery"]
    assert not viewer.asks_to_import()


@pytest.mark.parametrize(
    ("case", "words"),
    [("positive", "Total Agatston score: 370"), ("zero", "Total Agatston score: 0"), ("refused", "Result: Not scored")],
)
def test_the_text_is_read_whole(scans: Pushed, viewer: Screen, case: str, words: str) -> None:
    viewer.open(scans.studies[case])
    assert words in viewer.show_text()
    viewer.picture(f"text-{case}")
    assert viewer.text_cut_off() == []


def test_the_overlay_scrolls_with_the_ct(scans: Pushed, viewer: Screen) -> None:
    viewer.open(scans.studies["positive"])
    viewer.two_panes()
    viewer.show_image("CaScSeq 3.0 B35f 70%", pane=0)
    viewer.show_image("Calcium score overlay", pane=1)
    viewer.scroll_together()
    first = viewer.image_number(1)
    for number in range(first + 1, first + viewer.images(1)):
        viewer.scroll_to(number)
        viewer.other_pane_shows(number)
        if number == first + 1:
            viewer.picture("ct-and-overlay")


def test_the_segments_lie_on_the_ct_in_our_colours(scans: Pushed, viewer: Screen) -> None:
    viewer.open(scans.studies["positive"])
    viewer.show_segments((COLOURS[Vessel.LM], COLOURS[Vessel.LAD]))  # the first slice with voxels holds these two
    viewer.picture("segmentation")
