"""Who is scanned: the physique of women and men, and the look-alikes that age brings."""

import numpy as np

from scoring.phantom.physique import Dominance, Gullet, Physique
from scoring.phantom.spec import Distractor, Look
from scoring.result import Vessel


def draw_physique(rng: np.random.Generator, sex: str, age_years: int) -> Physique:
    """One adult: lean to fat, small to large, every dominance; fat and arteries go together."""
    fat = float(np.clip(rng.lognormal(np.log(3.4), 0.62), 0.4, 14.0))
    swim = float(np.clip(0.9 + 0.62 * fat * rng.uniform(0.7, 1.3), 2.3, 7.5))
    aorta = float(np.clip(rng.normal(32.5 if sex == "M" else 30.0, 2.6) + 0.09 * (age_years - 60), 26, 42))
    return Physique(
        heart_scale=float(np.clip(rng.normal(1.0, 0.045), 0.9, 1.15)),
        turn_deg=(float(rng.normal(0, 4)), float(rng.normal(0, 5)), float(rng.normal(0, 8))),
        ventricles=float(np.clip(rng.normal(1.0, 0.035), 0.93, 1.1)),
        atria=float(np.clip(rng.normal(1.0, 0.06) + 0.15 * (rng.random() < 0.12), 0.9, 1.28)),
        appendage=float(rng.uniform(0.8, 1.35)),
        aorta_mm=aorta,
        fat_mm=fat,
        groove_fill=float(np.clip(0.42 + 0.11 * fat + rng.normal(0, 0.1), 0.4, 1.25)),
        fat_brighter_hu=float(rng.uniform(14, 36)),
        strands_hu=float(rng.uniform(15, 70)),
        float_mm=swim,
        float_wave_mm=float(min(0.45 * swim, rng.uniform(0.6, 2.4))),
        bare_mm=float(np.clip(0.5 * fat + rng.normal(0, 0.3), 0.4, 3.6)),
        cover_mm=float(np.clip(0.9 * fat * rng.uniform(0.5, 1.2), 0.6, 6.0)),
        left_main_mm=float(rng.uniform(2, 4) if rng.random() < 0.12 else np.clip(rng.normal(10, 3.4), 4, 18)),
        dominance=Dominance(str(rng.choice(list(Dominance), p=(0.84, 0.09, 0.07)))),
        ramus=bool(rng.random() < 0.22),
        calibre=float((1.0 if sex == "M" else 0.92) * rng.uniform(0.85, 1.15)),
        vein_mm=float(rng.uniform(1.1, 2.4)),
        liver_dome_mm=float(rng.uniform(-42, 12)),
        chest_depth=float(rng.uniform(0.9, 1.06)),
        chest_shift_mm=float(rng.uniform(-2, 8)),
        front_mm=float(rng.uniform(1.5, 4.5) if rng.random() < 0.5 else rng.uniform(4.5, 15)),
        pericardial_fluid_mm=float(rng.uniform(3, 12)) if rng.random() < 0.06 else 0.0,
        pleural_fluid_mm=float(rng.uniform(12, 55)) if rng.random() < 0.06 else 0.0,
        implants=sex == "F" and bool(rng.random() < 0.08),
        gullet=Gullet.GAS if rng.random() < 0.55 else Gullet.CLOSED,
    )


_CHANCE = {
    Look.AORTIC_WALL: 0.45,
    Look.OSTIAL_WALL: 0.22,
    Look.ARCH: 0.2,
    Look.DESCENDING: 0.45,
    Look.AORTIC_VALVE: 0.28,
    Look.MITRAL_ANNULUS: 0.22,
    Look.PAPILLARY_MUSCLE: 0.06,
    Look.PERICARDIUM: 0.07,
    Look.NODE: 0.25,
    Look.GRANULOMA: 0.12,
    Look.BRONCHIAL_WALL: 0.25,
    Look.CARTILAGE: 0.4,
    Look.OSTEOPHYTE: 0.4,
    Look.GULLET: 0.07,
    Look.SPECK: 0.3,
}
"""Of a look-alike at 65 years; age moves it."""

_RADIUS_MM = {
    Look.NODE: (1.8, 4.5),
    Look.GRANULOMA: (1.5, 4.0),
    Look.SPECK: (0.5, 0.8),
    Look.PERICARDIUM: (0.8, 1.2),
    Look.BRONCHIAL_WALL: (0.7, 1.3),
    Look.CARTILAGE: (1.2, 3.0),
    Look.OSTEOPHYTE: (1.5, 3.0),
    Look.GULLET: (1.0, 2.5),
    Look.OSTIAL_WALL: (0.8, 1.6),
}
_LENGTH_MM = {
    Look.MITRAL_ANNULUS: (6, 30),
    Look.PERICARDIUM: (15, 40),
    Look.AORTIC_WALL: (4, 18),
    Look.OSTIAL_WALL: (3, 10),
    Look.ARCH: (5, 25),
    Look.DESCENDING: (4, 20),
    Look.BRONCHIAL_WALL: (4, 9),
    Look.CARTILAGE: (6, 25),
}


_SEVERAL = frozenset({Look.AORTIC_WALL, Look.DESCENDING, Look.BRONCHIAL_WALL, Look.CARTILAGE})


def draw_distractors(rng: np.random.Generator, age_years: int) -> tuple[Distractor, ...]:
    """Look-alikes of one person; aortic wall, descending aorta, bronchi and cartilage may have several."""
    older = float(np.clip((age_years - 40) / 25, 0.3, 1.5))
    found = []
    for what, chance in _CHANCE.items():
        count = rng.poisson(2 * chance * older) if what in _SEVERAL else rng.random() < chance * older
        found += [_distractor(rng, what) for _ in range(int(count))]
    return tuple(found)


def _distractor(rng: np.random.Generator, what: Look) -> Distractor:
    near = None
    if what is Look.OSTIAL_WALL:
        near = float(rng.uniform(2.5, 8.0))
    elif what is Look.MITRAL_ANNULUS and rng.random() < 0.4:  # it reaches the groove's fat
        near = float(rng.uniform(4.5, 8.0))
    return Distractor(
        what=what,
        along=float(rng.uniform(0, 1)),
        radius_mm=float(rng.uniform(*_RADIUS_MM.get(what, (0.8, 1.8)))),
        length_mm=float(rng.uniform(*_LENGTH_MM.get(what, (4, 9)))),
        density_hu=float(rng.uniform(200, 420) if what is Look.GULLET else rng.uniform(350, 1000)),
        near_mm=near,
        vessel=Vessel.RCA if rng.random() < 0.6 else Vessel.LM,
    )
