from dataclasses import replace

import numpy as np
import pytest

from scoring.protocol import ScoringChoices
from scoring.result import EXCLUDED_LABEL, Demographics, Score, Severity, Unfit, Vessel
from scoring.score import score
from tests.support.phantoms import demo_phantom
from tests.support.turned import turned

CHOICES = ScoringChoices()


def scored(phantom, **changes) -> Score | Unfit:
    acquisition = replace(phantom.acquisition, **changes)
    return score(phantom.volume, acquisition, phantom.demographics, CHOICES)


@pytest.fixture(scope="module")
def result():
    made = scored(demo_phantom())
    assert isinstance(made, Score)
    return made


def test_the_phantom_scores_what_a_perfect_reader_counts(result):
    truth = demo_phantom().truth
    assert result.total.agatston == pytest.approx(truth.agatston, rel=0.1)
    for vessel in Vessel:
        assert result.vessels[vessel].agatston == pytest.approx(truth.vessels[vessel], rel=0.1, abs=2.0)


def test_the_lesions_make_up_the_vessels_and_are_numbered(result):
    assert [lesion.id for lesion in result.lesions] == list(range(1, len(result.lesions) + 1))
    for vessel in Vessel:
        own = sum(lesion.agatston for lesion in result.lesions if lesion.vessel is vessel)
        assert own == pytest.approx(result.vessels[vessel].agatston)
    for lesion in result.lesions:
        assert 0.5 <= lesion.confidence <= 1.0
        assert lesion.evidence


def test_the_labels_are_the_counted_voxels_and_lie_at_the_heart(result):
    volume = demo_phantom().volume
    row, column = volume.pixel_spacing_mm
    counted = (result.labels > 0) & (result.labels < EXCLUDED_LABEL)
    assert result.labels.shape == result.heart.shape == volume.hu.shape
    assert (volume.hu[counted] >= result.protocol.threshold_hu).all()
    assert counted.sum() * row * column * volume.slice_increment_mm == pytest.approx(result.total.volume_mm3)
    assert result.heart.mean() > 0.02


def test_look_alikes_are_excluded_by_name_with_what_they_would_count(result):
    truth = demo_phantom().truth
    large = sum(item.agatston for item in result.excluded if item.what != "below minimum size")
    assert large >= 0.5 * sum(look.agatston for look in truth.distractors)
    assert all(item.evidence for item in result.excluded)


def test_islands_below_the_minimum_size_are_named_and_not_counted():
    phantom = demo_phantom(noise_sd_hu=24.0)
    made = scored(phantom)
    assert isinstance(made, Score)
    small = [item for item in made.excluded if item.what == "below minimum size"]
    assert small
    assert all("pixel" in item.evidence[0] and item.agatston > 0 for item in small)


def test_risk_and_timings_stand_beside_the_score(result):
    assert result.risk.category == "100–399"
    assert result.risk.cac_drs.endswith("N4")
    assert set(result.timings_s) == {"anatomy", "score"}


@pytest.mark.parametrize(("transposed", "flipped"), [(True, (False, True, False)), (False, (True, False, True))])
def test_the_order_of_rows_columns_and_slices_does_not_change_the_score(result, transposed, flipped):
    phantom = demo_phantom()
    other = turned(phantom.volume, transposed=transposed, flipped=flipped)
    made = score(other, phantom.acquisition, phantom.demographics, CHOICES)
    assert isinstance(made, Score)
    for vessel in Vessel:
        assert made.vessels[vessel].agatston == pytest.approx(result.vessels[vessel].agatston)


@pytest.mark.parametrize(
    ("phantom", "header", "code"),
    [
        ({"blood_hu": 300.0}, {}, "contrast"),
        ({"blood_hu": 110.0}, {}, "contrast"),
        ({"above_mm": 25.0}, {}, "coverage"),
        ({"noise_sd_hu": 40.0}, {}, "noise"),
        ({}, {"kvp": 140.0}, "kvp"),
        ({}, {"slice_thickness_mm": 8.0}, "thickness"),
    ],
    ids=str,
)
def test_a_scan_that_must_not_be_scored_comes_back_with_its_reason(phantom, header, code):
    made = scored(demo_phantom(**phantom), **header)
    assert isinstance(made, Unfit)
    assert made.reason.code == code
    assert made.reason.severity is Severity.REFUSE


def test_every_failing_test_is_evaluated_and_the_image_comes_before_the_header():
    made = scored(demo_phantom(noise_sd_hu=40.0), kvp=140.0, slice_thickness_mm=8.0)
    assert isinstance(made, Unfit)
    assert made.reason.code == "noise"
    others = {finding.code for finding in made.quality if finding.severity is Severity.REFUSE}
    assert others == {"kvp", "thickness"}


def test_no_calcium_is_zero_and_clean_where_it_could_have_been_seen():
    phantom = demo_phantom(plaques=(), distractors=())
    made = scored(phantom)
    assert isinstance(made, Score)
    assert made.total.agatston == 0
    assert made.risk.category == "0"
    assert "zero" not in {finding.code for finding in made.quality}
    doubted = scored(phantom, slice_thickness_mm=5.0)
    assert isinstance(doubted, Score)
    assert "zero" in {finding.code for finding in doubted.quality}


def test_demographics_are_handed_on_unchanged():
    person = Demographics(age_years=62, sex="F", ethnic_group="black")
    phantom = demo_phantom()
    made = score(phantom.volume, phantom.acquisition, person, CHOICES)
    assert made.demographics is person


def test_the_voxels_of_the_scan_are_not_written():
    phantom = demo_phantom()
    before = np.array(phantom.volume.hu)
    scored(phantom)
    assert np.array_equal(before, phantom.volume.hu)
