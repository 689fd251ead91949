"""The frame of the heart: canonical millimetres of an average heart, and where they lie in this patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.shapes import Array, Coordinates, rotation

HALF_EXTENTS_MM = (56.0, 52.0, 49.0)
"""Half widths of the canonical heart's box (left, posterior, head); its centre is the origin.

Between those of the four hearts of NLST (102-146 x 105-117 x 105-112 mm) and the two whose courses were traced.
"""

WARP_MM = 2.6
"""Largest amplitude of one sine of the warp."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeartFrame:
    """Scale, turn and a smooth shear-like warp: no two hearts are alike.

    The warp moves each axis by sines of the two others, so that it costs one-dimensional arrays only.
    """

    centre_lps_mm: npt.NDArray[np.float64]
    matrix: npt.NDArray[np.float64]  # canonical to LPS, without the warp
    amplitude_mm: npt.NDArray[np.float64]  # (3 moved, 3 by)
    wavelength_mm: npt.NDArray[np.float64]
    phase: npt.NDArray[np.float64]

    def to_canonical(self, at: Coordinates) -> Coordinates:
        """Canonical coordinates of points given in LPS; the result is broadcast out."""
        straight = [c - np.float32(o) for c, o in zip(at, self.centre_lps_mm, strict=True)]
        moved = [straight[i] - self._moved_by(i, straight) for i in range(3)]
        inverse = np.linalg.inv(self.matrix).astype(np.float32)
        x, y, z = (row[0] * moved[0] + row[1] * moved[1] + row[2] * moved[2] for row in inverse)
        return x, y, z

    def to_lps(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """LPS of (n, 3) canonical points: the inverse of `to_canonical`, by fixed-point steps."""
        target = np.asarray(points, float) @ self.matrix.T
        straight = target.copy()
        for _ in range(25):
            columns = list(straight.T)
            straight = target + np.stack([self._moved_by(i, columns) for i in range(3)], axis=1)
        return straight + self.centre_lps_mm

    def _moved_by(self, axis: int, straight: Sequence[Array]) -> Array:
        others = [i for i in range(3) if i != axis]
        terms = [
            np.asarray(self.amplitude_mm[axis, i], straight[i].dtype)
            * np.sin(
                straight[i] * np.asarray(2 * np.pi / self.wavelength_mm[axis, i], straight[i].dtype)
                + np.asarray(self.phase[axis, i], straight[i].dtype)
            )
            for i in others
        ]
        moved: Array = terms[0] + terms[1]
        return moved


def draw_frame(rng: np.random.Generator, centre_lps_mm: npt.ArrayLike, size: float) -> HeartFrame:
    """A heart of `size` (1 = average) at a place, a little turned, stretched and warped."""
    stretch = size * rng.uniform(0.95, 1.05, 3)
    turn = rotation(rng.normal(0, [3.0, 3.0, 5.0]))
    return HeartFrame(
        centre_lps_mm=np.asarray(centre_lps_mm, float),
        matrix=turn @ np.diag(stretch),
        amplitude_mm=rng.uniform(0.3, 1.0, (3, 3)) * WARP_MM,
        wavelength_mm=rng.uniform(70.0, 130.0, (3, 3)),
        phase=rng.uniform(0, 2 * np.pi, (3, 3)),
    )
