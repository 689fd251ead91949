"""Agreement statistics: published answers, worked examples, and what they must keep whatever the ratings."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.evaluate import (
    CaseScores,
    agreement,
    bland_altman,
    calibration_table,
    category_index,
    icc_absolute,
    weighted_kappa,
)
from scoring.evaluate.agreement import icc_of_raters
from scoring.result import Vessel
from tests.support.shared import needs_shared, shared_folder

SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
"""Six targets, four judges: Psychological Bulletin 1979;86:420, table 2."""

scores = st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 4000)), min_size=2, max_size=30)


def case(reference: float, total: float | None, *, name: str = "case", vessel: Vessel = Vessel.LAD) -> CaseScores:
    def one_vessel(value: float) -> dict[Vessel, float]:
        return {each: value if each is vessel else 0.0 for each in Vessel}

    return CaseScores(
        name=name,
        reference_total=reference,
        reference_vessels=one_vessel(reference),
        total=total,
        vessels=None if total is None else one_vessel(total),
    )


def test_the_classic_table_of_shrout_and_fleiss_gives_its_published_icc() -> None:
    assert icc_of_raters(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)


@needs_shared
def test_the_statistics_vector_is_reproduced() -> None:
    data = json.loads((shared_folder() / "reference" / "scoring_data.json").read_text(encoding="utf-8"))
    vector = data["statistics_vector"]
    reference, test = vector["reference"], vector["test"]
    found = agreement([case(true, ours) for true, ours in zip(reference, test, strict=True)])
    assert found.icc["total"] == pytest.approx(vector["icc_a1"], abs=1e-6)
    assert found.kappa == pytest.approx(vector["kappa_linear_4"], abs=1e-6)
    assert [category_index(value) for value in reference] == vector["categories_reference"]
    assert [category_index(value) for value in test] == vector["categories_test"]
    limits = found.bland_altman
    assert limits is not None
    assert limits.mean == pytest.approx(vector["bland_altman"]["mean_difference"])
    assert limits.sd == pytest.approx(vector["bland_altman"]["sd"], abs=1e-5)
    assert [limits.low, limits.high] == pytest.approx(vector["bland_altman"]["loa"], abs=1e-5)


def test_kappa_of_three_ordered_categories_is_that_of_a_calculation_by_hand() -> None:
    # Observed disagreement (5 + 5) / 2 = 5; by chance 7.5 + 10 / 3 + 2.5 = 40 / 3: kappa = 1 - 15 / 40.
    assert weighted_kappa([[10, 5, 0], [0, 5, 5], [0, 0, 5]]) == pytest.approx(0.625)


def test_a_category_missed_by_two_weighs_twice_as_much_as_one_missed_by_one() -> None:
    near, far = np.diag([5, 5, 5, 5]), np.diag([5, 5, 5, 5])
    near[0, 1], far[0, 2] = 1, 1
    by_one, by_two = weighted_kappa(near), weighted_kappa(far)
    assert by_one is not None
    assert by_two is not None
    assert 1 - by_two > 1.8 * (1 - by_one)


@pytest.mark.parametrize(
    ("reference", "test"),
    [([], []), ([12.0], [12.0]), ([0, 0, 0], [0, 0, 0]), ([7, 7, 7], [7, 7, 7]), ([0, 0, 0], [0, 3, 0])],
    ids=["no case", "one case", "all zero", "constant", "a reference that never varies"],
)
def test_an_icc_that_says_nothing_is_not_defined_and_never_one(reference: list[float], test: list[float]) -> None:
    assert icc_absolute(reference, test) is None


@pytest.mark.parametrize("table", [np.zeros((4, 4)), np.diag([9, 0, 0, 0]), [[0, 3], [0, 4]]])
def test_a_kappa_that_says_nothing_is_not_defined_and_never_one(table: list[list[float]]) -> None:
    assert weighted_kappa(table) is None


def test_one_case_has_no_limits_of_agreement() -> None:
    found = agreement([case(10, 12)])
    assert (found.n, found.bland_altman, found.icc["total"], found.kappa) == (1, None, None, None)
    assert found.category_agreement == 1.0


@given(scores)
def test_icc_is_at_most_one_and_does_not_care_who_is_called_the_reference(pairs: list[tuple[float, float]]) -> None:
    one, other = np.array(pairs).T
    found = icc_absolute(one, other)
    if found is not None:
        assert found <= 1 + 1e-9
        assert found == pytest.approx(icc_absolute(other, one), abs=1e-6)


@given(scores)
def test_a_perfect_reader_has_an_icc_of_one_or_none(pairs: list[tuple[float, float]]) -> None:
    reference = [true for true, _ in pairs]
    found = icc_absolute(reference, reference)
    assert found is None or found == pytest.approx(1.0)


@given(scores, st.floats(5, 500))
def test_a_constant_bias_lowers_an_absolute_icc_and_moves_the_mean_difference(
    pairs: list[tuple[float, float]], bias: float
) -> None:
    reference = np.array([true for true, _ in pairs])
    found = icc_absolute(reference, reference + bias)
    limits = bland_altman(reference, reference + bias)
    assert limits is not None
    assert limits.mean == pytest.approx(bias)
    assert found is None or found < 1.0


@given(st.lists(st.lists(st.integers(0, 20), min_size=4, max_size=4), min_size=4, max_size=4))
def test_kappa_is_at_most_one_and_one_only_without_disagreement(table: list[list[int]]) -> None:
    found = weighted_kappa(table)
    if found is not None:
        assert found <= 1.0
        assert (found == 1.0) == (np.array(table).sum() == np.trace(np.array(table)))


def test_refusals_count_as_wrong_where_it_is_asked_and_nowhere_else() -> None:
    cases = [case(0, 0.0), case(50, 50.0), case(200, 200.0), case(900, 900.0), case(50, None)]
    found = agreement(cases)
    assert (found.n, found.refused) == (4, 1)
    assert (found.kappa, found.category_agreement) == (1.0, 1.0)
    assert found.category_agreement_refusals_wrong == pytest.approx(0.8)
    assert found.kappa_refusals_wrong is not None
    assert 0.5 < found.kappa_refusals_wrong < 0.8


def test_left_main_taken_for_lad_costs_both_and_nothing_together() -> None:
    reference = [(30.0, 10.0), (0.0, 80.0), (60.0, 5.0), (5.0, 200.0)]
    cases = [
        CaseScores(
            name=str(number),
            reference_total=main + descending,
            reference_vessels={Vessel.LM: main, Vessel.LAD: descending, Vessel.LCX: 0.0, Vessel.RCA: 0.0},
            total=main + descending,
            vessels={Vessel.LM: 1.0 * number, Vessel.LAD: main + descending - number, Vessel.LCX: 0.0, Vessel.RCA: 0.0},
        )
        for number, (main, descending) in enumerate(reference)
    ]
    found = agreement(cases)
    assert found.icc["LM"] is not None
    assert found.icc["LM"] < 0.5
    assert found.icc["LM+LAD"] == pytest.approx(1.0)
    assert found.icc["RCA"] is None


def test_zero_cases_and_zero_errors_are_told_apart() -> None:
    found = agreement([case(0, 0.0), case(0, 12.0), case(8, 0.0), case(8, 9.0)])
    assert (found.zeros.cases, found.zeros.right, found.zeros.missed) == (2, 1, 1)


def test_a_reference_without_vessels_enters_the_total_alone() -> None:
    total_alone = CaseScores(
        name="total alone", reference_total=5.0, reference_vessels=None, total=6.0, vessels=dict.fromkeys(Vessel, 1.5)
    )
    found = agreement([total_alone, case(10, 10.0), case(100, 90.0)])
    assert found.n == 3
    assert found.icc["LAD"] == icc_absolute([10, 100], [10, 90])


@pytest.mark.parametrize("total", [-1.0, float("nan"), float("inf")])
def test_a_score_that_is_no_score_is_refused(total: float) -> None:
    with pytest.raises(ValueError, match="a score is a number"):
        case(total, 1.0)


def test_confidences_fall_into_bins_with_the_share_that_was_right() -> None:
    bins = calibration_table([(0.95, True), (0.97, True), (1.0, False), (0.9, True), (0.2, False)])
    by_low = {one.low: (one.count, one.right, one.share_right) for one in bins}
    assert by_low[0.95] == (3, 2, pytest.approx(2 / 3))
    assert by_low[0.9] == (1, 1, 1.0)
    assert by_low[0.0] == (1, 0, 0.0)
    assert by_low[0.6] == (0, 0, None)
    assert sum(one.count for one in bins) == 5


def test_a_confidence_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="confidences lie between"):
        calibration_table([(1.2, True)])
