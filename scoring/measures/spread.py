"""How the calcium lies over the vessels: how many, how evenly, and whether the left main is one of them."""

from collections.abc import Mapping

from scoring.result import Measures, Spread, Vessel


def spread_of(vessels: Mapping[Vessel, Measures]) -> Spread:
    """Spread of a score over the four vessels.

    Parameters
    ----------
    vessels : mapping of Vessel to Measures
        All four, zeros included; unrounded Agatston scores.

    Returns
    -------
    Spread
        `diffusivity` is 1 - largest vessel / total: 0 with one vessel, at most 0.75. The shares are None
        without calcium.

    Examples
    --------
    >>> spread = spread_of({Vessel.LM: Measures(agatston=10.0), Vessel.LAD: Measures(agatston=30.0)})
    >>> spread.vessels_involved, spread.diffusivity, spread.left_main_share
    (2, 0.25, 0.25)
    """
    scores = {vessel: measures.agatston for vessel, measures in vessels.items()}
    total = sum(scores.values())
    if total <= 0:
        return Spread()
    left_main = scores.get(Vessel.LM, 0.0)
    return Spread(
        vessels_involved=sum(1 for agatston in scores.values() if agatston > 0),
        diffusivity=1.0 - max(scores.values()) / total,
        left_main=left_main > 0,
        left_main_share=left_main / total,
    )
