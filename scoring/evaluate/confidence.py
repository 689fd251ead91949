"""Whether a stated confidence is kept: of what was given 0.9, nine in ten must be right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Limits of the bins; a confidence on a limit belongs to the bin above it, 1.0 to the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin:
    """Verdicts whose confidence lies in [low, high), or up to 1.0."""

    low: float
    high: float
    count: int
    right: int
    mean_confidence: float | None  # None in an empty bin

    @property
    def share_right(self) -> float | None:
        """How many of them were right; None in an empty bin."""
        return self.right / self.count if self.count else None


def calibration_table(
    verdicts: Sequence[tuple[float, bool]], *, edges: Sequence[float] = EDGES
) -> list[CalibrationBin]:
    """Bins of (confidence, right) pairs.

    Raises
    ------
    ValueError
        A confidence lies outside the edges.
    """
    confidence = np.array([value for value, _ in verdicts], float)
    right = np.array([is_right for _, is_right in verdicts], bool)
    if confidence.size and not (confidence.min() >= edges[0] and confidence.max() <= edges[-1]):
        raise ValueError(
            f"confidences lie between {edges[0]} and {edges[-1]}, got {confidence.min()} to {confidence.max()}"
        )
    place = np.minimum(np.searchsorted(edges, confidence, side="right") - 1, len(edges) - 2)
    bins = []
    for number, (low, high) in enumerate(pairwise(edges)):
        mine = place == number
        mean = float(confidence[mine].mean()) if mine.any() else None
        bins.append(
            CalibrationBin(
                low=low, high=high, count=int(mine.sum()), right=int(right[mine].sum()), mean_confidence=mean
            )
        )
    return bins
