"""The kVp rule: HU of calcium rise as the tube voltage falls, and the steps with them."""

import math
import re

from scoring.protocol.acquisition import Acquisition
from scoring.protocol.choices import ScoringChoices
from scoring.protocol.presets import STEPS_120_KVP_HU, Steps
from scoring.result import Finding, Severity, UnfitError

STEPS_BY_KVP_HU: dict[int, Steps] = {
    70: (207.0, 318.0, 477.0, 636.0),
    80: (177.0, 271.0, 408.0, 544.0),
    100: (145.0, 222.0, 334.0, 446.0),
    135: (119.0, 183.0, 274.0, 364.0),
}
"""Adapted steps: Graeni 2018 (doi 10.1093/ehjci/jey019) for 70 and 80 kVp; 100 and 135 kVp from code that cites it."""

READS_LOW_KVP = (70, 80)
"""Scores at these voltages read low even with adapted steps (Allio 2023), so the finding weakens the result."""

STANDARD_KVP = (115.0, 125.0)
"""Tube voltages at which the steps of 120 kVp hold as they are."""

POSSIBLE_KVP = (40.0, 200.0)
"""A value outside is no tube voltage of a CT scanner."""

ARTIFICIAL_120_KVP = re.compile(r"^Sa\d")
"""Siemens kernels whose images look like 120 kVp at every tube voltage (Booij 2020, doi 10.1007/s00330-020-06709-9)."""


def steps_for(choices: ScoringChoices, acquisition: Acquisition) -> tuple[Steps, tuple[Finding, ...]]:
    """HU steps of a series, and what was assumed or adapted.

    Raises
    ------
    UnfitError
        ``kvp``: the voltage is missing, impossible, or has no rule; a beam filtered by tin has none either.
    ValueError
        The rule is a word that is none of adapt, flag, refuse.
    """
    if choices.kvp_rule not in ("adapt", "flag", "refuse"):
        raise ValueError(f"kvp_rule must be adapt, flag or refuse, got {choices.kvp_rule!r}")
    stated = acquisition.kvp if acquisition.kvp and math.isfinite(acquisition.kvp) and acquisition.kvp > 0 else None
    if any(ARTIFICIAL_120_KVP.match(kernel.strip()) for kernel in acquisition.kernel.split("\\")):
        return STEPS_120_KVP_HU, _artificial(stated, tin=acquisition.tin_filter)
    findings = () if stated else (_assumed(choices.assume_kvp),)
    kvp = stated or choices.assume_kvp
    _check_possible(kvp)
    if STANDARD_KVP[0] <= kvp <= STANDARD_KVP[1] and not acquisition.tin_filter:
        return STEPS_120_KVP_HU, findings
    steps, finding = _other_beam(choices.kvp_rule, kvp, tin=acquisition.tin_filter)
    return steps, (*findings, finding)


def _artificial(kvp: float | None, *, tin: bool) -> tuple[Finding, ...]:
    if kvp is not None and STANDARD_KVP[0] <= kvp <= STANDARD_KVP[1] and not tin:
        return ()
    at = "an unstated tube voltage" if kvp is None else _beam(kvp, tin=tin)
    return (
        Finding(
            code="kvp",
            severity=Severity.NOTE,
            sentence=f"scanned at {at} with a kernel that shows calcium as at 120 kVp: scored with 130 HU",
            measured=kvp,
            unit=None if kvp is None else "kVp",
        ),
    )


def _beam(kvp: float, *, tin: bool) -> str:
    return f"{kvp:g} kVp through a tin filter" if tin else f"{kvp:g} kVp"


def _assumed(kvp: float) -> Finding:
    if not (math.isfinite(kvp) and kvp > 0):
        raise UnfitError(
            "kvp",
            "the images state no tube voltage (KVP), and the threshold for calcium depends on it: send the original "
            "images, or set [score] assume_kvp where the voltage is known",
        )
    return Finding(
        code="kvp",
        severity=Severity.WEAKENS,
        sentence=f"the images state no tube voltage (KVP): {kvp:g} kVp was assumed, as configured",
        measured=kvp,
        unit="kVp",
    )


def _check_possible(kvp: float) -> None:
    if not POSSIBLE_KVP[0] <= kvp <= POSSIBLE_KVP[1]:
        raise UnfitError(
            "kvp", f"KVP {kvp:g} is no tube voltage of a CT scanner: send the original images", measured=kvp, unit="kVp"
        )


def _other_beam(rule: str, kvp: float, *, tin: bool) -> tuple[Steps, Finding]:
    beam = _beam(kvp, tin=tin)
    if rule == "flag":
        return STEPS_120_KVP_HU, Finding(
            code="kvp",
            severity=Severity.WEAKENS,
            sentence=f"scanned at {beam} and scored with 130 HU as at 120 kVp: not comparable with a 120 kVp score",
            measured=kvp,
            unit="kVp",
        )
    if rule == "refuse":
        raise _refused(kvp, f"scanned at {beam}; this site scores 120 kVp only ([score] kvp_rule is refuse)")
    adapted = None if tin else STEPS_BY_KVP_HU.get(round(kvp))
    if adapted is None:
        known = ", ".join(str(voltage) for voltage in STEPS_BY_KVP_HU)
        plain = " without one" if tin else ""
        raise _refused(
            kvp,
            f"scanned at {beam}, for which no accepted threshold exists (there are some for {known} and 120 kVp"
            f'{plain}); [score] kvp_rule = "flag" would score it with 130 HU and a caveat',
        )
    return adapted, _adapted(kvp, adapted)


def _refused(kvp: float, sentence: str) -> UnfitError:
    return UnfitError("kvp", sentence, measured=kvp, unit="kVp")


def _adapted(kvp: float, steps: Steps) -> Finding:
    reads_low = round(kvp) in READS_LOW_KVP
    return Finding(
        code="kvp",
        severity=Severity.WEAKENS if reads_low else Severity.NOTE,
        sentence=(
            f"scanned at {kvp:g} kVp: threshold {steps[0]:g} HU and density steps {steps[1]:g}, {steps[2]:g}, "
            f"{steps[3]:g} HU were used; kVp-adapted, not comparable with a 120 kVp score"
            + (" and likely to read low" if reads_low else "")
        ),
        measured=kvp,
        unit="kVp",
    )
