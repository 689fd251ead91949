"""What lies around a piece at full resolution: the share of fat in two shells."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.candidates import Islands
from scoring.coronary.pieces import Pieces
from scoring.volume import Volume

FAT_HU = (-250.0, -30.0)
SHELLS_MM = ((2.6, 4.6), (4.6, 7.5))
AIR_HU = -700.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictures:
    """What each piece is and what surrounds it: arrays of length p."""

    centre_mm: npt.NDArray[np.float64]  # (p, 3)
    voxels: npt.NDArray[np.intp]
    volume_mm3: npt.NDArray[np.float64]
    peak_hu: npt.NDArray[np.float64]
    slices: npt.NDArray[np.intp]  # number of slices
    fat_share: npt.NDArray[np.float64]  # the larger of the two shells
    air_share: npt.NDArray[np.float64]  # of the outer shell
    around_hu: npt.NDArray[np.float64]  # median of the inner shell


def describe(volume: Volume, islands: Islands, pieces: Pieces) -> Pictures:
    """Size, brightness and surroundings of every piece."""
    count = pieces.count
    members = np.flatnonzero(pieces.piece >= 0)
    of = pieces.piece[members]
    voxels = np.bincount(of, minlength=count)
    centre = np.stack([np.bincount(of, pieces.points_mm[members, k], count) for k in range(3)], 1) / voxels[:, None]
    peak = np.full(count, -np.inf)
    np.maximum.at(peak, of, islands.hu[members].astype(float))
    index = np.stack(np.unravel_index(islands.flat[members], islands.shape), 1)
    pairs = np.unique(np.stack([of, index[:, 0]]), axis=1)
    order = np.argsort(of, kind="stable")
    bounds = np.searchsorted(of[order], np.arange(count + 1))
    shares = [_shares(volume, index[order[bounds[k] : bounds[k + 1]]]) for k in range(count)]
    row, column = volume.pixel_spacing_mm
    return Pictures(
        centre_mm=centre,
        voxels=voxels,
        volume_mm3=voxels.astype(float) * (row * column * volume.slice_increment_mm),
        peak_hu=peak,
        slices=np.bincount(pairs[0], minlength=count),
        fat_share=np.array([share[0] for share in shares]),
        air_share=np.array([share[1] for share in shares]),
        around_hu=np.array([share[2] for share in shares]),
    )


def _shares(volume: Volume, index: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Fat in the shells, air in the outer one and HU of the inner one, over the slices of a piece."""
    fat, air, seen = np.zeros(2), 0.0, np.zeros(2)
    around = []
    for number in np.unique(index[:, 0]):
        patch, distance = _patch(volume, int(number), index[index[:, 0] == number, 1:])
        shells = [patch[(distance >= near) & (distance < far)] for near, far in SHELLS_MM]
        fat += [((shell > FAT_HU[0]) & (shell < FAT_HU[1])).sum() for shell in shells]
        seen += [len(shell) for shell in shells]
        air += float((shells[1] < AIR_HU).sum())
        around.append(shells[0])
    median = float(np.median(np.concatenate(around))) if seen[0] else float("nan")
    return float((fat / np.maximum(seen, 1)).max()), float(air / max(seen[1], 1)), median


def _patch(volume: Volume, number: int, pixels: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """The slice around some pixels and the distance to them."""
    reach = SHELLS_MM[-1][1]
    margin = [int(np.ceil(reach / step)) + 1 for step in volume.pixel_spacing_mm]
    low = np.maximum(pixels.min(0) - margin, 0)
    high = np.minimum(pixels.max(0) + margin + 1, volume.hu.shape[1:])
    patch = volume.hu[number, low[0] : high[0], low[1] : high[1]]
    away = np.ones(patch.shape, bool)
    away[pixels[:, 0] - low[0], pixels[:, 1] - low[1]] = False
    return patch, ndimage.distance_transform_edt(away, volume.pixel_spacing_mm)
