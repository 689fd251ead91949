"""Scans that are to be refused, and scans whose score must carry a caveat."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from scoring.phantom.physique import Situs
from scoring.phantom.spec import Distractor, Look, PhantomSpec, Texture
from scoring.result import Vessel

METAL_HU = 6000.0
"""Density of metal: the image clips it at 3071 HU."""

STRUT_HU = 6000.0

Change = Callable[[PhantomSpec, np.random.Generator], PhantomSpec]

REFUSALS = ("contrast", "cut above", "noise", "cut beside", "kvp", "sharp", "thickness")
CAVEATS = (
    "stent", "motion", "mirrored", "graft", "lead", "steps", "streaks", "prosthetic valve", "dextrocardia", "cut below",
)  # fmt: skip


def with_refusal(spec: PhantomSpec, what: str, rng: np.random.Generator) -> PhantomSpec:
    """The scan made unfit in one of the ways of `REFUSALS`."""
    return _REFUSED[what](spec, rng)


def with_caveat(spec: PhantomSpec, what: str, rng: np.random.Generator) -> PhantomSpec:
    """The scan made doubtful in one of the ways of `CAVEATS`."""
    return _DOUBTFUL[what](spec, rng)


def _contrast(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, blood_hu=float(rng.uniform(150, 380)))


def _cut_above(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, above_mm=float(rng.uniform(5, 26)))


def _cut_beside(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    shift = float(rng.uniform(52, 70)) * float(rng.choice((-1, 1)))
    along_x = rng.random() < 0.7
    return replace(spec, fov_mm=180.0, fov_shift_mm=(shift, 0.0) if along_x else (0.0, shift), padding_hu=None)


def _noise(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, noise_sd_hu=float(rng.uniform(42, 60)))


def _sharp(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, noise_sd_hu=float(rng.uniform(42, 60)), texture=Texture.SHARP, kernel="B60f")


def _kvp(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, kvp=float(rng.choice((110.0, 130.0, 140.0))))


def _thickness(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    thickness = float(rng.choice((6.0, 7.0, 8.0)))
    return replace(spec, slice_thickness_mm=thickness, slice_increment_mm=thickness)


def _stent(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    vessel = Vessel(str(rng.choice(("LAD", "RCA", "LCX"), p=(0.5, 0.35, 0.15))))
    length, along = float(rng.uniform(12, 28)), float(rng.uniform(0.15, 0.45))
    return _adding(
        spec,
        Distractor(what=Look.STENT, along=along, radius_mm=0.24, length_mm=length, density_hu=STRUT_HU, vessel=vessel),
    )


def _graft(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    clips = Distractor(
        what=Look.CLIP, along=0.1, radius_mm=0.9, length_mm=float(rng.uniform(60, 95)), density_hu=METAL_HU
    )
    return _adding(spec, clips, *_wires())


def _wires() -> list[Distractor]:
    return [
        Distractor(what=Look.WIRE, along=along, radius_mm=0.5, density_hu=METAL_HU) for along in (0.05, 0.3, 0.55, 0.8)
    ]


def _lead(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:  # noqa: ARG001 - all changes are asked in one way
    return _adding(spec, Distractor(what=Look.LEAD, radius_mm=1.0, density_hu=METAL_HU))


def _valve(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:  # noqa: ARG001 - all changes are asked in one way
    natural = tuple(one for one in spec.distractors if one.what is not Look.AORTIC_VALVE)
    ring = Distractor(what=Look.VALVE_RING, radius_mm=0.7, density_hu=METAL_HU)
    return _adding(replace(spec, distractors=natural), ring, *_wires())


def _motion(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, motion_mm=float(rng.uniform(3.5, 7)))


def _steps(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, slab_step_mm=float(rng.uniform(4, 8)), slab_slices=int(rng.integers(8, 14)))


def _streaks(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, streak_hu=float(rng.uniform(16, 30)))


def _mirrored(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:  # noqa: ARG001 - all changes are asked in one way
    return replace(spec, situs=Situs.INVERSUS)


def _dextrocardia(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:  # noqa: ARG001 - all changes are asked in one way
    return replace(spec, situs=Situs.DEXTROCARDIA)


def _cut_below(spec: PhantomSpec, rng: np.random.Generator) -> PhantomSpec:
    return replace(spec, below_mm=float(rng.uniform(8, 26)))


def _adding(spec: PhantomSpec, *more: Distractor) -> PhantomSpec:
    return replace(spec, distractors=(*spec.distractors, *more))


_REFUSED: dict[str, Change] = {
    "contrast": _contrast,
    "cut above": _cut_above,
    "cut beside": _cut_beside,
    "noise": _noise,
    "sharp": _sharp,
    "kvp": _kvp,
    "thickness": _thickness,
}
_DOUBTFUL: dict[str, Change] = {
    "stent": _stent,
    "graft": _graft,
    "lead": _lead,
    "prosthetic valve": _valve,
    "motion": _motion,
    "steps": _steps,
    "streaks": _streaks,
    "mirrored": _mirrored,
    "dextrocardia": _dextrocardia,
    "cut below": _cut_below,
}
