"""A segmentation from outside: a reader's marks decide, given anatomy takes the place of ours."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from scoring.given import GivenMasks
from scoring.phantom import Phantom
from scoring.protocol import ScoringChoices
from scoring.result import Score, Vessel
from scoring.score import score
from tests.support.phantoms import demo_phantom


def scored(phantom: Phantom, given: GivenMasks | None) -> Score:
    result = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices(), given)
    assert isinstance(result, Score)
    return result


def marks(phantom: Phantom, names: Mapping[Vessel, Vessel]) -> GivenMasks:
    """The true plaques, each vessel's under another name."""
    labels = phantom.truth.labels
    return GivenMasks(source="made with ACME", vessels={new: labels == old.label for old, new in names.items()})


def test_a_readers_marks_decide_whose_calcium_it_is() -> None:
    phantom = demo_phantom()
    swapped = {Vessel.LAD: Vessel.RCA, Vessel.RCA: Vessel.LAD, Vessel.LM: Vessel.LM, Vessel.LCX: Vessel.LCX}
    result = scored(phantom, marks(phantom, swapped))
    assert result.vessels[Vessel.RCA].agatston == pytest.approx(phantom.truth.vessels[Vessel.LAD])
    assert result.vessels[Vessel.LAD].agatston == pytest.approx(phantom.truth.vessels[Vessel.RCA])
    assert all(lesion.confidence == 1.0 for lesion in result.lesions)


def test_what_a_reader_left_out_does_not_count_and_is_listed() -> None:
    phantom = demo_phantom()
    result = scored(phantom, marks(phantom, {Vessel.LAD: Vessel.LAD}))
    assert result.total.agatston == pytest.approx(phantom.truth.vessels[Vessel.LAD])
    left_out = [item for item in result.excluded if item.what == "not marked by the reader"]
    assert sum(item.agatston for item in left_out) > 0.9 * phantom.truth.vessels[Vessel.RCA]
    assert any("taken from a segmentation made with ACME" in finding.sentence for finding in result.quality)


def test_a_look_alike_that_a_reader_marks_counts() -> None:
    phantom = demo_phantom()
    place = phantom.truth.labels == 9
    result = scored(phantom, GivenMasks(source="made with ACME", vessels={Vessel.LCX: place}))
    assert result.vessels[Vessel.LCX].agatston > 0
    assert result.total.agatston == result.vessels[Vessel.LCX].agatston


def test_a_mark_on_tissue_below_the_threshold_adds_nothing_and_is_told() -> None:
    phantom = demo_phantom()
    blood = np.zeros(phantom.volume.hu.shape, bool)
    middle = [size // 2 for size in blood.shape]
    blood[middle[0], middle[1] : middle[1] + 5, middle[2] : middle[2] + 5] = True
    result = scored(phantom, GivenMasks(source="made with ACME", vessels={Vessel.LAD: blood}))
    assert result.total.agatston == 0
    told = [finding for finding in result.quality if finding.code == "segmentation" and finding.measured == 1]
    assert told[0].sentence.startswith("1 of 1 places marked as LAD hold no calcium")


def test_calcium_inside_a_given_aorta_is_aortic_wall() -> None:
    phantom = demo_phantom()
    aorta = phantom.truth.labels == Vessel.RCA.label
    result = scored(phantom, GivenMasks(source="made with ACME", aorta=aorta))
    assert result.vessels[Vessel.RCA].agatston < 0.1 * phantom.truth.vessels[Vessel.RCA]
    assert result.vessels[Vessel.LAD].agatston == pytest.approx(phantom.truth.vessels[Vessel.LAD], rel=0.05)
    assert "aortic wall" in {item.what for item in result.excluded}


def test_calcium_off_the_given_coronary_arteries_does_not_count() -> None:
    phantom = demo_phantom()
    lad = phantom.truth.labels == Vessel.LAD.label
    result = scored(phantom, GivenMasks(source="made with ACME", coronaries=lad))
    assert result.total.agatston == pytest.approx(phantom.truth.vessels[Vessel.LAD], rel=0.05)


def test_calcium_far_outside_a_given_heart_does_not_count() -> None:
    phantom = demo_phantom()
    heart = np.zeros(phantom.volume.hu.shape, bool)
    heart[0, :4, :4] = True
    assert scored(phantom, GivenMasks(source="made with ACME", heart=heart)).total.agatston == 0


def test_an_empty_segmentation_of_anatomy_changes_nothing() -> None:
    phantom = demo_phantom()
    ours, other = scored(phantom, None), scored(phantom, GivenMasks(source="made with ACME"))
    assert replace(ours.total) == replace(other.total)
