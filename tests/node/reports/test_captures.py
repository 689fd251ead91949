from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydicom import Dataset

from node.facts import ReportRole
from node.reports import ReportChoices
from scoring.result import Vessel
from tests.support import report_case as rc

PLANE = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "AcquisitionNumber",
    "PatientPosition",
)
COLOURS = {Vessel.LAD: (230, 159, 0), Vessel.LCX: (86, 180, 233), Vessel.RCA: (0, 158, 115)}


def overlays(case: rc.ReportCase, choices: ReportChoices = rc.CHOICES) -> dict[int, Dataset]:
    """Overlay objects by the index of their slice."""
    built = case.built(choices)
    read = rc.datasets(built)
    return {
        int(report.file_name[8:12]) - 1: read[report.file_name]
        for report in built.reports
        if report.role is ReportRole.SC
    }


def test_overlays_have_no_gap_between_calcium_above_and_below() -> None:
    case = rc.positive()
    labels = np.zeros_like(case.result.labels)
    labels[2, 60:64, 60:64] = labels[7, 60:64, 60:64] = 2
    assert sorted(overlays(rc.scored(case, labels=labels))) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_each_overlay_has_the_plane_of_its_ct_slice() -> None:
    """Mutation: taking the plane of the neighbour slice is seen here."""
    case = rc.positive()
    found = overlays(case)
    for index, ds in found.items():
        one = case.source.slices[index]
        assert all(ds[keyword].value == one.plane[keyword].value for keyword in PLANE)
        assert ds.FrameOfReferenceUID == case.source.frame_of_reference_uid
        assert ds.InstanceNumber == one.instance_number
        assert ds.SourceImageSequence[0].ReferencedSOPInstanceUID == one.sop_instance_uid
        assert (ds.Rows, ds.Columns) == (case.source.rows, case.source.columns)


def test_overlays_are_the_slices_with_calcium_and_their_neighbours() -> None:
    assert sorted(overlays(rc.positive())) == [3, 4, 5, 6, 7, 8]


def test_calcium_on_the_first_slice_has_one_neighbour_only() -> None:
    case = rc.positive(size=64)
    labels = np.zeros_like(case.result.labels)
    labels[0, 30:33, 30:33] = Vessel.LAD.label
    assert sorted(overlays(rc.scored(case, labels=labels))) == [0, 1]


def test_all_slices_are_sent_where_the_site_wants_them_also_for_a_zero() -> None:
    choices = replace(rc.CHOICES, overlay_slices="all")
    assert sorted(overlays(rc.positive(size=64), choices)) == list(range(10))
    assert sorted(overlays(rc.zero(size=64), choices)) == list(range(8))


def test_lesions_are_drawn_in_the_colour_of_their_vessel_and_nothing_else_on_the_anatomy() -> None:
    case = rc.positive(size=256)
    for index, ds in overlays(case).items():
        rgb = ds.pixel_array
        labels = case.result.labels[index]
        for vessel, colour in COLOURS.items():
            mask = labels == vessel.label
            if mask.any():
                assert (rgb[mask] != rgb[mask][:, :1]).any(axis=1).all()
                ring = np.zeros_like(mask)
                ring[1:] |= mask[:-1]
                ring[:-1] |= mask[1:]
                assert (rgb[ring & ~mask] == colour).all()
        heart = case.result.heart[index]
        calm = heart & ~near(labels > 0)
        assert (rgb[calm] == rgb[calm][:, :1]).all()


def near(mask: np.ndarray) -> np.ndarray:
    wide = np.pad(mask, 1)
    return wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:] | mask


def test_calcium_that_was_not_counted_has_a_faint_ring_and_no_colour() -> None:
    case = rc.positive()
    labels = case.result.labels[5]
    rgb = overlays(case)[5].pixel_array
    aorta = labels == 9
    ring = near(aorta) & ~aorta
    assert (rgb[ring] == rgb[ring][:, :1]).all()
    assert rgb[ring].min() >= 80
    assert (rgb[aorta] == rgb[aorta][:, :1]).all()


@pytest.mark.parametrize("make", [rc.positive, rc.zero, rc.refused])
def test_no_identity_is_drawn_and_every_capture_says_so(make: Callable[..., rc.ReportCase]) -> None:
    """Two persons with the same result get the same pixels."""
    one, other = make(size=64), make(size=64, PatientName="Other^Person", PatientID="S-2")
    first, second = rc.datasets(one.built()), rc.datasets(other.built())
    for name, ds in first.items():
        if ds.Modality == "OT":
            assert ds.BurnedInAnnotation == "NO"
            assert ds.PixelData == second[name].PixelData


def test_the_page_is_square_and_large_enough_to_be_shown_at_half_size() -> None:
    page = rc.datasets(rc.positive(size=64).built())["summary.dcm"]
    assert (page.Rows, page.Columns) == (1024, 1024)
    assert page.SeriesNumber == 8000


def test_frames_of_an_enhanced_ct_get_a_number_and_a_reference_each() -> None:
    found = overlays(rc.positive(size=64, enhanced=True))
    assert {ds.InstanceNumber for ds in found.values()} == {index + 1 for index in found}
    assert {ds.SourceImageSequence[0].ReferencedFrameNumber for ds in found.values()} == {i + 1 for i in found}
