"""Eligible or not, and why: by physics and geometry; words never decide alone."""

from dataclasses import replace
from typing import Any

import pytest

from node.facts import InstanceFacts
from node.intake import Level, eligibility
from tests.support.series_facts import one_fact, plane, series_facts


@pytest.mark.parametrize(
    ("overrides", "level", "looks"),
    [
        pytest.param({}, Level.CALCIUM, True, id="a gated calcium scan"),
        pytest.param(
            {"image_type": ("DERIVED", "PRIMARY", "MPR")}, Level.CALCIUM, True, id="a Canon volume is derived"
        ),
        pytest.param({"image_type": ()}, Level.CALCIUM, True, id="no Image Type at all"),
        pytest.param({"gating_stated": False}, Level.CALCIUM, True, id="the words stand in for the ECG"),
        pytest.param({"protocol_words": ""}, Level.CALCIUM, True, id="gated without a word of calcium"),
        pytest.param({"contrast_agent": "IOMERON"}, Level.CALCIUM, True, id="the agent was copied by the console"),
        pytest.param({"thickness_mm": 2.0, "increment_mm": 2.0}, Level.CALCIUM, True, id="2.0 mm"),
        pytest.param({"thickness_mm": 3.5, "increment_mm": 3.5}, Level.CALCIUM, True, id="3.5 mm"),
        pytest.param({"thickness_mm": None}, Level.CALCIUM, True, id="no thickness: the increment"),
        pytest.param({"increment_mm": 1.5}, Level.CALCIUM, True, id="overlapping"),
        pytest.param({"thickness_mm": 1.99, "increment_mm": 1.9}, Level.CALCIUM, True, id="1.99 is written for 2.0"),
        pytest.param({"thickness_mm": 5.0, "increment_mm": 5.0}, Level.SCORABLE, True, id="5.0 mm"),
        pytest.param({"thickness_mm": 0.75, "increment_mm": 0.5}, Level.SCORABLE, True, id="thin calcium series"),
        pytest.param(
            {"thickness_mm": 0.75, "increment_mm": 0.5, "contrast_agent": "IOMERON"},
            Level.SCORABLE,
            False,
            id="angiography under the protocol name of the calcium scan",
        ),
        pytest.param(
            {"gating_stated": False, "protocol_words": "thorax 3.0"}, Level.SCORABLE, False, id="a plain chest CT"
        ),
        pytest.param(
            {"gating_stated": False, "protocol_words": "calcium suppression 40"},
            Level.SCORABLE,
            False,
            id="calcium that was computed away",
        ),
    ],
)
def test_what_can_be_scored_has_its_level(overrides: dict[str, Any], level: Level, *, looks: bool) -> None:
    found = eligibility(series_facts(**overrides))
    assert (found.level, found.looks_like_calcium, found.reasons) == (level, looks, ())
    assert (found.short_of_calcium is None) is (level is Level.CALCIUM)


@pytest.mark.parametrize(
    ("overrides", "code", "words"),
    [
        ({"modality": "MR"}, "not_ct", "MR"),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.7"}, "not_ct", "no CT images"),
        ({"has_pixels": False}, "not_ct", "no pixels"),
        ({"made_by_us": True}, "not_ct", "made these objects itself"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "image_type", "a localizer"),
        ({"image_type": ("DERIVED", "SECONDARY", "MIP")}, "image_type", "a projection"),
        ({"image_type": ("DERIVED", "SECONDARY", "PROJECTION IMAGE")}, "image_type", "a projection"),
        ({"image_type": ("DERIVED", "PRIMARY", "ME40KEV")}, "image_type", "spectral map"),
        ({"image_type": ("DERIVED", "PRIMARY", "VNC")}, "image_type", "spectral map"),
        ({"image_type": ("DERIVED", "SECONDARY", "SCREEN SAVE")}, "image_type", "page of the console"),
        ({"lossy": True}, "lossy", "40 of 40"),
        ({"thickness_mm": 5.1, "increment_mm": 5.1}, "thickness", "5.1 mm thick"),
        ({"thickness_mm": 0.4, "increment_mm": 0.4}, "thickness", "0.4 mm thick"),
        ({"increment_mm": 6.0}, "increment", "3 mm thick and lie 6.0 mm apart"),
        ({"planes": ()}, "geometry", "no position"),
    ],
)
def test_what_must_not_be_scored_has_its_reason(overrides: dict[str, Any], code: str, words: str) -> None:
    found = eligibility(series_facts(**overrides))
    assert found.level is Level.NONE
    assert found.reasons[0].code == code
    assert words in found.reasons[0].sentence


def tilted(degrees_matrix: tuple[float, ...]) -> list[InstanceFacts]:
    return [one_fact(place, planes=(plane(place * 3.0, orientation=degrees_matrix),)) for place in range(40)]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        pytest.param(series_facts(2), "too_few", id="two slices"),
        pytest.param([one_fact(place, increment_mm=0.0) for place in range(8)], "too_few", id="a test bolus"),
        pytest.param([one for one in series_facts() if one.instance_number != 17], "gap", id="one image is missing"),
        pytest.param(
            series_facts(20) + [one_fact(place + 100, planes=(plane(60.9 + place * 3.0),)) for place in range(20)],
            "uneven",
            id="one step is 30 % longer",
        ),
        pytest.param(
            series_facts() + [replace(one_fact(place), sop_instance_uid=f"1.9.{place}") for place in range(40)],
            "several_phases",
            id="two phases in one series",
        ),
        pytest.param(tilted((1, 0, 0, 0, 0, -1)), "not_axial", id="coronal"),
        pytest.param(tilted((1, 0, 0, 0, 0.9272, -0.3746)), "not_axial", id="gantry tilt of 22 degrees"),
        pytest.param(
            [*series_facts(), one_fact(90, planes=(plane(120.0, orientation=(1, 0, 0, 0, 0, -1)),))],
            "not_axial",
            id="a coronal image among axial ones",
        ),
        pytest.param([*series_facts(), one_fact(40, rows=256, columns=256)], "geometry", id="another matrix"),
        pytest.param(
            [*series_facts(), one_fact(40, planes=(plane(120.0, pixel_spacing_mm=(0.5, 0.5)),))],
            "geometry",
            id="another pixel spacing",
        ),
        pytest.param([*series_facts(39), one_fact(39, patient_token="b")], "mixed_patients", id="two patients"),  # noqa: S106
    ],
)
def test_a_stack_that_is_none_has_its_reason(facts: list[InstanceFacts], code: str) -> None:
    found = eligibility(facts)
    assert found.level is Level.NONE
    assert found.reasons[0].code == code


def test_a_small_tilt_is_axial() -> None:
    assert eligibility(tilted((1, 0, 0, 0, 0.9848, -0.1736))).level is Level.CALCIUM


@pytest.mark.parametrize(
    "overrides",
    [
        {"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")},
        {"modality": "SR"},
        {"planes": (plane(0.0),)},
    ],
)
def test_scout_and_test_bolus_of_a_calcium_protocol_expect_no_score(overrides: dict[str, Any]) -> None:
    """One protocol name covers the whole examination: a page that refuses its scout helps nobody."""
    assert not eligibility(series_facts(8, **overrides)).looks_like_calcium


def test_all_failing_tests_are_named() -> None:
    found = eligibility(series_facts(lossy=True, thickness_mm=8.0, increment_mm=8.0))
    assert [reason.code for reason in found.reasons] == ["lossy", "thickness"]


def test_words_of_a_header_cannot_forge_a_line() -> None:
    found = eligibility(series_facts(image_type=("LOCALIZER", "\nCRITICAL forged\x1b[31m" + "A" * 500)))
    assert "\n" not in found.reasons[0].sentence
    assert "\x1b" not in found.reasons[0].sentence
    assert len(found.reasons[0].sentence) < 200


def test_no_image_is_no_ct() -> None:
    assert [reason.code for reason in eligibility([]).reasons] == ["not_ct"]


def test_an_enhanced_object_is_judged_by_its_frames() -> None:
    frames = tuple(plane(place * 3.0) for place in range(40))
    whole = one_fact(planes=frames, frames=40, sop_class_uid="1.2.840.10008.5.1.4.1.1.2.1")
    assert eligibility([whole]).level is Level.CALCIUM
    cut = replace(whole, planes=frames[:10] + frames[11:])
    assert [reason.code for reason in eligibility([cut]).reasons] == ["gap"]
