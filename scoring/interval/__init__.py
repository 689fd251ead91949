"""Interval: how far the score of a repeat scan of the same patient on the same scanner may lie.

In:      Volume, Anatomy (where blood is), Protocol, faint islands with their owners, this scan's scores.
Out:     Noise; Intervals of total and vessels, with the probability of each category; the published rescan limit.
Keeps:   nothing; the simulation's chance is seeded by a checksum of the scan's own HU.
Hostile: thousands of specks, no blood to measure, calcium at the edge of the scan: bounded work, or None.
Alone:   tests/scoring/interval; coverage on phantoms that are simulated again: `make interval`.
"""

from scoring.interval.estimate import Categories, Intervals, published_rescan_limit, repeat_intervals
from scoring.interval.noise import Noise, assumed_noise, measure_noise
from scoring.interval.seeds import Seeds, faint_protocol, find_seeds, lone_places

__all__ = [
    "Categories",
    "Intervals",
    "Noise",
    "Seeds",
    "assumed_noise",
    "faint_protocol",
    "find_seeds",
    "lone_places",
    "measure_noise",
    "published_rescan_limit",
    "repeat_intervals",
]
