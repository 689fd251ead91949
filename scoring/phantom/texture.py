"""Smooth random fields that belong to the patient: the same wherever the slices and pixels of a scan fall."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from scoring.phantom.shapes import Array

CELLS = 80
"""Lattice points along each axis; beyond them the field repeats."""

INTERPOLATED_SD = (2 / 3) ** 1.5
"""SD between lattice points of SD 1, over all places: two thirds of the variance along each axis."""


def lattice_noise(
    axes: tuple[Array, Array, Array], origin_lps_mm: npt.ArrayLike, cell_mm: float, seed: Sequence[int]
) -> npt.NDArray[np.float32]:
    """Random values about 0 of SD 1 on a lattice through `origin_lps_mm`, joined by straight lines.

    Parameters
    ----------
    axes : tuple
        Positions along x, y, z in LPS millimetres.
    cell_mm : float
        Distance of the lattice points.
    seed : sequence of int
        Of the values; the same seed is the same field everywhere.

    Returns
    -------
    array (z, y, x), float32
    """
    places = [(np.asarray(axis, float) - o) / cell_mm for axis, o in zip(axes, np.asarray(origin_lps_mm), strict=True)]
    across, down, up = places
    field = _lattice(tuple(seed))
    for axis, place in enumerate((up, down, across)):
        field = _between(field, place, axis)
    scaled: npt.NDArray[np.float32] = field / np.float32(INTERPOLATED_SD)
    return scaled


@lru_cache(maxsize=4)
def _lattice(seed: tuple[int, ...]) -> npt.NDArray[np.float32]:
    lattice = np.random.default_rng(seed).standard_normal((CELLS,) * 3, np.float32)
    lattice.flags.writeable = False
    return lattice


def _between(field: npt.NDArray[np.float32], place: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float32]:
    low = np.floor(place)
    share = (place - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
    first = low.astype(int) % field.shape[axis]
    second = (first + 1) % field.shape[axis]
    between: npt.NDArray[np.float32] = np.take(field, first, axis) * (1 - share)
    between += np.take(field, second, axis) * share
    return between
