import numpy as np
from pydicom import Dataset

from scoring.result import Vessel
from tests.support import report_case as rc
from tests.support.report_tree import children, groups


def objects() -> tuple[rc.ReportCase, Dataset, Dataset]:
    case = rc.positive()
    read = rc.datasets(case.built())
    return case, read["sr.dcm"], read["seg.dcm"]


def test_a_segment_carries_the_tracking_uid_and_identifier_of_its_group() -> None:
    _, sr, seg = objects()
    tracked = {children(g, "112039")[0].TextValue: children(g, "112040")[0].UID for g in groups(sr)[1:]}
    assert {s.TrackingID: s.TrackingUID for s in seg.SegmentSequence} == tracked


def test_the_voxels_of_the_segments_are_the_scored_pixels_of_each_vessel() -> None:
    """Mutation: handing the slices over in another order than their headers is seen here."""
    case, _, seg = objects()
    images = {one.sop_instance_uid: index for index, one in enumerate(case.source.slices)}
    labels = np.zeros_like(case.result.labels)
    names = {s.SegmentNumber: s.SegmentLabel.split()[0] for s in seg.SegmentSequence}
    for frame, groups_of_frame in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        number = groups_of_frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        source = groups_of_frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        labels[images[source]][frame > 0] = Vessel(names[number]).label
    counted = np.where(case.result.labels <= 4, case.result.labels, 0)
    assert (labels == counted).all()


def test_segments_are_binary_automatic_and_in_the_frame_of_reference_of_the_ct() -> None:
    case, _, seg = objects()
    assert seg.SegmentationType == "BINARY"
    assert seg.FrameOfReferenceUID == case.source.frame_of_reference_uid
    assert {segment.SegmentAlgorithmType for segment in seg.SegmentSequence} == {"AUTOMATIC"}
    assert [s.AnatomicRegionSequence[0].CodeValue for s in seg.SegmentSequence] == ["59438005", "57396003", "13647002"]
    assert len({tuple(s.RecommendedDisplayCIELabValue) for s in seg.SegmentSequence}) == 3
