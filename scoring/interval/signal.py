"""What lies under the noise of this scan: HU with as much of the noise taken off as the scan itself allows."""

import numpy as np
import numpy.typing as npt

from scoring.interval.noise import LAGS, Noise
from scoring.interval.raster import Indices, Raster
from scoring.interval.sites import Sites

Field = npt.NDArray[np.float32]

HALF_WINDOW_MM = 1.1
"""Mean and variance are taken in a square of the slice so far to each side: a deposit's own size."""
NARROWEST_WINDOW, WIDEST_WINDOW = 2, 3
CAUTION = 2.0
"""About its own peaks noise varies up to twice as much as on the mean: less than that is no sign of calcium."""
BEFORE, AFTER = 1, 2
"""Pixels that a cubic between two pixels reads: one before the first, and the second and one more after it."""


def signal_of(raster: Raster, sites: Sites, noise: Noise) -> Field:
    """HU under the noise, for every voxel that the repeats read: flat, in the box of the sites, 0 elsewhere.

    A voxel is drawn to the mean of its surroundings by the share that noise has in their variance
    (Lee 1980, doi 10.1109/TPAMI.1980.4766994): specks of noise shrink, edges of calcium stay.
    """
    wanted = _with_taps(sites)
    z, y, x = sites.voxels(wanted)
    widest = [round(HALF_WINDOW_MM / step) for step in raster.spacing_mm[1:]]
    half = np.clip(widest, NARROWEST_WINDOW, WIDEST_WINDOW)
    total, squares = np.zeros(len(wanted), np.float32), np.zeros(len(wanted), np.float32)
    offsets = [(dy, dx) for dy in range(-half[0], half[0] + 1) for dx in range(-half[1], half[1] + 1)]
    for dy, dx in offsets:
        hu = raster.values(z, y + dy, x + dx)
        total += hu
        squares += hu * hu
    mean = total / len(offsets)
    variance = squares / len(offsets) - mean * mean
    from_noise = noise.sd_hu**2 * (1.0 - _mean_correlation(noise, offsets))
    share = np.clip(1.0 - CAUTION * from_noise / np.maximum(variance, 1e-3), 0.0, 1.0)
    signal = np.zeros(int(np.prod(sites.shape)), np.float32)
    signal[wanted] = mean + share * (raster.values(z, y, x) - mean)
    return signal


def shifted(signal: Field, sites: Sites, fraction: tuple[float, float]) -> Field:
    """The signal on a pixel grid that lies this share of a pixel further (row, column), for `sites.fresh`."""
    steps = (sites.shape[2], 1)
    total = np.zeros(len(sites.fresh), np.float32)
    taps = range(-BEFORE, AFTER + 1)
    for dy, row_weight in zip(taps, _cubic(fraction[0]), strict=True):
        for dx, weight in zip(taps, row_weight * _cubic(fraction[1]), strict=True):
            total += np.float32(weight) * signal[sites.fresh + dy * steps[0] + dx * steps[1]]
    return total


def _cubic(fraction: float) -> npt.NDArray[np.float64]:
    """Weights of four neighbours of a point between the middle two (Keys 1981): unlike a line it blurs little."""
    t = fraction
    return 0.5 * np.array(
        [
            -t + 2 * t**2 - t**3,
            2 - 5 * t**2 + 3 * t**3,
            t + 4 * t**2 - 3 * t**3,
            -(t**2) + t**3,
        ]
    )


def _with_taps(sites: Sites) -> Indices:
    marked = np.zeros(sites.shape, bool).reshape(-1)
    for dy in range(-BEFORE, AFTER + 1):
        for dx in range(-BEFORE, AFTER + 1):
            marked[sites.fresh + dy * sites.shape[2] + dx] = True
    return np.flatnonzero(marked)


def _mean_correlation(noise: Noise, offsets: list[tuple[int, int]]) -> float:
    """Mean correlation of the pairs of a window: by so much noise varies less within it."""
    planar = noise.correlation[LAGS[0]]
    at = np.array(offsets)
    apart = at[:, None] - at[None]
    known = (np.abs(apart) <= np.array(LAGS[1:])).all(2)
    apart = np.clip(apart, -np.array(LAGS[1:]), LAGS[1:])
    return float(np.where(known, planar[apart[..., 0] + LAGS[1], apart[..., 1] + LAGS[2]], 0.0).mean())
