"""Findings from what the header says and from the geometry of the stack."""

import re

import numpy as np

from scoring.protocol import Acquisition, Gating
from scoring.quality.limits import LIMITS
from scoring.result import Demographics, Finding, Severity
from scoring.volume import Volume

SHARP_KERNEL = re.compile(r"^(?:[BIQHTJ][a-z]{0,2}[5-9]\d|FC(?:3\d|[58]\d)|BONE|LUNG|EDGE|Y[A-E]|[ELD]$)")
"""Sharp by name: Siemens from 50, Canon FC30s, 50s and 80s, GE and Philips words and letters."""
OVERLAP_SHARE = 0.98


def header_findings(volume: Volume, acquisition: Acquisition, demographics: Demographics) -> list[Finding]:
    """Thickness, increment, tilt, kernel, gating, contrast tag and demographics.

    Parameters
    ----------
    volume : Volume
        For increment and tilt.
    acquisition : Acquisition
        What the header says; what it leaves out is said too.
    demographics : Demographics
        Why age or sex is not used.
    """
    findings = [*_thickness(acquisition), *_increment(volume, acquisition), *_tilt(volume)]
    findings += [*_kernel(acquisition), *_gating(acquisition)]
    if acquisition.contrast_stated:
        sentence = "the header names a contrast agent; whether there is any in the images is measured"
        findings.append(Finding(code="contrast", severity=Severity.WEAKENS, sentence=sentence))
    if demographics.withheld:
        findings.append(Finding(code="demographics", severity=Severity.NOTE, sentence=demographics.withheld))
    return findings


def _thickness(acquisition: Acquisition) -> list[Finding]:
    thickness = acquisition.slice_thickness_mm
    if thickness is None:
        sentence = "the header states no slice thickness: whether the score is comparable is not known"
        return [Finding(code="thickness", severity=Severity.WEAKENS, sentence=sentence)]
    severity = LIMITS["thickness_thick"].severity(thickness) or LIMITS["thickness_thin"].severity(thickness)
    if severity is None:
        return []
    if severity is Severity.REFUSE:
        sentence = f"not scored: slices are {thickness:g} mm thick, above 5 mm; send a reconstruction of 3 mm"
    elif severity is Severity.WEAKENS:
        sentence = f"slices are {thickness:g} mm thick where the score is defined for 3 mm: not comparable"
    else:
        sentence = (
            f"slices are {thickness:g} mm thick where the score is defined for 3 mm: compare it with scores of the "
            "same thickness"
        )
    return [Finding(code="thickness", severity=severity, sentence=sentence, measured=thickness, unit="mm")]


def _increment(volume: Volume, acquisition: Acquisition) -> list[Finding]:
    thickness, increment = acquisition.slice_thickness_mm, volume.slice_increment_mm
    if not thickness:
        return []
    if increment < OVERLAP_SHARE * thickness:
        sentence = (
            f"slices of {thickness:g} mm overlap: one every {increment:g} mm; the score is weighted by the increment, "
            "and not comparable with one of contiguous slices"
        )
        return [Finding(code="increment", severity=Severity.NOTE, sentence=sentence, measured=increment, unit="mm")]
    gap = 100.0 * (increment / thickness - 1.0)
    severity = LIMITS["gap"].severity(gap)
    if severity is None:
        return []
    said = f"slices of {thickness:g} mm lie {increment:g} mm apart: {gap:.0f} % of the heart is not imaged"
    if severity is Severity.REFUSE:
        said = f"not scored: {said}, above 10 %; send the contiguous series"
    return [Finding(code="increment", severity=severity, sentence=said, measured=increment, unit="mm")]


def _tilt(volume: Volume) -> list[Finding]:
    degrees = float(np.degrees(np.arccos(min(1.0, abs(float(volume.normal[2]))))))
    severity = LIMITS["tilt"].severity(degrees)
    if severity is None:
        return []
    sentence = f"the slices are tilted {degrees:.0f} degrees from axial, for which the score is defined"
    if severity is Severity.REFUSE:
        sentence = f"not scored: {sentence}; send the axial series"
    return [Finding(code="tilt", severity=severity, sentence=sentence, measured=degrees, unit="degrees")]


def _kernel(acquisition: Acquisition) -> list[Finding]:
    kernel = acquisition.kernel.split("\\")[0].strip()
    if not kernel or not SHARP_KERNEL.match(kernel):
        return []
    sentence = f"the kernel {kernel} is sharp: it raises peaks and noise, and with them the score"
    return [Finding(code="kernel", severity=Severity.WEAKENS, sentence=sentence)]


def _gating(acquisition: Acquisition) -> list[Finding]:
    if acquisition.gating is Gating.STATED:
        return []
    if acquisition.gating is Gating.NOT_GATED:
        sentence = (
            "not ECG gated: motion blurs and doubles calcium; 38 % of gated patients change category without gating"
        )
        return [Finding(code="gating", severity=Severity.WEAKENS, sentence=sentence)]
    sentence = "the header does not say whether the scan was ECG gated"
    return [Finding(code="gating", severity=Severity.NOTE, sentence=sentence)]
