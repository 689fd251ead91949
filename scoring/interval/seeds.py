"""From which voxels of this scan a repeat may count: what counted, its faint rim, and what nearly counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scoring.candidates import Indices, Islands
from scoring.interval.noise import Noise
from scoring.protocol import Protocol
from scoring.result import EXCLUDED_LABEL, Vessel

FAINT_NOISE_SD = 3.0
"""So many standard deviations above blood a voxel may be calcium that blur or chance kept below the threshold."""
LONE_NOISE_SD = 4.0
"""A faint place on its own must reach so high: of the voxels along the arteries some hundred pass three by noise."""
LEAST_BELOW_HU = 5.0
USUAL_BLOOD_HU = 45.0
MOST_FAINT = 4000
"""Voxels of faint places without counted calcium, the brightest first: it bounds the work, not the rule."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seeds:
    """Voxels of this scan from which a repeat may count: m voxels in any order, and what must not be counted."""

    flat: Indices  # (m,) places in the scan's flat order, each once
    label: npt.NDArray[np.uint8]  # (m,) Vessel.label
    blocked: Indices  # voxels of something else


def faint_protocol(protocol: Protocol, blood_hu: float, noise: Noise) -> Protocol:
    """The protocol with its threshold lowered to what a repeat could lift above it; its minimum size stays."""
    lowest = min(_above_blood(blood_hu, FAINT_NOISE_SD * noise.sd_hu), protocol.threshold_hu - LEAST_BELOW_HU)
    steps = (lowest, *protocol.weight_steps_hu[1:])
    return replace(protocol, threshold_hu=lowest, weight_steps_hu=steps, volume_threshold_hu=None)


def lone_places(faint: Islands, protocol: Protocol, blood_hu: float, noise: Noise) -> npt.NDArray[np.intp]:
    """Numbers of the faint islands that may be calcium by themselves, if they lie where an artery could run."""
    high = faint.peak_hu >= _above_blood(blood_hu, LONE_NOISE_SD * noise.sd_hu)
    return np.flatnonzero((faint.large_enough & high) | (faint.peak_hu >= protocol.threshold_hu))


def find_seeds(faint: Islands, label_of_voxel: npt.NDArray[np.uint8], near: Mapping[int, Vessel]) -> Seeds:
    """Sort the faint islands by what they hold.

    Parameters
    ----------
    faint : Islands
        Found with `faint_protocol`.
    label_of_voxel : (v,) uint8
        Beside `faint.flat`: 1 to 4 where the scan's own score counts the voxel or could if its island were
        larger, `EXCLUDED_LABEL` where it is calcium of something else, 0 elsewhere.
    near : mapping
        Faint islands that lie where a coronary artery could run, and whose it would be.

    Returns
    -------
    Seeds
        An island that holds calcium of one kind is of that kind; where it holds both, its bright voxels
        keep theirs and the rest stays out.
    """
    count = len(faint)
    owned = (label_of_voxel > 0) & (label_of_voxel != EXCLUDED_LABEL)
    foreign = label_of_voxel == EXCLUDED_LABEL
    of_island = np.zeros(count, np.uint8)
    of_island[faint.island[owned]] = label_of_voxel[owned]
    has_foreign = np.bincount(faint.island, foreign, count) > 0
    held = of_island > 0
    for island in _brightest(faint, [k for k in near if not held[k] and not has_foreign[k]]):
        of_island[island] = near[island].label
    label = np.where(owned, label_of_voxel, np.where(has_foreign[faint.island], 0, of_island[faint.island]))
    seed = label > 0
    return Seeds(
        flat=faint.flat[seed],
        label=label[seed].astype(np.uint8),
        blocked=faint.flat[has_foreign[faint.island] & ~owned],
    )


def _brightest(faint: Islands, islands: list[int]) -> list[int]:
    order = sorted(islands, key=lambda island: (-faint.peak_hu[island], island))
    room = np.cumsum([faint.pixels[island] for island in order]) <= MOST_FAINT
    return [island for island, fits in zip(order, room, strict=True) if fits]


def _above_blood(blood_hu: float, by_hu: float) -> float:
    return (blood_hu if np.isfinite(blood_hu) else USUAL_BLOOD_HU) + by_hu
