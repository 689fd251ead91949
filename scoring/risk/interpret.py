"""From a score and a person to Risk."""

import math

from scoring.result import Demographics, Percentile, Risk, printed_agatston
from scoring.risk.categories import (
    CATEGORY_SCHEME,
    arterial_age_years,
    cac_drs,
    category,
    category_classic,
    is_very_high,
)
from scoring.risk.percentiles import Withheld, hoff_band, mesa_percentile

NO_ARTERIAL_AGE = "no arterial age: it is not defined for people with diabetes"


def risk(
    agatston: float,
    vessels_with_calcium: int | None,
    demographics: Demographics,
    percentile_table: str,
    *,
    diabetes: bool | None = None,
) -> Risk:
    """What a score means in published schemes.

    Parameters
    ----------
    agatston : float
        Unrounded. Everything here follows the printed integer, so that number and category never disagree.
    vessels_with_calcium : int or None
        How many of LM, LAD, LCX and RCA have a score above 0; None where only the total is known.
    demographics : Demographics
        The percentile is withheld, with a sentence, where something is missing or outside the table.
    percentile_table : str
        mesa, hoff or none. There is no fallback from one to another.
    diabetes : bool or None
        True: the arterial age is withheld. None: not known, and the caveat stays with whoever prints it.

    Raises
    ------
    ValueError
        The score is negative or no number, the vessels do not fit it, or there is no such table.

    Examples
    --------
    Without an ethnic group MESA has no percentile, and no other table stands in for it:

    >>> told = risk(119.6, 2, Demographics(age_years=62, sex="F"), "mesa")
    >>> told.category, told.cac_drs, told.percentile
    ('100–399', 'A2/N2', None)
    """
    if not (math.isfinite(agatston) and agatston >= 0):
        raise ValueError(f"an Agatston score is 0 or more, got {agatston}")
    printed = printed_agatston(agatston)
    percentile, withheld = _percentile(printed, demographics, percentile_table)
    return Risk(
        category=category(printed),
        category_scheme=CATEGORY_SCHEME,
        cac_drs=cac_drs(printed, vessels_with_calcium),
        very_high=is_very_high(printed),
        percentile=percentile,
        percentile_withheld=withheld,
        arterial_age_years=None if diabetes else arterial_age_years(printed),
        arterial_age_withheld=NO_ARTERIAL_AGE if diabetes else None,
        category_classic=category_classic(printed),
    )


def _percentile(printed: int, demographics: Demographics, name: str) -> tuple[Percentile | None, str | None]:
    if name == "none":
        return None, "no percentile: this site gives none ([risk] percentile is none)"
    tables = {"mesa": mesa_percentile, "hoff": hoff_band}
    if name not in tables:
        raise ValueError(f"there is no percentile table {name!r}; choose mesa, hoff or none")
    try:
        return tables[name](printed, demographics), None
    except Withheld as reason:
        return None, str(reason)
