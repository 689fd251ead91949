"""Repeats of this scan, simulated: other noise, other slice positions, another pixel grid; each scored."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.candidates import patches
from scoring.interval.noise import BANK, Noise, noise_bank
from scoring.interval.profile import Shape, part_below
from scoring.interval.raster import Raster
from scoring.interval.signal import shifted, signal_of
from scoring.interval.sites import Sites
from scoring.protocol import Protocol
from scoring.result import Vessel

Field = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

SHAPES = 8
"""Guesses of what lies within the slices; two scans of one patient share theirs."""
MOST_SHIFTS, FEWEST_SHIFTS = 20, 6
"""Repeats of each guess; fewer where much calcium makes each one dear and its spread small."""
WORK = 1_600_000
"""Voxels times repeats: about a fifth of a second."""
BEYOND_NOISE = 4.5
"""Voxels that stay so many standard deviations below the threshold are never above it."""
GOLDEN = 0.618033988749895
VESSELS = len(Vessel)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Setting:
    """What all repeats share."""

    sites: Sites
    protocol: Protocol
    pixel_area_mm2: float
    per_pixel: float  # Agatston of one pixel of weight 1
    noise_sd_hu: float
    bank: Field  # flat


def simulate_repeats(
    raster: Raster, sites: Sites, noise: Noise, protocol: Protocol, rng: np.random.Generator
) -> Values:
    """Agatston scores of simulated repeats: (shifts, SHAPES, vessels).

    Entries of one shape are scans of one guessed patient: their differences are those of two scans.
    """
    step, row, column = raster.spacing_mm
    setting = _Setting(
        sites=sites,
        protocol=protocol,
        pixel_area_mm2=row * column,
        per_pixel=row * column * step / 3.0,
        noise_sd_hu=noise.sd_hu,
        bank=noise_bank(noise, rng).reshape(-1),
    )
    signal = signal_of(raster, sites, noise)
    shifts = int(np.clip(WORK // (SHAPES * len(sites.flat)), FEWEST_SHIFTS, MOST_SHIFTS))
    deposits = len(sites.label)
    fill, place = rng.uniform(1, 2, (SHAPES, deposits)), rng.random((SHAPES, deposits))
    # Every deposit gets its own positions of the slices: what a shift does to one says nothing of another.
    strata = rng.permuted(np.broadcast_to(np.arange(shifts), (SHAPES, deposits, shifts)), axis=2)
    phase = (strata + rng.random((SHAPES, deposits, shifts))) / shifts
    scores = np.empty((shifts, SHAPES, VESSELS))
    canvas = np.zeros(signal.size, np.float32)
    for k in range(shifts):
        canvas[sites.fresh] = shifted(signal, sites, ((k + 0.5) / shifts, (k * GOLDEN + 0.5) % 1.0))
        scores[k] = _scores(setting, canvas, (fill, place, phase[:, :, k]), rng)
    return scores


def _scores(setting: _Setting, canvas: Field, drawn: tuple[Values, Values, Values], rng: np.random.Generator) -> Values:
    """Scores of all shapes on one pixel grid."""
    sites, protocol = setting.sites, setting.protocol
    plane = sites.shape[1] * sites.shape[2]
    slices = [canvas[sites.flat + k * plane] for k in (-1, 0, 1, 2)]
    greatest = np.maximum.reduce(slices)
    kept = 2 * greatest - np.minimum.reduce(slices) >= protocol.threshold_hu - BEYOND_NOISE * setting.noise_sd_hu
    below, first, second, above = (hu[kept] for hu in slices)
    site, flat = sites.site[kept], sites.flat[kept]
    at = np.unravel_index(flat, sites.shape)
    places, values, owners = [], [], []
    for number in range(SHAPES):
        fill, place, share = (table[number].astype(np.float32)[site] for table in drawn)
        shape = Shape(fill=fill, place=place)
        hu = first - part_below(below, first, second, shape, share) + part_below(first, second, above, shape, share)
        hu = np.rint(hu + setting.bank[_into_bank(at, rng)])
        bright = np.flatnonzero(hu >= protocol.threshold_hu)
        places.append(flat[bright] + number * sites.shape[0] * plane)
        values.append(hu[bright])
        owners.append(sites.label[site[bright]])
    stack = (SHAPES * sites.shape[0], sites.shape[1], sites.shape[2])
    return _agatston(setting, np.concatenate(places), np.concatenate(values), np.concatenate(owners), stack)


def _into_bank(at: tuple[npt.NDArray[np.intp], ...], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    z, y, x = (index + int(rng.integers(size)) & size - 1 for index, size in zip(at, BANK, strict=True))
    into: npt.NDArray[np.int64] = (z * BANK[1] + y) * BANK[2] + x
    return into


def _agatston(
    setting: _Setting,
    flat: npt.NDArray[np.int64],
    hu: Field,
    owner: npt.NDArray[np.uint8],
    stack: tuple[int, int, int],
) -> Values:
    """Score of each shape and vessel: the rule of `measures`, for many scans stacked as slices of one."""
    if not flat.size:
        return np.zeros((SHAPES, VESSELS))
    island = patches(flat, stack, setting.protocol.connectivity)
    enough = setting.protocol.large_enough(np.bincount(island), setting.pixel_area_mm2)[island]
    scan = flat // (stack[0] // SHAPES * stack[1] * stack[2])
    part = island.astype(np.int64) * (VESSELS + 1) + owner
    peak_hu = np.full((int(island.max()) + 1) * (VESSELS + 1), -np.inf, np.float32)
    np.maximum.at(peak_hu, part, hu)
    weight = setting.protocol.weight(peak_hu[part]) * enough * setting.per_pixel
    score: Values = np.bincount(scan * VESSELS + owner - 1, weight, SHAPES * VESSELS).astype(float)
    return score.reshape(SHAPES, VESSELS)
