"""What is to be expected of a node that is given a phantom: derived from its specification and its geometry."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.patient import Patient
from scoring.phantom.physique import Situs
from scoring.phantom.scan import Stack
from scoring.phantom.spec import Look, PhantomSpec
from scoring.result import Vessel

CONTRAST_HU = 100.0
NOISE_HU = 35.0
CAUTION_NOISE_HU = 25.0
THICKNESS_MM = 5.0
CAUTION_THICKNESS_MM = 3.5
KVP_WITH_RULE = (70.0, 80.0, 100.0, 120.0, 135.0)
"""Limits of the quality table and of the kVp rule (scoring reference, quality and tube voltage)."""

HEADROOM_MM = 4.0
"""The uppermost slice must lie this far above the left main and the ostia, else they are cut."""

CUT_BELOW_MM = 5.0
CUT_BESIDE_MM = 8.0
"""How much of the heart may lie below the last slice, or outside the field of view."""

_CAVEATS = {
    Look.STENT: "stent_possible",
    Look.CLIP: "cabg_possible",
    Look.LEAD: "metal",
    Look.VALVE_RING: "metal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Scored or refused, why, and what a score must own up to.

    Each caveat is a code; a node satisfies it with a finding that weakens the score, or by refusing.
    """

    expect: str = "scored"  # or "refused"
    reason_code: str | None = None
    caveats: tuple[str, ...] = ()


def expectation_of(spec: PhantomSpec, patient: Patient, stack: Stack) -> Expectation:
    """Refusals in the order in which a node gives its reason: contrast, coverage, noise, kVp, thickness."""
    caveats = _caveats(spec, patient, stack)
    refusals = {
        "contrast": spec.blood_hu > CONTRAST_HU,
        "coverage": _is_cut(patient, stack),
        "noise": spec.noise_sd_hu > NOISE_HU,
        "kvp": spec.kvp not in KVP_WITH_RULE,
        "thickness": spec.slice_thickness_mm > THICKNESS_MM,
    }
    reason = next((code for code, refused in refusals.items() if refused), None)
    return Expectation(expect="scored" if reason is None else "refused", reason_code=reason, caveats=caveats)


def _caveats(spec: PhantomSpec, patient: Patient, stack: Stack) -> tuple[str, ...]:
    found = {code for look, code in _CAVEATS.items() if any(one.what is look for one in spec.distractors)}
    found |= {
        code
        for code, present in {
            "mirrored": spec.situs is not Situs.USUAL,
            "motion_possible": spec.motion_mm > 0 or spec.slab_step_mm > 0,
            "streak": spec.streak_hu > 0,
            "noise": spec.noise_sd_hu > CAUTION_NOISE_HU,
            "thickness": spec.slice_thickness_mm > CAUTION_THICKNESS_MM,
            "coverage": stack.z[0] - stack.thickness_mm / 2 > _lowest_mm(patient) + CUT_BELOW_MM,
        }.items()
        if present
    }
    return tuple(sorted(found))


def _surface(patient: Patient) -> npt.NDArray[np.float64]:
    """Points on the muscle's outside: enough for its extent."""
    course = [patient.tree.main[vessel].points_lps_mm for vessel in Vessel]
    ends = patient.frame.to_lps(
        [(-50, 8, -3), (-10, -60, -12), (-5, 52, 25), (48, -10, -8), (46, -46, -38), (38, -42, -46), (-1, -30, -46)]
    )
    return np.vstack([*course, ends])


def _lowest_mm(patient: Patient) -> float:
    return float(_surface(patient)[:, 2].min())


def _is_cut(patient: Patient, stack: Stack) -> bool:
    trunk = [patient.tree.main[vessel].points_lps_mm for vessel in (Vessel.LM, Vessel.RCA)]
    highest = max(float(points[:, 2].max()) for points in trunk)
    if stack.z[-1] + stack.thickness_mm / 2 < highest + HEADROOM_MM:
        return True
    surface = _surface(patient)
    low, high = surface[:, :2].min(0), surface[:, :2].max(0)
    begin, end = np.array([stack.x[0], stack.y[0]]), np.array([stack.x[-1], stack.y[-1]])
    return bool((begin - low > CUT_BESIDE_MM).any() or (high - end > CUT_BESIDE_MM).any())
