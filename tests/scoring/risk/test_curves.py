import bisect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.result import Demographics
from scoring.risk import Withheld, hoff_band, mesa_percentile, percentile_curves

AGES = st.integers(45, 84)
SEXES = st.sampled_from(["M", "F"])
GROUPS = st.sampled_from(["black", "white", "hispanic", "chinese"])


@given(age=AGES, sex=SEXES, group=GROUPS, percentile=st.sampled_from([25, 50, 75, 90]))
def test_a_score_on_a_curve_has_at_least_that_percentile_and_one_below_it_has_not(
    age: int, sex: str, group: str, percentile: int
) -> None:
    """Mutation: taking the entry of the next percentile is seen here."""
    person = Demographics(age_years=age, sex=sex, ethnic_group=group)
    curves = percentile_curves("mesa", person)
    score = curves.scores[percentile][curves.ages.index(age)]
    if score:
        assert mesa_percentile(score, person).value >= percentile
        assert mesa_percentile(score - 1, person).value < percentile
    else:
        assert mesa_percentile(1, person).value >= percentile


@given(sex=SEXES, group=GROUPS)
def test_curves_of_higher_percentiles_lie_above_and_never_cross(sex: str, group: str) -> None:
    curves = percentile_curves("mesa", Demographics(age_years=60, sex=sex, ethnic_group=group))
    assert curves.ages == tuple(range(45, 85))
    for low, high in zip((25, 50, 75), (50, 75, 90), strict=True):
        assert all(below <= above for below, above in zip(curves.scores[low], curves.scores[high], strict=True))


@given(age=st.integers(30, 90), sex=SEXES)
def test_the_steps_of_hoff_are_the_cuts_of_its_bands(age: int, sex: str) -> None:
    person = Demographics(age_years=age, sex=sex)
    curves = percentile_curves("hoff", person)
    at = bisect.bisect_right(curves.ages, age) - 1
    for percentile in (25, 50, 75, 90):
        score = max(curves.scores[percentile][at], 1)
        assert hoff_band(score, person).band[0] >= percentile
    assert len(curves.ages) == 18


@pytest.mark.parametrize(
    ("table", "person", "words"),
    [
        ("mesa", Demographics(age_years=40, sex="M", ethnic_group="white"), "outside MESA"),
        ("mesa", Demographics(age_years=60, sex="M"), "group is not known"),
        ("hoff", Demographics(age_years=60), "sex is not stated"),
    ],
)
def test_whoever_has_no_percentile_has_no_curve(table: str, person: Demographics, words: str) -> None:
    with pytest.raises(Withheld, match=words):
        percentile_curves(table, person)


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="choose mesa or hoff"):
        percentile_curves("framingham", Demographics())
