"""One acquisition, several reconstructions: one is scored; two acquisitions are two results."""

from itertools import permutations
from typing import Any

import pytest

from node.facts import InstanceFacts
from node.intake import Alternative, Chosen, choose
from tests.support.series_facts import series_facts

STANDARD: dict[str, Any] = {}


def study(**series: dict[str, Any]) -> dict[str, list[InstanceFacts]]:
    return {name: series_facts(**{"series_instance_uid": name, **overrides}) for name, overrides in series.items()}


def chosen(found: dict[str, Chosen | Alternative]) -> set[str]:
    return {name for name, choice in found.items() if isinstance(choice, Chosen)}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        pytest.param({"kernel": "B70f"}, "its kernel is soft (B35f, here B70f)", id="soft before sharp"),
        pytest.param({"image_type": ("DERIVED", "PRIMARY", "AXIAL")}, "it is original", id="original before derived"),
        pytest.param({"protocol_words": "heart 3.0"}, "speaks of calcium", id="calcium in its description"),
        pytest.param(
            {"thickness_mm": 2.5, "increment_mm": 2.5, "count": 48},
            "3 mm thick, here 2.5 mm",
            id="3.0 mm before 2.5 mm",
        ),
        pytest.param(
            {"reconstruction_diameter_mm": 350.0}, "made for the heart (200 mm, here 350 mm)", id="small field"
        ),
        pytest.param(
            {"thickness_mm": 0.75, "increment_mm": 0.5, "count": 240},
            "it is the calcium series",
            id="calcium before thin",
        ),
    ],
)
def test_the_better_reconstruction_is_scored_and_the_other_says_why_not(other: dict[str, Any], words: str) -> None:
    found = choose(study(a_other=other, b_standard=STANDARD))
    assert chosen(found) == {"b_standard"}
    alternative = found["a_other"]
    assert isinstance(alternative, Alternative)
    assert alternative.chosen_series_uid == "b_standard"
    assert words in alternative.sentence


def test_2_5_mm_is_better_than_2_0_mm() -> None:
    found = choose(
        study(
            a={"thickness_mm": 2.0, "increment_mm": 2.0, "count": 60},
            b={"thickness_mm": 2.5, "increment_mm": 2.5, "count": 48},
        )
    )
    assert chosen(found) == {"b"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"acquisition_number": 3, "acquisition_time": "20260101101900"}, id="repeated after a breath"),
        pytest.param({"acquisition_number": 3}, id="only the number tells"),
        pytest.param({"acquisition_number": None, "acquisition_time": "20260101101900"}, id="only the time tells"),
        pytest.param({"frame_of_reference_uid": "1.2.10"}, id="another frame of reference"),
        pytest.param({"frame_of_reference_uid": None}, id="no frame of reference"),
    ],
)
def test_two_acquisitions_are_two_results(other: dict[str, Any]) -> None:
    assert chosen(choose(study(a=STANDARD, b=other))) == {"a", "b"}


def test_series_of_different_parts_of_the_body_are_two_results() -> None:
    both = study(heart=STANDARD, belly=STANDARD)
    both["belly"] = series_facts(80, series_instance_uid="belly")[40:]
    assert chosen(choose(both)) == {"heart", "belly"}


def test_what_is_not_eligible_does_not_compete() -> None:
    found = choose(study(scout={"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, calcium=STANDARD))
    assert found == {"calcium": Chosen()}


def test_the_whole_study_of_a_cardiac_examination_has_one_calcium_series() -> None:
    found = choose(
        study(
            topogram={"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER"), "count": 1},
            calcium=STANDARD,
            thin={"thickness_mm": 0.75, "increment_mm": 0.5, "count": 240},
            lung={"kernel": "B70f", "reconstruction_diameter_mm": 380.0},
            angiography={
                "thickness_mm": 0.6, "increment_mm": 0.3, "count": 400, "contrast_agent": "IOMERON",
                "acquisition_number": 5, "acquisition_time": "20260101103000",
            },
        )
    )  # fmt: skip
    assert chosen(found) == {
        "calcium",
        "angiography",
    }  # two acquisitions; the second is no calcium scan, and assess says so
    assert isinstance(found["thin"], Alternative)
    assert isinstance(found["lung"], Alternative)


def test_the_choice_does_not_depend_on_the_order() -> None:
    series = study(
        a=STANDARD, b={"kernel": "B70f"}, c={"thickness_mm": 2.5, "increment_mm": 2.5, "count": 48}, d=STANDARD
    )
    answers = [choose({name: series[name] for name in order}) for order in permutations(series)]
    assert all(answer == answers[0] for answer in answers)
    assert len(chosen(answers[0])) == 1
