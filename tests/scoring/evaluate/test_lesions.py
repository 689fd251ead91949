"""Scored against known calcium, voxel by voxel, on small volumes whose answer is seen at a glance."""

import numpy as np
import pytest

from scoring.evaluate import ANATOMY, Comparison, compare_labels, summarise_lesions
from scoring.protocol import PRESETS
from scoring.result import Lesion, Vessel
from scoring.volume import Volume

SHAPE = (6, 40, 40)
PROTOCOL = PRESETS["literature"]
LM, LAD, LCX, RCA = (vessel.label for vessel in Vessel)
WALL = 9


def blocks(*places: tuple[tuple[int, int, int], int]) -> np.ndarray:
    """Labels with a block of 1 x 4 x 4 voxels at each place."""
    labels = np.zeros(SHAPE, np.uint8)
    for (z, y, x), label in places:
        labels[z, y : y + 4, x : x + 4] = label
    return labels


def compare(known: np.ndarray, scored: np.ndarray, lesions: tuple[Lesion, ...] = ()) -> Comparison:
    hu = np.where((known > 0) | (scored > 0), 250, 40).astype(np.int16)
    volume = Volume(hu=hu, voxel_to_lps_mm=np.diag([3.0, 0.5, 0.5, 1.0])[[2, 1, 0, 3]])
    return compare_labels(
        volume, PROTOCOL, scored=scored, known=known, look_alikes={WALL: "aortic wall"}, lesions=lesions
    )


def test_all_right_is_all_right() -> None:
    known = blocks(((1, 5, 5), LAD), ((4, 20, 20), RCA))
    found = summarise_lesions([compare(known, known)])
    assert (found.reference, found.found, found.false) == (2, 2, 0)
    assert (found.sensitivity, found.volume_f1, found.wrong_vessel_share) == (1.0, 1.0, 0.0)
    assert not found.class_share


def test_a_lesion_of_which_one_voxel_was_scored_for_another_vessel_is_found_and_lies_in_the_wrong_one() -> None:
    known = blocks(((2, 10, 10), LM))
    scored = np.zeros(SHAPE, np.uint8)
    scored[2, 10, 10:14] = LCX
    scored[2, 11, 10] = LCX
    one = compare(known, scored)
    assert (one.reference[0].found, one.reference[0].scored_as) == (True, Vessel.LCX)
    assert one.reference[0].scored_share == pytest.approx(5 / 16)
    found = summarise_lesions([one])
    assert (found.false, found.wrong_vessel_share, found.volume_ppv) == (0, 1.0, 1.0)
    assert found.volume_sensitivity == pytest.approx(5 / 16)


def test_a_lesion_that_was_not_scored_is_missed() -> None:
    found = summarise_lesions([compare(blocks(((1, 5, 5), LAD)), blocks())])
    assert (found.sensitivity, found.false_per_scan, found.volume_ppv) == (0.0, 0.0, None)


def test_a_scored_look_alike_is_false_and_takes_its_share_of_the_score() -> None:
    known = blocks(((1, 5, 5), LAD), ((3, 5, 5), WALL))
    scored = blocks(((1, 5, 5), LAD), ((3, 5, 5), RCA), ((5, 30, 30), RCA))
    found = summarise_lesions([compare(known, scored)])
    assert (found.false, found.found) == (2, 1)
    assert found.class_share == {"aortic wall": pytest.approx(1 / 3), ANATOMY: pytest.approx(1 / 3)}


def test_a_lesion_that_bleeds_into_a_look_alike_is_divided() -> None:
    known = blocks(((2, 10, 10), RCA), ((2, 10, 14), WALL))
    scored = np.where(known > 0, RCA, 0).astype(np.uint8)
    one = compare(known, scored)
    assert one.scored[0].lies_on == {"RCA": 0.5, "aortic wall": 0.5}
    assert summarise_lesions([one]).class_share == {"aortic wall": pytest.approx(0.5)}


@pytest.mark.parametrize(("own", "right"), [(5, True), (3, False)])
def test_a_lesion_is_right_when_most_of_it_is_of_its_vessel(own: int, right: bool) -> None:  # noqa: FBT001 - expected
    known = np.zeros(SHAPE, np.uint8)
    known[2, 10:14, 10 : 10 + own], known[2, 10:14, 10 + own : 18] = LM, LAD
    one = compare(known, np.where(known > 0, LM, 0).astype(np.uint8))
    assert [lesion.right for lesion in one.scored] == [right]
    assert one.scored[0].mostly == ("LM" if right else "LAD")


def test_voxels_below_the_threshold_or_in_islands_below_the_minimum_size_count_on_neither_side() -> None:
    known = blocks(((1, 5, 5), LAD))
    scored = np.zeros(SHAPE, np.uint8)
    scored[4, 20, 20] = RCA
    one = compare(known, scored)
    assert not one.scored
    assert one.calcium.scored_mm3 == 0.0


def test_a_lesion_takes_confidence_and_evidence_from_the_nearest_of_its_vessel() -> None:
    known = blocks(((1, 5, 5), LAD), ((4, 25, 25), LAD))

    def told(centre: tuple[float, float, float], confidence: float) -> Lesion:
        return Lesion(
            id=1, vessel=Vessel.LAD, agatston=1.0, volume_mm3=1.0, mass_mg=0.0, peak_hu=250.0, mean_hu=250.0,
            centre_lps_mm=centre, slices=(1,), confidence=confidence, evidence=("somewhere",),
        )  # fmt: skip

    one = compare(known, known, (told((3.0, 3.0, 3.0), 0.9), told((13.0, 13.0, 12.0), 0.4)))
    assert sorted((lesion.centre_lps_mm[2], lesion.confidence) for lesion in one.scored) == [(3.0, 0.9), (12.0, 0.4)]


def test_scans_without_calcium_have_no_sensitivity_and_no_false_lesion() -> None:
    found = summarise_lesions([compare(blocks(), blocks()), compare(blocks(), blocks())])
    assert (found.sensitivity, found.volume_f1, found.wrong_vessel_share, found.false_per_scan) == (None, None, None, 0)


def test_labels_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit a volume"):
        compare_labels(
            Volume(hu=np.zeros(SHAPE, np.int16), voxel_to_lps_mm=np.eye(4)),
            PROTOCOL,
            scored=np.zeros((1, 2, 2), np.uint8),
            known=np.zeros(SHAPE, np.uint8),
            look_alikes={},
        )
