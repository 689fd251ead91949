"""Where within a slice the calcium lies: a profile across slices that keeps what each slice measured.

A slice is a mean over its thickness. A straight line between two slices would thin out every deposit
that lies within one slice, and a shifted table would always score less. So each voxel's calcium is a
block in it with sharp ends, as in the volume-of-fluid method (Hirt 1981, doi 10.1016/0021-9991(81)90145-5):
beside a brighter neighbour it lies against it and is as dense as that; on its own it fills an
unknown share of the slice at an unknown height, which are drawn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]

LEAN = 1.5
"""A difference of the neighbours of a third of a block's own HU moves it from the middle to an end."""
SMALLEST_HU = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """What one slice cannot tell about a deposit, for each voxel."""

    fill: Field  # 1 to 2: how much denser a block may be than the slice shows
    place: Field  # 0 to 1: where it lies if no neighbour tells


def part_below(below: Field, here: Field, above: Field, shape: Shape, share: Field) -> Field:
    """HU that the lowest `share` of each slice's thickness adds to its mean.

    Parameters
    ----------
    below, here, above : (n,)
        HU of the slice and its neighbours at the same pixel.
    shape : Shape
    share : (n,)
        0 to 1; at 1 the answer is `here`.
    """
    greatest = np.maximum(below, above)
    base = np.minimum(np.minimum(below, above), here)
    peak = here >= greatest
    dense = np.where(peak, here + (shape.fill - 1) * (here - base), greatest)
    rise = dense - base
    width = (here - base) / np.maximum(rise, SMALLEST_HU)  # without a rise there is no block, however wide
    leaning = shape.place + LEAN * (above - below) / np.maximum(here - base, SMALLEST_HU)
    place = np.where(peak, np.clip(leaning, 0, 1), above > below)
    part: Field = base * share + rise * np.clip(share - place * (1 - width), 0, width)
    return part
