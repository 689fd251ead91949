"""One real score, looked for in every object that tells it: nobody may read two numbers of one scan."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from pydicom import Dataset

from node.pictures import WHITE
from node.pictures.canvas import Style
from node.reports import document
from scoring.measures import agatston_in_mask
from scoring.protocol import PRESETS, ScoringChoices
from scoring.result import Score, Vessel, printed_agatston
from scoring.score import score
from tests.support import report_case as rc
from tests.support.lettering import overlay_shows, page_shows
from tests.support.phantoms import demo_phantom
from tests.support.report_tree import children, groups, items, number, site

AGATSTON = "450360000"
CODES = {Vessel.LM: "3227004", Vessel.LAD: "59438005", Vessel.LCX: "57396003", Vessel.RCA: "13647002"}
PAGE_TOTAL, PAGE_CELL = Style(size_px=72, bold=True), Style(size_px=24, bold=True)


@functools.cache
def case() -> rc.ReportCase:
    """The demo's patient as the scorer sees it, with a header of the same geometry."""
    phantom = demo_phantom()
    result = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
    assert isinstance(result, Score)
    slices, size, _ = phantom.volume.hu.shape
    return rc.ReportCase(
        result=result, hu=phantom.volume.hu, source=rc.source_header(slices=slices, size=size, fov_mm=220)
    )


@functools.cache
def objects() -> dict[str, Dataset]:
    return rc.datasets(case().built())


def total() -> float:
    told = document(case().result, study_uid="1", series_uid="2", frame_of_reference_uid="3", timings_s={})
    return float(told["total"]["agatston"])


def of_segments() -> np.ndarray:
    """Vessel labels as a reader of the segmentation rebuilds them."""
    seg = objects()["seg.dcm"]
    index_of = {one.sop_instance_uid: index for index, one in enumerate(case().source.slices)}
    labels = np.zeros(case().hu.shape, np.uint8)
    vessel_of = {s.SegmentNumber: Vessel(s.SegmentLabel.split()[0]) for s in seg.SegmentSequence}
    for frame, told in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        vessel = vessel_of[told.SegmentIdentificationSequence[0].ReferencedSegmentNumber]
        source = told.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        labels[index_of[source]][frame > 0] = vessel.label
    return labels


def test_the_report_states_the_number_of_the_json_unrounded() -> None:
    first = next(item for item in groups(objects()["sr.dcm"])[0].ContentSequence if item.ValueType == "NUM")
    assert number(first) == pytest.approx(total(), rel=1e-9)


def test_the_vessels_of_the_report_are_those_of_the_json_and_add_up_to_the_total() -> None:
    whole, *vessels = groups(objects()["sr.dcm"])
    read = {site(group): number(children(group, AGATSTON)[0]) for group in vessels}
    read |= {site(item): number(item) for item in children(whole, AGATSTON) if site(item)}
    assert read == {
        CODES[vessel]: pytest.approx(measures.agatston, rel=1e-9) for vessel, measures in case().result.vessels.items()
    }
    assert sum(read.values()) == pytest.approx(total(), rel=1e-9)


def test_the_text_prints_it() -> None:
    lines = [item.TextValue for item in items(objects()["text.dcm"]) if item.ValueType == "TEXT"]
    assert lines[0] == f"Total Agatston score: {printed_agatston(total())}"
    assert any(line.startswith(f"Total: Agatston {total():.1f}, ") for line in lines)


def test_the_page_shows_it_large_and_in_its_table() -> None:
    """Mutation: drawing the sum of the rounded vessels is seen here."""
    page, printed = objects()["summary.dcm"].pixel_array, printed_agatston(total())
    assert page_shows(page, str(printed), PAGE_TOTAL)
    assert page_shows(page, f"{total():.1f}", PAGE_CELL, anchor="ra")
    assert not page_shows(page, str(printed + 1), PAGE_TOTAL)
    assert not page_shows(page, f"{total() + 0.1:.1f}", PAGE_CELL, anchor="ra")


def test_every_overlay_shows_it_and_the_slices_add_up_to_it() -> None:
    shown = {name: ds.pixel_array for name, ds in objects().items() if name.startswith("overlay")}
    assert shown
    for rgb in shown.values():
        assert overlay_shows(rgb, f"Agatston {printed_agatston(total())}", WHITE, size_px=9)
        assert not overlay_shows(rgb, f"Agatston {printed_agatston(total()) + 1}", WHITE, size_px=9)


def test_each_overlay_shows_what_its_own_slice_gives() -> None:
    """Recomputed from the segmentation's voxels, slice by slice."""
    labels, volume = of_segments(), demo_phantom().volume
    sums = []
    for index in np.flatnonzero(labels.any(axis=(1, 2))):
        here = np.zeros_like(labels)
        here[index] = labels[index]
        sums.append(sum(rescored(here == vessel.label) for vessel in Vessel))
        rgb = objects()[f"overlay-{index + 1:04}.dcm"].pixel_array
        assert overlay_shows(rgb, f"this slice {sums[-1]:.1f}", WHITE, size_px=9)
    assert sum(sums) == pytest.approx(total(), rel=1e-9)
    assert volume.hu.shape == labels.shape


def rescored(mask: np.ndarray) -> float:
    return agatston_in_mask(demo_phantom().volume, mask, PRESETS["literature"]).agatston


def test_the_voxels_of_the_segmentation_scored_again_give_it() -> None:
    labels = of_segments()
    again = {vessel: rescored(labels == vessel.label) for vessel in Vessel}
    assert again == {v: pytest.approx(m.agatston, rel=1e-9) for v, m in case().result.vessels.items()}
    assert sum(again.values()) == pytest.approx(total(), rel=1e-9)


def test_a_second_run_gives_identical_bytes() -> None:
    phantom = demo_phantom()
    again = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
    once, twice = case().built(), replace(case(), result=again).built()
    assert [report.data for report in once.reports] == [report.data for report in twice.reports]
    assert [picture.data for picture in once.pictures] == [picture.data for picture in twice.pictures]
