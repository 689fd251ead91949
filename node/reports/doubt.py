"""What stands beside the numbers, in words: uncertain lesions, repeat interval, published rescan limit, spread."""

from node.reports.spelling import one_decimal
from scoring.result import Interval, Percentile, Score, Spread, Uncertain, printed_agatston
from scoring.risk import population_of

SMALLEST_SHARE = 0.01
"""A category that fewer repeats than this would show is not worth a word."""


def uncertain_words(uncertain: Uncertain, lesions: int, agatston: float) -> str | None:
    """How much of the total leans on lesions of low confidence, or None when nothing does."""
    if not uncertain.lesions:
        return None
    verb = "is" if uncertain.lesions == 1 else "are"
    noun = "lesion" if lesions == 1 else "lesions"
    return (
        f"{uncertain.lesions} of {lesions} {noun} {verb} uncertain, "
        f"worth {one_decimal(uncertain.agatston)} of {one_decimal(agatston)}"
    )


def bounds_words(interval: Interval) -> str:
    """The bounds as they are printed: whole numbers by the rule of the score itself.

    Examples
    --------
    >>> from scoring.result import Interval
    >>> bounds_words(Interval(level=0.95, agatston=(77.6, 120.9), covers="", category_probability={}))
    '78 to 121'
    """
    low, high = (printed_agatston(bound) for bound in interval.agatston)
    return f"{low} to {high}"


def other_categories_words(score: Score) -> str | None:
    """Other categories that a repeat may fall into and how often, or None where there is none.

    Examples
    --------
    "100–399 with 41 %" for a score of 97.
    """
    if score.interval is None:
        return None
    others = {
        name: share
        for name, share in score.interval.category_probability.items()
        if name != score.risk.category and share >= SMALLEST_SHARE
    }
    return ", ".join(f"{name} with {100 * share:.0f} %" for name, share in others.items()) or None


def repeat_words(score: Score) -> str | None:
    """The repeat interval of the total in one sentence, or None where there is none."""
    if score.interval is None:
        return None
    others = other_categories_words(score)
    added = f"; {others}" if others else ""
    return f"{bounds_words(score.interval)} ({100 * score.interval.level:.0f} %, {score.interval.covers}){added}"


def rescan_words(score: Score) -> str | None:
    """The published limit of a population beside it, or None."""
    limit = score.interval.published_rescan_limit if score.interval else None
    return None if limit is None else f"+/- {limit.agatston:.0f} ({limit.source})"


def spread_words(spread: Spread) -> str | None:
    """How the calcium lies over the vessels, or None without calcium.

    Examples
    --------
    >>> spread_words(Spread(vessels_involved=3, diffusivity=0.42, left_main=True, left_main_share=0.081))
    '3 of 4 vessels, diffusivity 0.42 (1 - largest vessel / total), left main 8 % of the total'
    """
    if spread.diffusivity is None or spread.left_main_share is None:
        return None
    left_main = f"left main {100 * spread.left_main_share:.0f} % of the total" if spread.left_main else "left main free"
    return (
        f"{spread.vessels_involved} of 4 vessels, diffusivity {spread.diffusivity:.2f} "
        f"(1 - largest vessel / total), {left_main}"
    )


def population_words(percentile: Percentile | None) -> str | None:
    """Whom the percentile compares with, in full, or None where there is none."""
    if percentile is None:
        return None
    return population_of("hoff" if percentile.value is None else "mesa")
