"""The cohort that evaluates: people, scanners, calcium and faults, drawn by seed in fixed shares.

Each block of `BLOCK` neighbouring seeds holds the same number of zeros, of left mains with calcium, of scans to be
refused and of scans with a caveat, in an order of its own.
"""

from dataclasses import replace

import numpy as np

from scoring.phantom.burden import BANDS, draw_plaques
from scoring.phantom.faults import CAVEATS, REFUSALS, with_caveat, with_refusal
from scoring.phantom.people import draw_distractors, draw_physique
from scoring.phantom.spec import PhantomSpec, Texture
from scoring.result import Vessel

BLOCK = 50
REFUSED_PER_BLOCK = 4
CAVEATS_PER_BLOCK = 5
ZERO_PER_BLOCK = 13

_SCANNERS = (
    # share, manufacturer, kernel, thickness, increment, texture
    (0.34, "SIEMENS", "B35f", 3.0, 3.0, Texture.SOFT),
    (0.10, "SIEMENS", "Qr36d", 3.0, 1.5, Texture.MEDIUM),
    (0.18, "GE MEDICAL SYSTEMS", "STANDARD", 2.5, 2.5, Texture.MEDIUM),
    (0.20, "Philips", "XCA", 3.0, 3.0, Texture.SOFT),
    (0.06, "Philips", "XCA", 2.5, 2.5, Texture.SOFT),
    (0.12, "TOSHIBA", "FC12", 3.0, 3.0, Texture.MEDIUM),
)


def evaluation_spec(seed: int) -> PhantomSpec:
    """A scan of the evaluation: richer in anatomy, look-alikes and faults than `random_spec`.

    Examples
    --------
    >>> evaluation_spec(4) == evaluation_spec(4)
    True
    """
    block, place = divmod(seed, BLOCK)
    orders = np.random.default_rng([block, 100])
    fault, burden = (int(orders.permutation(BLOCK)[place]) for _ in range(2))
    rng = np.random.default_rng([seed, 101])
    spec = _person(seed, rng)
    band, left_main = _burden(burden)
    spec = replace(
        spec,
        plaques=draw_plaques(rng, band, left_main=left_main, branches=_branches(spec)),
        distractors=draw_distractors(rng, spec.age_years),
    )
    if fault < REFUSED_PER_BLOCK:
        return with_refusal(spec, REFUSALS[(block * REFUSED_PER_BLOCK + fault) % len(REFUSALS)], rng)
    if fault < REFUSED_PER_BLOCK + CAVEATS_PER_BLOCK:
        number = block * CAVEATS_PER_BLOCK + fault - REFUSED_PER_BLOCK
        return with_caveat(spec, CAVEATS[number % len(CAVEATS)], rng)
    return spec


def _burden(place: int) -> tuple[tuple[float, float], bool]:
    """Range of the score of a place in the block, and whether its left main has calcium."""
    if place < ZERO_PER_BLOCK:
        return (0.0, 0.0), False
    place -= ZERO_PER_BLOCK
    return BANDS[place], place % 2 == 0


def _branches(spec: PhantomSpec) -> dict[Vessel, int]:
    ramus = spec.physique is not None and spec.physique.ramus
    return {Vessel.LAD: 3 if ramus else 2, Vessel.LCX: 2, Vessel.RCA: 2}


def _person(seed: int, rng: np.random.Generator) -> PhantomSpec:
    sex = str(rng.choice(("M", "F"), p=(0.58, 0.42)))
    age = int(np.clip(rng.normal(61, 9), 40, 86))
    scanner = _SCANNERS[int(rng.choice(len(_SCANNERS), p=[one[0] for one in _SCANNERS]))]
    _, manufacturer, kernel, thickness, increment, texture = scanner
    wide = rng.random() < 0.1
    noise = float(np.clip(rng.lognormal(np.log(15.5), 0.28), 8, 25))
    tilt = rng.normal(0, (2.5, 2.0, 4.0)) * (rng.random() < 0.3)
    narrow = float(rng.choice((180, 190, 200, 210, 220, 240, 250, 260)))
    return PhantomSpec(
        seed=seed,
        sex=sex,
        age_years=age,
        physique=draw_physique(rng, sex, age),
        fov_mm=float(rng.choice((350.0, 360.0, 400.0))) if wide else narrow,
        above_mm=140.0 if wide else float(rng.uniform(66, 84)),
        below_mm=135.0 if wide else float(rng.uniform(62, 78)),
        slice_thickness_mm=thickness,
        slice_increment_mm=increment,
        texture=texture,
        kernel=kernel,
        manufacturer=manufacturer,
        gated=not wide,
        kvp=float(rng.choice((120.0, 100.0), p=(0.9, 0.1))),
        noise_sd_hu=float(rng.uniform(25.5, 31)) if rng.random() < 0.04 else noise,
        uneven_noise=float(rng.uniform(0.2, 0.6)),
        blood_hu=float(np.clip(rng.normal(43, 4.5), 32, 56)),
        fov_shift_mm=(float(rng.normal(0, 4)), float(rng.normal(0, 4))),
        tilt_deg=(float(tilt[0]), float(tilt[1]), float(tilt[2])),
        padding_hu=-2048 if manufacturer in ("TOSHIBA", "GE MEDICAL SYSTEMS") else None,
    )
