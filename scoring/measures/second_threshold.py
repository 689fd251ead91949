"""Volume and mass above a threshold of their own, below that of the Agatston score (Philips: 100 mg/cm3).

The wider islands are found at the lower threshold. Only one that holds a scored island counts, so calcium
that scores nothing adds no volume; and a pixel between the two thresholds goes with the nearest pixel at or
above the upper one in its wider island: to that pixel's part, or to nobody where that pixel is not scored.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from scoring.candidates import patches
from scoring.protocol import Protocol
from scoring.volume import Volume

APART_MM = 1e5
"""Added between wider islands, so that the nearest pixel is one of the same island: no image is so wide."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wider:
    """What lies between the two thresholds, by part: add it to what the part has."""

    pixels: npt.NDArray[np.int64]  # (p,)
    sum_hu: npt.NDArray[np.float64]  # (p,)


def wider_parts(
    volume: Volume,
    scored_flat: npt.NDArray[np.int64],
    part: npt.NDArray[np.int32],
    number: int,
    protocol: Protocol,
    threshold_hu: float,
) -> Wider:
    """Pixels between `threshold_hu` and the protocol's threshold that belong to each part.

    Parameters
    ----------
    volume : Volume
    scored_flat : (w,) int
        Indices into the ravelled volume of the scored voxels, ascending.
    part : (w,) int
        Part of each, 0 to `number` - 1.
    number : int
    protocol : Protocol
        Its connectivity and threshold; voxels at or above the threshold that are not scored are nobody's.
    threshold_hu : float
        The lower one.
    """
    empty = Wider(pixels=np.zeros(number, np.int64), sum_hu=np.zeros(number))
    flat, hu = _bright_in_slices_of(volume, scored_flat, threshold_hu)
    shape = volume.hu.shape
    island = patches(flat, (shape[0], shape[1], shape[2]), protocol.connectivity)
    place = np.searchsorted(flat, scored_flat)
    holds = np.zeros(int(island.max(initial=-1)) + 1, bool)
    holds[island[place]] = True
    part_of_voxel = np.full(flat.size, -1, np.int64)
    part_of_voxel[place] = part
    upper = holds[island] & (hu >= protocol.threshold_hu)
    between = holds[island] & ~upper
    if not between.any():
        return empty
    _, nearest = KDTree(_where(volume, flat[upper], island[upper])).query(
        _where(volume, flat[between], island[between])
    )
    owner = part_of_voxel[upper][nearest]
    owned = owner >= 0
    return Wider(
        pixels=np.bincount(owner[owned], minlength=number),
        sum_hu=np.bincount(owner[owned], hu[between][owned], number).astype(float),
    )


def _bright_in_slices_of(
    volume: Volume, scored_flat: npt.NDArray[np.int64], threshold_hu: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Voxels at or above the threshold, and their HU, in the slices that hold scored voxels."""
    plane = volume.hu.shape[1] * volume.hu.shape[2]
    flat, hu = [np.zeros(0, np.int64)], [np.zeros(0)]
    for index in np.unique(scored_flat // plane):
        values = volume.hu[index].reshape(-1)
        inside = np.flatnonzero((values >= threshold_hu) & np.isfinite(values))
        flat.append(inside + index * plane)
        hu.append(values[inside].astype(float))
    return np.concatenate(flat), np.concatenate(hu)


def _where(volume: Volume, flat: npt.NDArray[np.int64], island: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    row, column = np.divmod(flat % (volume.hu.shape[1] * volume.hu.shape[2]), volume.hu.shape[2])
    row_mm, column_mm = volume.pixel_spacing_mm
    return np.stack([island * APART_MM, row * row_mm, column * column_mm], axis=1)
