"""Findings from the image: every check of it in order, and what could not be judged."""

import math

import numpy as np

from scoring.anatomy import Anatomy
from scoring.protocol import Protocol
from scoring.quality.coverage import coverage, padding
from scoring.quality.limits import LIMITS
from scoring.quality.metal import find_bright, metal
from scoring.quality.motion import Motion, measure_motion, motion
from scoring.quality.sides import mirrored, side_percent
from scoring.quality.stent import stents
from scoring.quality.streak import streak_ratio, streaks
from scoring.quality.swarm import swarm
from scoring.result import Finding, Severity
from scoring.volume import Volume

WITHOUT_MINIMUM_MM2 = 0.45
"""A protocol that keeps smaller islands breaks at less noise."""

TWIN_ROWS = 16
"""Slices are compared in every so manieth row before they are compared whole."""


def image_findings(volume: Volume, anatomy: Anatomy, protocol: Protocol) -> list[Finding]:
    """Everything that the image shows against the score.

    Parameters
    ----------
    volume : Volume
        The scan.
    anatomy : Anatomy
        What was found in it: blood, noise, the heart's place.
    protocol : Protocol
        Its minimum size decides how much noise it bears.
    """
    moved, ratio, side = measure_motion(volume, anatomy), streak_ratio(volume, anatomy), side_percent(anatomy)
    noise = _noise(volume, anatomy, protocol)
    if not _refuses(noise):  # else the specks are those of the noise that was measured
        noise += swarm(volume, anatomy, protocol)
    return [
        *_contrast(anatomy),
        *mirrored(anatomy, side),
        *coverage(anatomy),
        *noise,
        *_core(anatomy),
        *_aorta(anatomy),
        *metal(volume, anatomy, find_bright(volume, anatomy)),
        # Among specks all over the heart every other one looks like a piece of a stent, and each is looked at closely.
        *([] if _refuses(noise) else stents(volume, anatomy)),
        *motion(moved),
        *streaks(ratio),
        *padding(anatomy),
        *_twins(volume),
        _not_judged(moved, ratio, side),
    ]


def _refuses(findings: list[Finding]) -> bool:
    return any(finding.severity is Severity.REFUSE for finding in findings)


def _contrast(anatomy: Anatomy) -> list[Finding]:
    hu = anatomy.blood.hu
    if not math.isfinite(hu):
        sentence = "blood could not be measured: whether there is contrast medium is not known"
        return [Finding(code="contrast", severity=Severity.WEAKENS, sentence=sentence)]
    severity = LIMITS["contrast"].severity(hu)
    if severity is None:
        return []
    said = f"blood in the heart and great vessels measures {hu:.0f} HU where 35 to 50 HU are usual"
    if severity is Severity.REFUSE:
        said = (
            f"not scored: blood in the heart and great vessels measures {hu:.0f} HU, above 100 HU: the series has "
            "contrast medium; send the series without it"
        )
    return [Finding(code="contrast", severity=severity, sentence=said, measured=hu, unit="HU")]


def _noise(volume: Volume, anatomy: Anatomy, protocol: Protocol) -> list[Finding]:
    sd = anatomy.blood.noise_sd_hu
    if not math.isfinite(sd):
        sentence = "noise could not be measured: no vessel was wide enough"
        return [Finding(code="noise", severity=Severity.WEAKENS, sentence=sentence)]
    row, column = volume.pixel_spacing_mm
    smallest = max(protocol.minimum_area_mm2, protocol.minimum_pixels * row * column)
    limit = LIMITS["noise" if smallest >= WITHOUT_MINIMUM_MM2 else "noise_without_minimum"]
    severity = limit.severity(sd)
    if severity is None:
        return []
    said = f"noise in blood is {sd:.0f} HU (standard deviation): specks of noise can pass the threshold"
    if severity is Severity.REFUSE:
        said = (
            f"not scored: noise in blood is {sd:.0f} HU (standard deviation), above {limit.refuse:.0f} HU: noise alone "
            "passes the threshold; send a softer or thicker reconstruction"
        )
    return [Finding(code="noise", severity=severity, sentence=said, measured=sd, unit="HU")]


def _core(anatomy: Anatomy) -> list[Finding]:
    strength = anatomy.core_strength_mm
    severity = LIMITS["core"].severity(strength)
    if severity is None:
        return []
    sentence = (
        f"the heart was found with little certainty: its soft core between the lungs has a radius of {strength:.0f} mm "
        "where 13 to 27 mm are usual; it may be cut or displaced"
    )
    return [Finding(code="anatomy", severity=severity, sentence=sentence, measured=strength, unit="mm")]


def _aorta(anatomy: Anatomy) -> list[Finding]:
    confidence = anatomy.aorta_confidence
    severity = LIMITS["aorta"].severity(confidence)
    if severity is None:
        return []
    sentence = (
        f"the ascending aorta was not traced with confidence ({confidence:.1f} of 1): which calcium lies in its wall "
        "and which in the left main or the right coronary artery is less sure"
    )
    return [Finding(code="anatomy", severity=severity, sentence=sentence, measured=confidence)]


def _twins(volume: Volume) -> list[Finding]:
    """Neighbouring slices that hold the same image."""
    thin = volume.hu[:, ::TWIN_ROWS]
    alike = [k for k in range(len(thin) - 1) if np.array_equal(thin[k], thin[k + 1])]
    twins = sum(1 for k in alike if np.array_equal(volume.hu[k], volume.hu[k + 1]))
    severity = LIMITS["duplicates"].severity(twins)
    if severity is None:
        return []
    sentence = (
        f"not scored: {twins} slice{'s hold' if twins > 1 else ' holds'} the same image as the next one: calcium would "
        "count more than once; send the series again"
    )
    return [Finding(code="duplicates", severity=severity, sentence=sentence, measured=float(twins), unit="slices")]


def _not_judged(moved: Motion, ratio: float, side: float) -> Finding:
    """What no check looks at, and what could not be measured in this scan."""
    sentence = (
        "not recognised: a coronary artery smeared by its own motion, a stent filled by calcium, a bypass graft "
        "without metal; look at the images"
    )
    unknown = [
        name
        for name, figure in (
            ("doubling of the heart's border", moved.doubling_mm),
            ("steps between slices", moved.step_mm),
            ("streaks", ratio),
            ("the side of the heart", side),
        )
        if not math.isfinite(figure)
    ]
    if unknown:
        sentence += f". Not known in this scan, for want of what it shows: {', '.join(unknown)}"
    return Finding(code="not_judged", severity=Severity.NOTE, sentence=sentence)
