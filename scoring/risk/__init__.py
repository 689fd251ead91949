"""Risk: what a printed score means in published schemes. Never advice.

In:      an Agatston score, how many vessels have calcium, Demographics, the name of the percentile table.
Out:     Risk; the curves of a percentile table over age; the MESA 10-year risk where all of its inputs are given.
Keeps:   the tables, read once from the data files beside this one; each carries its citation.
Hostile: age, sex and group may be missing, contradictory or absurd: then a sentence, never a guess.
Alone:   tests/scoring/risk: published known answers.
"""

from scoring.risk.categories import (
    CATEGORIES,
    CATEGORY_SCHEME,
    CLASSIC_CATEGORIES,
    CLASSIC_SCHEME,
    arterial_age_years,
    cac_drs,
    category,
    category_classic,
    is_very_high,
)
from scoring.risk.chd import ChdInputs, OutsideModelError, chd_risk
from scoring.risk.curves import PercentileCurves, percentile_curves
from scoring.risk.interpret import risk
from scoring.risk.percentiles import Withheld, hoff_band, mesa_percentile, population_of

__all__ = [
    "CATEGORIES",
    "CATEGORY_SCHEME",
    "CLASSIC_CATEGORIES",
    "CLASSIC_SCHEME",
    "ChdInputs",
    "OutsideModelError",
    "PercentileCurves",
    "Withheld",
    "arterial_age_years",
    "cac_drs",
    "category",
    "category_classic",
    "chd_risk",
    "hoff_band",
    "is_very_high",
    "mesa_percentile",
    "percentile_curves",
    "population_of",
    "risk",
]
