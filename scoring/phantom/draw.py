"""Specifications: one at random, and the one that the demo shows."""

import numpy as np

from scoring.phantom.spec import Distractor, Look, PhantomSpec, Plaque
from scoring.result import Vessel

ZERO_SHARE = 0.22
"""Share of random phantoms without any plaque."""

VESSEL_SHARE = {Vessel.LM: 0.10, Vessel.LAD: 0.46, Vessel.LCX: 0.17, Vessel.RCA: 0.27}
"""Where a plaque lies (design choice after Alluri 2015: LAD 44 %, RCA 12, LCX 10, LM 6 of all with new calcium)."""


def random_spec(seed: int) -> PhantomSpec:
    """A gated calcium scan of somebody: about a fifth without calcium, half below 100, a few above 1000."""
    rng = np.random.default_rng([seed, 0])
    thickness, increment = ((3.0, 3.0), (2.5, 2.5), (3.0, 1.5))[int(rng.choice(3, p=(0.75, 0.17, 0.08)))]
    return PhantomSpec(
        seed=seed,
        fov_mm=float(rng.choice((200.0, 220.0, 240.0, 250.0, 260.0))),
        slice_thickness_mm=thickness,
        slice_increment_mm=increment,
        noise_sd_hu=float(np.clip(rng.normal(15.5, 2.2), 11, 21)),
        blood_hu=float(rng.uniform(36, 48)),
        plaques=_plaques(rng),
        distractors=_distractors(rng),
        sex=str(rng.choice(("M", "F"))),
        age_years=int(rng.integers(45, 81)),
    )


def _plaques(rng: np.random.Generator) -> tuple[Plaque, ...]:
    if rng.random() < ZERO_SHARE:
        return ()
    burden = float(rng.beta(1.0, 1.5))  # 0 a fleck, 1 severe
    count = 1 + int(rng.poisson(0.6 + 11 * burden))
    vessels = rng.choice(list(VESSEL_SHARE), size=count, p=list(VESSEL_SHARE.values()))
    return tuple(_plaque(rng, Vessel(vessel), burden) for vessel in vessels)


def _plaque(rng: np.random.Generator, vessel: Vessel, burden: float) -> Plaque:
    radius = float(np.clip(rng.lognormal(np.log(0.75 + 0.6 * burden + 0.4 * burden**2), 0.25), 0.5, 2.6))
    branch = vessel is not Vessel.LM and bool(rng.random() < 0.1)
    return Plaque(
        vessel=vessel,
        along=float(rng.uniform(0.15, 0.95) if vessel is Vessel.LM else rng.beta(1.3, 2.2) * 0.9 + 0.04),
        radius_mm=min(radius, 1.2) if branch else radius,
        length_mm=float(2 * radius + rng.exponential(2.0 + 7.0 * burden)),
        density_hu=float(rng.uniform(300, 700) + 500 * burden * rng.random()),
        branch=branch,
    )


def _distractors(rng: np.random.Generator) -> tuple[Distractor, ...]:
    chance = {
        Look.AORTIC_WALL: 0.5,
        Look.AORTIC_VALVE: 0.3,
        Look.MITRAL_ANNULUS: 0.2,
        Look.PAPILLARY_MUSCLE: 0.06,
        Look.PERICARDIUM: 0.06,
        Look.NODE: 0.25,
        Look.SPECK: 0.3,
    }
    size = {Look.NODE: (2.0, 4.5), Look.SPECK: (0.5, 0.8), Look.PERICARDIUM: (0.8, 1.2)}
    long = {Look.MITRAL_ANNULUS: (6, 26), Look.PERICARDIUM: (15, 40), Look.AORTIC_WALL: (4, 18)}
    return tuple(
        Distractor(
            what=what,
            along=float(rng.uniform(0, 1)),
            radius_mm=float(rng.uniform(*size.get(what, (0.8, 1.8)))),
            length_mm=float(rng.uniform(*long.get(what, (4, 9)))),
            density_hu=float(rng.uniform(350, 1000)),
        )
        for what, share in chance.items()
        if rng.random() < share
    )


def demo_spec() -> PhantomSpec:
    """The scan that the demo pushes: known plaque in all four vessels, look-alikes on aortic wall and valve."""
    return PhantomSpec(
        seed=7,
        age_years=58,
        sex="M",
        plaques=(
            Plaque(vessel=Vessel.LM, along=0.5, radius_mm=1.2, length_mm=4.0, density_hu=700),
            Plaque(vessel=Vessel.LAD, along=0.16, radius_mm=1.3, length_mm=10.0, density_hu=800),
            Plaque(vessel=Vessel.LAD, along=0.45, radius_mm=1.0, length_mm=5.0, density_hu=650),
            Plaque(vessel=Vessel.LCX, along=0.42, radius_mm=1.1, length_mm=6.0, density_hu=700),
            Plaque(vessel=Vessel.RCA, along=0.22, radius_mm=1.2, length_mm=8.0, density_hu=750),
            Plaque(vessel=Vessel.RCA, along=0.62, radius_mm=1.0, length_mm=5.0, density_hu=600),
        ),
        distractors=(
            Distractor(what=Look.AORTIC_WALL, along=0.55, radius_mm=1.3, length_mm=12.0, density_hu=750),
            Distractor(what=Look.AORTIC_VALVE, along=0.5, radius_mm=1.0, length_mm=9.0, density_hu=700),
        ),
    )
