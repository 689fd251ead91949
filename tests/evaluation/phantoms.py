"""Own phantoms by seed: every look-alike, maker, noise, field of view and fault that the generator knows."""

import numpy as np
from scipy.spatial import cKDTree

import scoring.phantom
from scoring.phantom import Phantom, PhantomSpec, make_phantom, random_spec
from scoring.phantom.deposits import distractor_deposit
from scoring.result import EXCLUDED_LABEL, LabelVolume, Vessel
from tests.evaluation.judged import REFUSED, SCORED, Case

GROUP = "phantoms"
LEFT_MAIN_EVERY = 3
"""Of so many cases one is drawn until it has calcium in the left main, so that 60 cases hold 20 of them."""
DRAWS = 200


def phantom_seed(seed: int, number: int) -> int:
    """Seed of the phantom `number` of an evaluation: no two evaluations share one."""
    return seed * 100_000 + number * DRAWS


def phantom_case(seed: int, number: int) -> Case:
    """Phantom `number` of the evaluation `seed`."""
    spec = _spec(phantom_seed(seed, number), with_left_main=number % LEFT_MAIN_EVERY == 0)
    phantom = make_phantom(spec)
    known, classes = _known(phantom)
    expect = str(getattr(phantom.truth, "expect", None) or getattr(spec, "expect", None) or SCORED)
    return Case(
        group=GROUP,
        name=f"phantom/{spec.seed}",
        about=_about(phantom),
        expect=REFUSED if spec.blood_hu > 100 else expect,
        volume=phantom.volume,
        acquisition=phantom.acquisition,
        demographics=phantom.demographics,
        total=phantom.truth.agatston,
        vessels=phantom.truth.vessels,
        known=known,
        look_alikes=classes,
        noise_sd_hu=spec.noise_sd_hu,
    )


def _spec(seed: int, *, with_left_main: bool) -> PhantomSpec:
    draw = getattr(scoring.phantom, "evaluation_spec", random_spec)
    specs = (draw(seed + step) for step in range(DRAWS))
    first: PhantomSpec = next(specs)
    if not with_left_main or _has_left_main(first):
        return first
    return next((spec for spec in specs if _has_left_main(spec)), first)


def _has_left_main(spec: PhantomSpec) -> bool:
    return any(plaque.vessel is Vessel.LM for plaque in spec.plaques)


def _known(phantom: Phantom) -> tuple[LabelVolume, dict[int, str]]:
    """Truth labels in which each kind of look-alike has its own label: that of the nearest deposit."""
    known = np.array(phantom.truth.labels)
    kinds = sorted({str(one.what) for one in phantom.spec.distractors})
    labels = {kind: EXCLUDED_LABEL + number for number, kind in enumerate(kinds)}
    places = np.argwhere(known == EXCLUDED_LABEL)
    if len(places):
        nearest = _nearest_kind(phantom, phantom.volume.to_lps_mm(places))
        known[tuple(places.T)] = [labels[kind] for kind in nearest]
    return known, {label: kind for kind, label in labels.items()}


def _nearest_kind(phantom: Phantom, points_lps_mm: np.ndarray) -> list[str]:
    trees = []
    for number, distractor in enumerate(phantom.spec.distractors):
        deposit = distractor_deposit(distractor, number, phantom.patient)
        trees.append(cKDTree(np.concatenate([_dense(line) for line in deposit.lines_lps_mm])))
    distances = np.stack([tree.query(points_lps_mm)[0] for tree in trees])
    return [str(phantom.spec.distractors[number].what) for number in distances.argmin(0)]


def _dense(line: np.ndarray) -> np.ndarray:
    if len(line) < 2:
        return line
    at = np.linspace(0, len(line) - 1, 20 * len(line))
    return np.stack([np.interp(at, np.arange(len(line)), axis) for axis in line.T], 1)


def _about(phantom: Phantom) -> str:
    spec = phantom.spec
    scanner = phantom.acquisition.manufacturer.split(" ")[0]
    said = (
        f"{scanner} {spec.fov_mm:.0f} mm, {spec.slice_increment_mm:g} mm, SD {spec.noise_sd_hu:.0f}, {spec.kvp:.0f} kVp"
    )
    fault = getattr(spec, "fault", None) or getattr(phantom.truth, "fault", None)
    return f"{said}, {fault}" if fault else said
