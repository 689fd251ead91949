"""How a table's scores rise with age: the curves beside which a person's own score can be drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.result import Demographics
from scoring.risk.percentiles import mesa_group, person_of
from scoring.risk.tables import table

DRAWN = (25, 50, 75, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentileCurves:
    """Scores at some percentiles over age, among people of one sex (and group, where the table has them)."""

    ages: tuple[float, ...]  # ascending; an age stands twice where a band of ages ends and the next begins
    scores: Mapping[int, tuple[int, ...]]  # percentile -> score at each age


def percentile_curves(percentile_table: str, demographics: Demographics) -> PercentileCurves:
    """Curves of the 25th, 50th, 75th and 90th percentile of "mesa" or "hoff" for people like this one.

    MESA's table gives the smallest score at each percentile and begins at 1: where 1 is already enough, most people
    of that age have no calcium at that percentile, and the curve is at 0.

    Raises
    ------
    Withheld
        The person has no percentile in this table, so no curve either.
    ValueError
        There is no such table.

    Examples
    --------
    >>> curves = percentile_curves("mesa", Demographics(age_years=62, sex="F", ethnic_group="black"))
    >>> curves.ages[0], curves.ages[-1], [curves.scores[percentile][17] for percentile in DRAWN]
    (45, 84, [0, 0, 11, 103])
    """
    readers = {"mesa": _mesa, "hoff": _hoff}
    if percentile_table not in readers:
        raise ValueError(f"there are no curves of {percentile_table!r}; choose mesa or hoff")
    return readers[percentile_table](demographics)


def _mesa(demographics: Demographics) -> PercentileCurves:
    group, sex = mesa_group(demographics)
    mesa = table("mesa_percentile")
    first, last = mesa["ages"]
    ages = range(first, last + 1)
    columns = [mesa["scores"][f"{group}:{sex}:{age}"] for age in ages]
    return PercentileCurves(
        ages=tuple(ages),
        scores={percentile: tuple(_reached(column[percentile - 1]) for column in columns) for percentile in DRAWN},
    )


def _reached(smallest: int) -> int:
    return smallest if smallest > 1 else 0


def _hoff(demographics: Demographics) -> PercentileCurves:
    hoff = table("hoff_2001")
    _, sex, _ = person_of(demographics)
    edges = [(first, last + 1) for first, last in hoff["age_bands"]]
    return PercentileCurves(
        ages=tuple(float(age) for band in edges for age in band),
        scores={
            percentile: tuple(cuts[place] for cuts in hoff[sex] for _ in range(2))
            for place, percentile in enumerate(hoff["percentiles"])
        },
    )
