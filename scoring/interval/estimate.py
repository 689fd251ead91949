"""The door: from a scan, its noise and its calcium to the interval of a repeat scan."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.interval.noise import Noise
from scoring.interval.raster import Raster, raster_of
from scoring.interval.repeats import simulate_repeats
from scoring.interval.seeds import Seeds
from scoring.interval.sites import Sites, find_sites
from scoring.protocol import Protocol
from scoring.result import Interval, RescanLimit, Vessel
from scoring.volume import Volume

Values = npt.NDArray[np.float64]

LEVEL = 0.95
COVERS = "noise and sampling of this scan"
MOST_SEEDS = 150_000
"""More voxels are no coronary calcium of a person (some 40,000 Agatston): no interval is worth the time then."""
USUAL_BMI = 27.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """A scheme of categories: their names, and which one an integer as printed belongs to."""

    names: Sequence[str]
    of: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Intervals of the total and of all four vessels."""

    total: Interval
    vessels: Mapping[Vessel, Interval]


def repeat_intervals(
    volume: Volume,
    noise: Noise,
    protocol: Protocol,
    seeds: Seeds,
    agatston: Mapping[Vessel, float],
    categories: Categories,
) -> Intervals | None:
    """Where the score of a repeat scan of the same patient on the same scanner may lie.

    Two simulated scans of one guessed patient differ by noise, slice positions and pixel grid, as the
    repeat differs from this scan. The interval holds 95 % of this scan's score plus such differences,
    and so the noise of both scans. It leaves out motion, another scanner, and what classification may
    do differently.

    Parameters
    ----------
    volume, noise, protocol
        The scan, its measured noise, and the rule it was scored with.
    seeds : Seeds
        From which voxels a repeat may count.
    agatston : mapping
        This scan's score of each vessel.
    categories : Categories
        Scheme for the probabilities, by the integer that would be printed.

    Returns
    -------
    Intervals or None
        None where so much is bright that it cannot be coronary calcium. The same scan, in whatever order
        its voxels are stored, gives the same numbers: the seed of the simulation is made from the data.
    """
    if len(seeds.flat) > MOST_SEEDS:
        return None
    scores = [float(agatston[vessel]) for vessel in Vessel]
    repeats = _repeats(raster_of(volume), seeds, noise, protocol)
    covers = COVERS if noise.measured else f"{COVERS}; noise could not be measured, {noise.sd_hu:.0f} HU assumed"
    total = _interval(sum(scores), repeats.sum(axis=2), categories, covers, published_rescan_limit(sum(scores)))
    return Intervals(
        total=total,
        vessels={
            vessel: _interval(scores[place], repeats[:, :, place], categories, covers, None)
            for place, vessel in enumerate(Vessel)
        },
    )


def published_rescan_limit(agatston: float, *, bmi: float = USUAL_BMI) -> RescanLimit:
    """95 % limit of the difference of two scans minutes apart in MESA (Chung 2008, PMID 18212206).

    Examples
    --------
    >>> [round(published_rescan_limit(score).agatston) for score in (0, 100, 400)]
    [1, 67, 167]
    """
    limit = 0.17 * agatston + 4.89 * agatston**0.5 + 0.44 * bmi - 10.84
    return RescanLimit(
        agatston=max(0.0, limit), source=f"Chung 2008 (MESA, two scans minutes apart; body mass index {bmi:g} assumed)"
    )


def _repeats(raster: Raster, seeds: Seeds, noise: Noise, protocol: Protocol) -> Values:
    if not len(seeds.flat):
        return np.zeros((2, 1, len(Vessel)))
    sites = find_sites(raster, seeds)
    return simulate_repeats(raster, sites, noise, protocol, _generator(raster, sites))


def _generator(raster: Raster, sites: Sites) -> np.random.Generator:
    """Chance that is the same for the same scan: its seed is a checksum of the HU at the sites."""
    hu = raster.values(*sites.voxels(sites.flat))
    return np.random.default_rng(zlib.crc32(hu.astype("<f4").tobytes()))


def _interval(
    agatston: float, repeats: Values, categories: Categories, covers: str, limit: RescanLimit | None
) -> Interval:
    apart = repeats[:, None] - repeats[None]
    possible = np.maximum(agatston + apart[~np.eye(len(repeats), dtype=bool)].ravel(), 0.0)
    low, high = np.quantile(possible, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(
        level=LEVEL,
        agatston=(float(min(low, agatston)), float(max(high, agatston))),
        covers=covers,
        category_probability=_shares(possible, categories),
        published_rescan_limit=limit,
    )


def _shares(possible: Values, categories: Categories) -> dict[str, float]:
    # As `printed_agatston`, for all at once: few integers are left to be looked up.
    printed, number = np.unique(np.where(possible > 0, np.maximum(np.floor(possible + 0.5), 1), 0), return_counts=True)
    times = dict.fromkeys(categories.names, 0)
    for value, count in zip(printed, number, strict=True):
        times[categories.of(int(value))] += int(count)
    return {name: count / possible.size for name, count in times.items()}
