"""Percentile of a printed score among people of the same age and sex, or the sentence why there is none."""

import bisect

from scoring.result import Demographics, Percentile
from scoring.risk.tables import table

ETHNIC_GROUPS = ("black", "white", "hispanic", "chinese")

OLDEST_YEARS = 120
"""A higher age is a wrong date of birth."""

_SEXES = {"M": ("male", "men"), "F": ("female", "women")}


class Withheld(Exception):  # noqa: N818 - an expected ending, not an error
    """There is no percentile; the message is the sentence that says why."""


def population_of(percentile_table: str) -> str:
    """Whom the percentiles of "mesa" or "hoff" compare with: the sentence that belongs beside one."""
    return str(table({"mesa": "mesa_percentile", "hoff": "hoff_2001"}[percentile_table])["population"])


def mesa_percentile(printed: int, demographics: Demographics) -> Percentile:
    """Exact percentile of MESA: 45 to 84 years, four groups; a score of 0 is percentile 0, 99 means 99 or above.

    Raises
    ------
    Withheld
        Age, sex or group is missing or outside the table.

    Examples
    --------
    >>> mesa_percentile(120, Demographics(age_years=62, sex="F", ethnic_group="black")).value
    91
    """
    mesa = table("mesa_percentile")
    group, sex = mesa_group(demographics)
    age, _, women_or_men = person_of(demographics)
    reached = bisect.bisect_right(mesa["scores"][f"{group}:{sex}:{age}"], printed) if printed > 0 else 0
    named = group if group in ("black", "white") else group.capitalize()
    return Percentile(
        value=reached, band=None, population=f"MESA, {women_or_men}, {named}", source=mesa["short_citation"]
    )


def mesa_group(demographics: Demographics) -> tuple[str, str]:
    """Which of MESA's tables a person belongs to: the ethnic group and the sex, as the table spells them.

    Raises
    ------
    Withheld
        Age, sex or group is missing or outside the table.
    """
    age, sex, _ = person_of(demographics)
    youngest, oldest = table("mesa_percentile")["ages"]
    if not youngest <= age <= oldest:
        raise Withheld(f"no percentile: the age of {age} years is outside MESA ({youngest}–{oldest})")
    group = demographics.ethnic_group
    if not group:
        raise Withheld(
            "no percentile: MESA has one table for each ethnic group and the group is not known "
            "(it is not read from the images; see [risk] ethnic_group)"
        )
    if group not in ETHNIC_GROUPS:
        raise Withheld("no percentile: MESA has tables for black, white, Hispanic and Chinese people only")
    return group, sex


def hoff_band(printed: int, demographics: Demographics) -> Percentile:
    """Band of Hoff 2001, which needs no ethnic group: between two of 25, 50, 75 and 90; no table allows more.

    Raises
    ------
    Withheld
        Age or sex is missing or outside 30 to 90 years, or the score is 0, which reaches no cut.

    Examples
    --------
    >>> hoff_band(15, Demographics(age_years=52, sex="M")).band
    (50, 75)
    """
    hoff = table("hoff_2001")
    age, sex, women_or_men = person_of(demographics)
    youngest, oldest = hoff["ages"]
    if not youngest <= age <= oldest:
        raise Withheld(f"no percentile: the age of {age} years is outside Hoff 2001 ({youngest}–{oldest})")
    number, (first, last) = next((n, band) for n, band in enumerate(hoff["age_bands"]) if age <= band[1])
    cuts, population = hoff[sex][number], f"{women_or_men} of {first}–{last}"
    if printed == 0:
        raise Withheld(_no_calcium(hoff["percentiles"], cuts, population))
    edges = (0, *hoff["percentiles"], 100)
    reached = bisect.bisect_right(cuts, printed)
    return Percentile(
        value=None,
        band=(edges[reached], edges[reached + 1]),
        population=f"Hoff, {population}, self-referred, asymptomatic",
        source=hoff["short_citation"],
    )


def _no_calcium(percentiles: list[int], cuts: list[int], population: str) -> str:
    zeros = [f"{percentile}th" for percentile, cut in zip(percentiles, cuts, strict=True) if cut == 0]
    said = f"; among {population} the {' and '.join(zeros)} percentile is 0 too" if zeros else ""
    return f"no percentile: Hoff 2001 does not place a score of 0{said}"


def person_of(demographics: Demographics) -> tuple[int, str, str]:
    """Age, the tables' word for the sex, and the plural for print.

    Raises
    ------
    Withheld
        One of them is missing or cannot be right.
    """
    if demographics.withheld is not None:
        raise Withheld(f"no percentile: {demographics.withheld}")
    age = demographics.age_years
    if age is None:
        raise Withheld("no percentile: the images state neither an age nor a date of birth with a date of the scan")
    if not 0 <= age <= OLDEST_YEARS:
        raise Withheld(f"no percentile: an age of {age} years cannot be right")
    if demographics.sex not in _SEXES:
        raise Withheld("no percentile: the sex is not stated as M or F, and the tables have no other")
    return age, *_SEXES[demographics.sex]
