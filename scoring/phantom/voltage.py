"""How bright calcium is at another tube voltage than 120 kVp."""

import numpy as np

TISSUE_HU = 45.0
"""What calcium lies in: only what it adds to this changes with the voltage."""

_KVP = (70.0, 80.0, 100.0, 120.0, 135.0, 140.0)
_FACTOR = (1.59, 1.36, 1.115, 1.0, 0.91, 0.885)
"""Ratios of the adapted Agatston steps to those of 120 kVp (scoring reference, tube voltage); 140 kVp extrapolated."""


def calcium_factor(kvp: float) -> float:
    """By how much calcium stands out of tissue, against 120 kVp; between the known voltages on a straight line.

    Examples
    --------
    >>> [round(calcium_factor(kvp), 4) for kvp in (70, 90, 120, 135)]
    [1.59, 1.2375, 1.0, 0.91]
    """
    return float(np.interp(kvp, _KVP, _FACTOR))


def calcium_hu(hu_at_120: float, kvp: float) -> float:
    """HU at `kvp` of calcified tissue or bone that has `hu_at_120` at 120 kVp."""
    return TISSUE_HU + (hu_at_120 - TISSUE_HU) * calcium_factor(kvp)
