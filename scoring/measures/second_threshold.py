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

SAME_DISTANCE_MM = 1e-6
"""Two distances that differ by less are the same: they are made of rounded spacings."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wider:
    """What lies between the two thresholds, by part: add it to what the part has."""

    pixels: npt.NDArray[np.int64]  # (p,)
    sum_hu: npt.NDArray[np.float64]  # (p,)


def wider_parts(
    volume: Volume,
    scored_flat: npt.NDArray[np.int64],
    part: npt.NDArray[np.int32],
    label_of_part: npt.NDArray[np.uint8],
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
        Part of each.
    label_of_part : (p,) uint8
        `Vessel.label` of each part: of two owners equally near the one with the lower label gets the pixel, and
        nobody comes last, so that it does not matter how the image lies.
    protocol : Protocol
        Its connectivity and threshold; voxels at or above the threshold that are not scored are nobody's.
    threshold_hu : float
        The lower one.
    """
    number = len(label_of_part)
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
    owner = _nearest(
        _where(volume, flat[upper], island[upper]),
        part_of_voxel[upper],
        label_of_part,
        _where(volume, flat[between], island[between]),
    )
    owned = owner >= 0
    return Wider(
        pixels=np.bincount(owner[owned], minlength=number),
        sum_hu=np.bincount(owner[owned], hu[between][owned], number).astype(float),
    )


def _nearest(
    upper: npt.NDArray[np.float64],
    part: npt.NDArray[np.int64],
    label_of_part: npt.NDArray[np.uint8],
    places: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """Part of the upper pixel that is nearest to each place, -1 where that is nobody's."""
    label = np.where(part >= 0, label_of_part[part], 0)
    chosen, least = np.full(len(places), -1, np.int64), np.full(len(places), np.inf)
    for one in (1, 2, 3, 4, 0):
        mine = np.flatnonzero(label == one)
        if not mine.size:
            continue
        distance, nearest = KDTree(upper[mine]).query(places)
        closer = distance < least - SAME_DISTANCE_MM
        least[closer] = distance[closer]
        chosen[closer] = part[mine[nearest[closer]]]
    return chosen


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
