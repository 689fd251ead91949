"""Findings from the image: contrast, noise, coverage, metal, padding, and how sure the anatomy is."""

import math

import numpy as np

from scoring.anatomy import Anatomy
from scoring.protocol import Protocol
from scoring.quality.limits import LIMITS, METAL_HU, METAL_REACH_MM
from scoring.result import Finding, Severity
from scoring.volume import Volume

WITHOUT_MINIMUM_MM2 = 0.45
"""A protocol that keeps smaller islands breaks at less noise."""


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
    return [
        *_contrast(anatomy),
        *_coverage(anatomy),
        *_noise(volume, anatomy, protocol),
        *_aorta(anatomy),
        *_metal(volume, anatomy),
        *_padding(anatomy),
        _not_judged(),
    ]


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


def _coverage(anatomy: Anatomy) -> list[Finding]:
    step = anatomy.grid.spacing_mm[0]
    above, below = anatomy.above_centre_mm, anatomy.below_centre_mm
    found = [
        _cover("extent", above + below + step, "the series covers only {0:.0f} mm, less than half a heart"),
        _cover("top", above, "the series ends {0:.0f} mm above the heart's centre: the left main may not be covered"),
        _cover("bottom", below, "the series begins {0:.0f} mm below the heart's centre: the apex is cut off"),
    ]
    right, left, front = _field_of_view(anatomy)
    found += [
        _cover(
            "side", min(right, left), "the field of view ends {0:.0f} mm beside the heart's centre: the heart is cut"
        ),
        _cover("front", front, "the field of view ends {0:.0f} mm before the heart's centre: the heart is cut"),
    ]
    return [finding for finding in found if finding]


def _cover(name: str, measured: float, sentence: str) -> Finding | None:
    severity = LIMITS[name].severity(measured)
    if severity is None:
        return None
    said = sentence.format(measured)
    if severity is Severity.REFUSE:
        said = f"not scored: {said}; send the series that covers the whole heart"
    return Finding(code="coverage", severity=severity, sentence=said, measured=measured, unit="mm")


def _field_of_view(anatomy: Anatomy) -> tuple[float, float, float]:
    """Distances from the heart's centre to where the image ends: right, left, front."""
    grid = anatomy.grid
    z, y, x = grid.cells(np.array([anatomy.centre_mm]))[0]
    row, column = ~grid.padded[z, y], ~grid.padded[z, :, x]
    right = float(np.argmin(np.append(row[x::-1], False))) * grid.spacing_mm[2]
    left = float(np.argmin(np.append(row[x:], False))) * grid.spacing_mm[2]
    front = float(np.argmin(np.append(column[y::-1], False))) * grid.spacing_mm[1]
    return right, left, front


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


def _metal(volume: Volume, anatomy: Anatomy) -> list[Finding]:
    bright = np.argwhere(volume.hu > METAL_HU)
    if not len(bright):
        return []
    places = anatomy.at(anatomy.millimetres(bright))
    near = int((places.inside_closed > -METAL_REACH_MM).sum())
    severity = LIMITS["metal"].severity(near)
    if severity is not None:
        sentence = (
            f"{near} voxels above 2000 HU in or at the heart: metal, whose streaks can pass for calcium or hide it"
        )
        return [Finding(code="metal", severity=severity, sentence=sentence, measured=float(near), unit="voxels")]
    if LIMITS["metal"].severity(len(bright)) is None:
        return []
    sentence = f"{len(bright)} voxels above 2000 HU away from the heart: metal in the field of view"
    return [
        Finding(code="metal", severity=Severity.NOTE, sentence=sentence, measured=float(len(bright)), unit="voxels")
    ]


def _padding(anatomy: Anatomy) -> list[Finding]:
    grid, box = anatomy.grid, anatomy.opened.box
    empty = (grid.padded[box] | (grid.hu[box] < -990.0)) & (anatomy.opened.inside_closed_mm > 3.0)
    millilitres = float(empty.sum() * np.prod(grid.spacing_mm) / 1000.0)
    severity = LIMITS["padding"].severity(millilitres)
    if severity is None:
        return []
    sentence = f"not scored: {millilitres:.1f} ml within the heart hold no measured value; send the original images"
    return [Finding(code="padding", severity=severity, sentence=sentence, measured=millilitres, unit="ml")]


def _not_judged() -> Finding:
    sentence = "cardiac motion, stents and bypass grafts are not recognised: look at the images"
    return Finding(code="not_judged", severity=Severity.NOTE, sentence=sentence)
