"""Categories and arterial age of a printed score: the integer that stands in the report."""

import bisect
import math

CATEGORY_SCHEME = "0/1–99/100–399/≥400"
CATEGORIES = ("0", "1–99", "100–399", "≥400")
_CATEGORY_FROM = (1, 100, 400)

CLASSIC_SCHEME = "0/1–10/11–100/101–400/>400"
CLASSIC_CATEGORIES = ("0", "1–10", "11–100", "101–400", ">400")
_CLASSIC_FROM = (1, 11, 101, 401)

_CAC_DRS_FROM = (1, 100, 300)

VERY_HIGH_FROM = 1000
"""A group of its own in MESA (Peng 2021, doi 10.1161/CIRCULATIONAHA.120.050545)."""

ARTERIAL_AGE_YEARS, ARTERIAL_AGE_PER_LOG = 39.1, 7.25
"""McClelland 2009, doi 10.1016/j.amjcard.2008.08.031."""


def category(printed: int) -> str:
    """Band of a printed score in the scheme 0, 1 to 99, 100 to 399, 400 and above.

    Examples
    --------
    400 belongs to the top:

    >>> [category(printed) for printed in (0, 1, 99, 100, 399, 400)]
    ['0', '1–99', '1–99', '100–399', '100–399', '≥400']
    """
    return CATEGORIES[bisect.bisect_right(_CATEGORY_FROM, printed)]


def category_classic(printed: int) -> str:
    """Band of a printed score in the older scheme 0, 1 to 10, 11 to 100, 101 to 400, above 400.

    Examples
    --------
    Here 400 does not belong to the top:

    >>> [category_classic(printed) for printed in (0, 10, 11, 100, 101, 400, 401)]
    ['0', '1–10', '11–100', '11–100', '101–400', '101–400', '>400']
    """
    return CLASSIC_CATEGORIES[bisect.bisect_right(_CLASSIC_FROM, printed)]


def cac_drs(printed: int, vessels_with_calcium: int | None) -> str:
    """CAC-DRS of a printed score (Hecht 2018, doi 10.1016/j.jcct.2018.03.008): A0 alone, else A1 to A3 with N1 to N4.

    Parameters
    ----------
    printed : int
    vessels_with_calcium : int or None
        How many of LM, LAD, LCX and RCA; None where it is not known: the N is left out then.

    Raises
    ------
    ValueError
        Calcium without a vessel, or more vessels than four.

    Examples
    --------
    >>> cac_drs(0, 0), cac_drs(299, 3), cac_drs(300, None)
    ('A0', 'A2/N3', 'A3')
    """
    grade = f"A{bisect.bisect_right(_CAC_DRS_FROM, printed)}"
    if printed == 0 or vessels_with_calcium is None:
        return grade
    if not 1 <= vessels_with_calcium <= 4:
        raise ValueError(f"a score of {printed} has calcium in 1 to 4 vessels, got {vessels_with_calcium}")
    return f"{grade}/N{vessels_with_calcium}"


def is_very_high(printed: int) -> bool:
    """Whether a printed score is 1000 or more."""
    return printed >= VERY_HIGH_FROM


def arterial_age_years(printed: int) -> float:
    """Age at which the mean risk in MESA equals that of the score. Not meant for people with diabetes.

    `printed` is the printed integer. McClelland 2009, doi 10.1016/j.amjcard.2008.08.031: linear in the log of
    score + 1, so that 0 has an age too.

    Examples
    --------
    >>> [round(arterial_age_years(printed)) for printed in (0, 100, 400)]
    [39, 73, 83]
    """
    return ARTERIAL_AGE_YEARS + ARTERIAL_AGE_PER_LOG * math.log1p(printed)
