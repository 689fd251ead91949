"""Scores against reference scores: intraclass correlation, kappa, limits of agreement, categories.

Sources: ICC(A,1) of McGraw and Wong 1996 (Shrout and Fleiss 1979, form 2,1); linear weights of Cicchetti and
Allison 1971; limits of agreement of Bland and Altman 1986. Each is None where it is not defined.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.result import Vessel, printed_agatston
from scoring.risk.categories import CATEGORIES, category

LIMITS_SD = 1.96
"""Limits of agreement lie so many standard deviations of the differences from their mean: 95 % of a normal law."""

LM_AND_LAD = "LM+LAD"
"""The two arteries taken together: where one ends and the other begins is a matter of a few millimetres."""

CategoryTable = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScores:
    """One series: what the reference says and what was scored."""

    name: str
    reference_total: float
    reference_vessels: Mapping[Vessel, float] | None  # None: the reference gives the total alone
    total: float | None  # None: the series was refused
    vessels: Mapping[Vessel, float] | None

    def __post_init__(self) -> None:
        for value in (self.reference_total, self.total or 0.0):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"a score is a number that is not negative, {self.name} has {value}")
        if (self.total is None) != (self.vessels is None):
            raise ValueError(f"{self.name}: a scored series has a total and vessels, a refused one neither")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlandAltman:
    """Test minus reference: mean and 95 % limits of agreement, in the unit of the scores."""

    mean: float
    low: float
    high: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroCases:
    """Cases whose reference is 0, and how the zeros came out."""

    cases: int  # with a reference of 0, refused ones aside
    right: int  # of these scored 0
    missed: int  # reference above 0 that was scored 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement of all cases. `refused` cases enter only what says so."""

    n: int  # compared: scored and with a reference
    refused: int
    icc: Mapping[str, float | None]  # "total", the four vessels, "LM+LAD"
    kappa: float | None
    kappa_refusals_wrong: float | None
    category_agreement: float | None
    category_agreement_refusals_wrong: float | None
    categories: tuple[str, ...]
    category_table: CategoryTable  # [reference][test]
    bland_altman: BlandAltman | None
    bland_altman_root: BlandAltman | None  # of square roots: the spread of a score grows with the score
    zeros: ZeroCases


def icc_absolute(reference: npt.ArrayLike, test: npt.ArrayLike) -> float | None:
    """ICC(A,1): two-way, absolute agreement, single measure; of two raters. See `icc_of_raters`."""
    return icc_of_raters(np.stack([np.asarray(reference, float), np.asarray(test, float)], axis=1))


def icc_of_raters(ratings: npt.NDArray[np.float64]) -> float | None:
    """ICC(A,1) of k raters: (MSR - MSE) / (MSR + (k - 1) MSE + k (MSC - MSE) / n).

    Parameters
    ----------
    ratings : (n, k) float
        One row a case, one column a rater.

    Returns
    -------
    float or None
        None where it says nothing: fewer than two cases, or a rater who gives every case the same
        (with two raters the formula is then 0 however near they are).

    References
    ----------
    Shrout and Fleiss, Psychological Bulletin 1979;86:420: their table gives 0.29.
    """
    if ratings.ndim != 2 or not np.isfinite(ratings).all():
        raise ValueError(f"ratings are finite numbers with axes (case, rater), got shape {ratings.shape}")
    n, k = ratings.shape
    if n < 2 or k < 2 or bool((np.ptp(ratings, axis=0) == 0).any()):
        return None
    of_case, of_rater, mean = ratings.mean(1), ratings.mean(0), ratings.mean()
    mean_square_rows = k * float(((of_case - mean) ** 2).sum()) / (n - 1)
    mean_square_columns = n * float(((of_rater - mean) ** 2).sum()) / (k - 1)
    rest = ratings - of_case[:, None] - of_rater[None] + mean
    mean_square_error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    below = mean_square_rows + (k - 1) * mean_square_error + k * (mean_square_columns - mean_square_error) / n
    return (mean_square_rows - mean_square_error) / below if below > 0 else None


def weighted_kappa(table: npt.ArrayLike, *, refused: npt.ArrayLike | None = None) -> float | None:
    """Cohen's kappa with linear weights over ordered categories.

    Parameters
    ----------
    table : (K, K) counts
        [reference][test].
    refused : (K,) counts, optional
        Cases of each reference category that got no answer: each counts as a full disagreement.

    Returns
    -------
    float or None
        None where chance alone already explains everything: no case, or all of one rater in one category.

    Examples
    --------
    >>> weighted_kappa([[20, 5], [10, 15]])
    0.4
    """
    counts = np.asarray(table, float)
    size = len(counts)
    if counts.shape != (size, size) or size < 2:
        raise ValueError(f"a table of categories is square, with 2 or more of them, got shape {counts.shape}")
    place = np.arange(size)
    disagreement = np.abs(place[:, None] - place[None]) / (size - 1)
    if refused is not None:
        counts = np.column_stack([counts, np.asarray(refused, float)])
        disagreement = np.column_stack([disagreement, np.ones(size)])
    total = counts.sum()
    if not total or (counts.sum(1) > 0).sum() < 2 or (counts.sum(0) > 0).sum() < 2:
        return None
    expected = counts.sum(1)[:, None] * counts.sum(0)[None] / total
    return float(1.0 - (disagreement * counts).sum() / (disagreement * expected).sum())


def bland_altman(reference: npt.ArrayLike, test: npt.ArrayLike) -> BlandAltman | None:
    """Mean of test minus reference and mean +- 1.96 SD (n - 1); None for fewer than two cases."""
    difference = np.asarray(test, float) - np.asarray(reference, float)
    if difference.size < 2:
        return None
    mean, sd = float(difference.mean()), float(difference.std(ddof=1))
    return BlandAltman(mean=mean, low=mean - LIMITS_SD * sd, high=mean + LIMITS_SD * sd, sd=sd)


def category_index(agatston: float) -> int:
    """Place of a score in 0, 1 to 99, 100 to 399, 400 and above: taken from the printed integer.

    Examples
    --------
    >>> [category_index(score) for score in (0.0, 0.3, 99.4, 99.5, 400)]
    [0, 1, 1, 2, 3]
    """
    return CATEGORIES.index(category(printed_agatston(agatston)))


def agreement(cases: Sequence[CaseScores]) -> Agreement:
    """Agreement of all cases; every figure that is not defined is None."""
    scored = [case for case in cases if case.total is not None]
    reference = [case.reference_total for case in scored]
    test = [case.total or 0.0 for case in scored]
    table = np.zeros((len(CATEGORIES), len(CATEGORIES)), int)
    np.add.at(table, ([category_index(value) for value in reference], [category_index(value) for value in test]), 1)
    refused = np.zeros(len(CATEGORIES), int)
    for case in cases:
        if case.total is None:
            refused[category_index(case.reference_total)] += 1
    return Agreement(
        n=len(scored),
        refused=int(refused.sum()),
        icc={"total": icc_absolute(reference, test), **_icc_by_vessel(scored)},
        kappa=weighted_kappa(table),
        kappa_refusals_wrong=weighted_kappa(table, refused=refused),
        category_agreement=_share(int(np.trace(table)), len(scored)),
        category_agreement_refusals_wrong=_share(int(np.trace(table)), len(cases)),
        categories=CATEGORIES,
        category_table=tuple(tuple(int(count) for count in row) for row in table),
        bland_altman=bland_altman(reference, test),
        bland_altman_root=bland_altman(np.sqrt(reference), np.sqrt(test)),
        zeros=_zeros(reference, test),
    )


def _icc_by_vessel(scored: Sequence[CaseScores]) -> dict[str, float | None]:
    both = [(case.reference_vessels, case.vessels) for case in scored if case.reference_vessels and case.vessels]
    groups = {str(vessel): (vessel,) for vessel in Vessel} | {LM_AND_LAD: (Vessel.LM, Vessel.LAD)}
    return {
        name: icc_absolute(
            [sum(reference[vessel] for vessel in group) for reference, _ in both],
            [sum(test[vessel] for vessel in group) for _, test in both],
        )
        for name, group in groups.items()
    }


def _zeros(reference: Sequence[float], test: Sequence[float]) -> ZeroCases:
    pairs = list(zip(reference, test, strict=True))
    return ZeroCases(
        cases=sum(true == 0 for true, _ in pairs),
        right=sum(true == 0 and ours == 0 for true, ours in pairs),
        missed=sum(true > 0 and ours == 0 for true, ours in pairs),
    )


def _share(count: int, of: int) -> float | None:
    return count / of if of else None
