"""A small fixed part of `make evaluate`: real hearts in a small field of view with known calcium, and two phantoms.

The limits are those below which something broke, not those that the whole suite aims at.
"""

import pytest

from scoring.evaluate import agreement, summarise_lesions
from tests.evaluation.hearts import HEARTS, heart_case
from tests.evaluation.judged import SCORED, Judged, judge
from tests.evaluation.phantoms import phantom_case
from tests.evaluation.real import turns_of
from tests.evaluation.tables import table, wrong_lines
from tests.support.shared import needs_shared

SEED = 11
CROPPED = (3, 5, 6)
"""Cases in a field of view of 200 mm: quick, and the harder ones."""


@pytest.fixture(scope="module")
def hearts() -> list[Judged]:
    return [judge(heart_case(heart, SEED, number)) for heart in HEARTS for number in CROPPED]


@needs_shared
@pytest.mark.real_data
def test_calcium_of_known_amount_in_real_hearts_is_found_and_look_alikes_are_not_counted(hearts: list[Judged]) -> None:
    agreed = agreement([one.scores for one in hearts])
    lesions = summarise_lesions([one.comparison for one in hearts if one.comparison])
    wrong = "\n".join(wrong_lines(hearts))
    assert agreed.refused == 0
    assert agreed.icc["total"] is not None
    assert agreed.icc["total"] > 0.95, wrong
    assert agreed.zeros.right == agreed.zeros.cases > 0, wrong
    assert lesions.sensitivity is not None
    assert lesions.sensitivity > 0.85, wrong
    assert lesions.false <= 1, wrong
    assert max(lesions.class_share.values(), default=0.0) < 0.05, wrong


@needs_shared
@pytest.mark.real_data
def test_calcium_in_real_hearts_goes_mostly_to_its_own_artery(hearts: list[Judged]) -> None:
    lesions = summarise_lesions([one.comparison for one in hearts if one.comparison])
    assert lesions.wrong_vessel_share is not None
    assert lesions.wrong_vessel_share < 0.25, "\n".join(wrong_lines(hearts))


@needs_shared
@pytest.mark.real_data
def test_the_table_names_each_figure_and_what_was_missed(hearts: list[Judged]) -> None:
    lines = "\n".join(table("real hearts", hearts))
    for name in ("ICC total", "kappa, refusals wrong", "lesion sensitivity", "wrong-vessel share", "zeros right"):
        assert name in lines


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize("heart", HEARTS)
def test_a_real_scan_stored_in_another_order_has_the_same_lesions(heart: str) -> None:
    wrong = [words for same, words in turns_of(heart, SEED, CROPPED[1], turns=("all reversed, turned",)) if not same]
    assert not wrong


def test_a_phantom_is_scored_near_its_truth() -> None:
    judged = judge(phantom_case(SEED, 1))
    assert judged.answered, judged
    if judged.expect == SCORED and judged.comparison:
        assert judged.scores.total == pytest.approx(judged.scores.reference_total, rel=0.2, abs=10.0)
