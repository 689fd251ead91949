"""How much calcium, and where: plaques for a wanted score, in real proportions of vessels and sites."""

from collections.abc import Mapping

import numpy as np

from scoring.phantom.spec import Plaque
from scoring.result import Vessel

Band = tuple[float, float]

_TINY, _LOW, _MIDDLE, _HIGH, _SEVERE = (2.0, 8.0), (8.0, 100.0), (100.0, 400.0), (400.0, 1000.0), (1000.0, 3000.0)

BANDS: tuple[Band, ...] = (_TINY,) * 4 + (_LOW,) * 9 + (_MIDDLE,) * 12 + (_HIGH,) * 8 + (_SEVERE,) * 4
"""Ranges of the wanted score of the cases that are not zero; with the zeros half of all lie below 100."""

VESSEL_SHARE = {Vessel.LAD: 0.50, Vessel.RCA: 0.30, Vessel.LCX: 0.20}
"""Of plaques beside those of the left main: LAD, then RCA, then LCX (after Alluri 2015)."""

LARGEST_RADIUS_MM, LONGEST_MM = 2.6, 34.0

_PER_MM3, _POWER, _DENSITY_POWER = 1.9, 0.97, 1.18
"""Agatston of a plaque by its volume and density, fitted to 218 phantom plaques (spread 40 %)."""


def draw_plaques(
    rng: np.random.Generator, band: Band, *, left_main: bool, branches: Mapping[Vessel, int]
) -> tuple[Plaque, ...]:
    """Plaques that together score about somewhere in a band; `branches` tells how many side branches there are."""
    low, high = band
    if high == 0:
        return ()
    wanted = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    count = 1 + int(rng.poisson((wanted / 60) ** 0.55))
    shares = rng.dirichlet(np.full(count + left_main, 1.3)) * wanted
    plaques = [_plaque(rng, _vessel(rng), float(share), branches) for share in shares[: count if left_main else None]]
    if left_main:
        plaques.append(_left_main(rng, float(np.clip(shares[-1], 4.0, 260.0))))
    # a clear cut: of what the smallest ones would score nobody knows whether it is seen
    return tuple(plaques)


def _vessel(rng: np.random.Generator) -> Vessel:
    return Vessel(str(rng.choice(list(VESSEL_SHARE), p=list(VESSEL_SHARE.values()))))


def _plaque(rng: np.random.Generator, vessel: Vessel, agatston: float, branches: Mapping[Vessel, int]) -> Plaque:
    branch = bool(rng.random() < 0.14)
    ostial = vessel is Vessel.RCA and not branch and rng.random() < 0.2
    radius, length, density = _size(rng, agatston, 1.2 if branch else LARGEST_RADIUS_MM)
    return Plaque(
        vessel=vessel,
        along=float(rng.uniform(0, 0.05) if ostial else np.clip(rng.beta(1.2, 2.0), 0.03, 0.97)),
        radius_mm=radius,
        length_mm=length,
        density_hu=density,
        branch=branch,
        which=int(rng.integers(branches[vessel])) if branch else 0,
        rough=float(rng.uniform(0, 0.6)),
    )


def _left_main(rng: np.random.Generator, agatston: float) -> Plaque:
    radius, length, density = _size(rng, agatston, 2.0)
    crosses = rng.random() < 0.4
    into = Vessel.LAD if rng.random() < 0.65 else Vessel.LCX
    return Plaque(
        vessel=Vessel.LM,
        along=float(rng.uniform(0.2, 0.9) if crosses else rng.choice((0.0, rng.uniform(0, 1)), p=(0.25, 0.75))),
        radius_mm=radius,
        length_mm=max(length, float(rng.uniform(7, 16))) if crosses else length,
        density_hu=density,
        into=into if crosses else None,
        rough=float(rng.uniform(0, 0.6)),
    )


def _size(rng: np.random.Generator, agatston: float, largest_mm: float) -> tuple[float, float, float]:
    """Radius, length and density of a plaque that scores about `agatston`."""
    agatston = max(agatston, 1.0)
    density = float(rng.uniform(320, 800) + 500 * rng.random() * min(agatston / 200, 1.0))
    volume = (agatston / _PER_MM3 / (density / 600) ** _DENSITY_POWER) ** (1 / _POWER)
    slender = float(np.exp(rng.uniform(0, np.log(6))))  # length against diameter
    radius = float(np.clip((volume / (2 * np.pi * (slender - 1 / 3))) ** (1 / 3), 0.45, largest_mm))
    length = (volume / np.pi / radius**2) + 2 / 3 * radius
    return radius, float(np.clip(length, 2 * radius, LONGEST_MM)), density
