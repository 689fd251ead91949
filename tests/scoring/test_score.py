from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scoring.protocol import ScoringChoices
from scoring.result import EXCLUDED_LABEL, Score, Severity, Unfit, Vessel
from scoring.score import score
from scoring.volume import Volume
from tests.support.phantoms import brighter, demo_phantom, empty_phantom, noisier, slices_of
from tests.support.turned import turned

CHOICES = ScoringChoices()


def scored(volume: Volume, **header: float) -> Score | Unfit:
    """Score of a volume as if it were the demo phantom's, with changes to its header."""
    phantom = demo_phantom()
    return score(volume, replace(phantom.acquisition, **header), phantom.demographics, CHOICES)


@pytest.fixture(scope="module")
def result() -> Score:
    made = scored(demo_phantom().volume)
    assert isinstance(made, Score)
    return made


def test_the_phantom_scores_what_a_perfect_reader_counts(result: Score) -> None:
    truth = demo_phantom().truth
    assert result.total.agatston == pytest.approx(truth.agatston, rel=0.1)
    for vessel in Vessel:
        assert result.vessels[vessel].agatston == pytest.approx(truth.vessels[vessel], rel=0.1, abs=2.0)


def test_the_lesions_make_up_the_vessels_and_are_numbered(result: Score) -> None:
    assert [lesion.id for lesion in result.lesions] == list(range(1, len(result.lesions) + 1))
    for vessel in Vessel:
        own = sum(lesion.agatston for lesion in result.lesions if lesion.vessel is vessel)
        assert own == pytest.approx(result.vessels[vessel].agatston)
    for lesion in result.lesions:
        assert 0.5 <= lesion.confidence <= 1.0
        assert lesion.evidence


def test_the_labels_are_the_counted_voxels_and_lie_at_the_heart(result: Score) -> None:
    volume = demo_phantom().volume
    row, column = volume.pixel_spacing_mm
    counted = (result.labels > 0) & (result.labels < EXCLUDED_LABEL)
    assert result.labels.shape == result.heart.shape == volume.hu.shape
    assert (volume.hu[counted] >= result.protocol.threshold_hu).all()
    assert counted.sum() * row * column * volume.slice_increment_mm == pytest.approx(result.total.volume_mm3)
    assert result.heart.mean() > 0.02


def test_look_alikes_are_excluded_by_name_with_what_they_would_count(result: Score) -> None:
    truth = demo_phantom().truth
    large = sum(item.agatston for item in result.excluded if item.what != "below minimum size")
    assert large >= 0.5 * sum(look.agatston for look in truth.distractors)
    assert all(item.evidence for item in result.excluded)


def test_islands_below_the_minimum_size_are_named_and_not_counted() -> None:
    made = scored(noisier(demo_phantom().volume, 20.0))
    assert isinstance(made, Score)
    small = [item for item in made.excluded if item.what == "below minimum size"]
    assert small
    assert all("pixel" in item.evidence[0] and item.agatston > 0 for item in small)


def test_risk_and_timings_stand_beside_the_score(result: Score) -> None:
    assert result.risk.category == "100–399"
    assert result.risk.cac_drs.endswith("N4")
    assert set(result.timings_s) == {"anatomy", "score"}


def test_the_order_of_rows_columns_and_slices_does_not_change_the_score(
    result: Score,
) -> None:
    other = turned(demo_phantom().volume, transposed=True, flipped=(True, True, False))
    made = scored(other)
    assert isinstance(made, Score)
    for vessel in Vessel:
        assert made.vessels[vessel].agatston == pytest.approx(result.vessels[vessel].agatston)


@pytest.mark.parametrize(
    ("changed", "header", "code"),
    [
        (lambda volume: brighter(volume, 250.0), {}, "contrast"),
        (lambda volume: brighter(volume, 70.0), {}, "contrast"),
        (lambda volume: slices_of(volume, slice(0, 30)), {}, "coverage"),
        (lambda volume: noisier(volume, 38.0), {}, "noise"),
        (lambda volume: volume, {"kvp": 140.0}, "kvp"),
        (lambda volume: volume, {"slice_thickness_mm": 8.0}, "thickness"),
    ],
    ids=["contrast", "late contrast", "no top", "noise", "140 kVp", "8 mm"],
)
def test_a_scan_that_must_not_be_scored_comes_back_with_its_reason(
    changed: Callable[[Volume], Volume], header: dict[str, float], code: str
) -> None:
    made = scored(changed(demo_phantom().volume), **header)
    assert isinstance(made, Unfit)
    assert made.reason.code == code
    assert made.reason.severity is Severity.REFUSE


def test_every_failing_test_is_evaluated_and_the_image_comes_before_the_header() -> None:
    made = scored(noisier(demo_phantom().volume, 38.0), kvp=140.0, slice_thickness_mm=8.0)
    assert isinstance(made, Unfit)
    assert made.reason.code == "noise"
    others = {finding.code for finding in made.quality if finding.severity is Severity.REFUSE}
    assert others == {"kvp", "thickness"}


def test_no_calcium_is_zero_and_clean_where_it_could_have_been_seen() -> None:
    volume = empty_phantom().volume
    made = scored(volume)
    assert isinstance(made, Score)
    assert made.total.agatston == 0
    assert made.risk.category == "0"
    assert "zero" not in {finding.code for finding in made.quality}
    doubted = scored(volume, slice_thickness_mm=5.0)
    assert isinstance(doubted, Score)
    assert "zero" in {finding.code for finding in doubted.quality}


def test_demographics_are_handed_on_unchanged(result: Score) -> None:
    assert result.demographics is demo_phantom().demographics


def test_a_scan_is_not_written() -> None:
    volume = slices_of(demo_phantom().volume, slice(0, 30))
    before = np.array(volume.hu)
    scored(volume)
    assert np.array_equal(before, volume.hu)
