"""Own phantoms by seed: every look-alike, maker, noise, field of view and fault that the generator knows."""

import numpy as np
from scipy.spatial import cKDTree

from scoring.phantom import Phantom, evaluation_spec, make_phantom
from scoring.phantom.lookalikes import distractor_deposit
from scoring.result import EXCLUDED_LABEL, LabelVolume
from tests.evaluation.judged import Case

GROUP = "phantoms"
SEEDS_APART = 1000
"""Evaluations of neighbouring seeds share no phantom; a multiple of the cohort's block, so that its shares hold."""


def phantom_case(seed: int, number: int) -> Case:
    """Phantom `number` of the evaluation `seed`."""
    spec = evaluation_spec(seed * SEEDS_APART + number)
    phantom = make_phantom(spec)
    known, classes = _known(phantom)
    expectation = phantom.truth.expectation
    return Case(
        group=GROUP,
        name=f"phantom/{spec.seed}",
        about=_about(phantom),
        expect=expectation.expect,
        caveats=expectation.caveats,
        volume=phantom.volume,
        acquisition=phantom.acquisition,
        demographics=phantom.demographics,
        total=phantom.truth.agatston,
        vessels=phantom.truth.vessels,
        known=known,
        look_alikes=classes,
        noise_sd_hu=spec.noise_sd_hu,
    )


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
    said = f"{phantom.acquisition.manufacturer.split(' ')[0]} {spec.fov_mm:.0f} mm, {spec.slice_increment_mm:g} mm"
    said += f", SD {spec.noise_sd_hu:.0f}, {spec.kvp:.0f} kVp"
    expectation = phantom.truth.expectation
    faults = [
        *([f"must be refused: {expectation.reason_code}"] if expectation.reason_code else []),
        *expectation.caveats,
    ]
    return ", ".join([said, *faults])
