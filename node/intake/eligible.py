"""Is it a calcium-score series? By physics and geometry; names never decide alone."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from node.facts import InstanceFacts
from node.intake.reason import Reason, quoted
from node.intake.whole import Whole, distinct, whole

CT_CLASSES = frozenset(("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"))
"""CT, Enhanced CT and Legacy Converted Enhanced CT Image Storage."""

CALCIUM_THICKNESS_MM = (2.0, 3.5)
SCORABLE_THICKNESS_MM = (0.5, 5.0)
SMALL_FIELD_MM = 300.0
"""A reconstruction for the heart; a whole chest needs more."""

_ROUNDING_MM = 0.01

_CALCIUM_WORDS = re.compile(
    r"calcium|calcif|calcic|calcio|kalk|\bca[ _-]?sc|\bcac\b|\bcacs|cascore|casc\b|ca[ _-]?scor"
    r"|smart ?score|heart ?beat[ -]?cs|agatston"
)
_NO_CALCIUM_SCAN = re.compile(r"suppress|suppr\b|removal|removed|subtract|urinary|stone")
_IMAGE_TYPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"LOCALI[ZS]ER|SCOUT|TOPOGRAM|SURVIEW"), "a localizer"),
    (re.compile(r"SCREEN ?SAVE|DOSE|REPORT|PROTOCOL"), "a page of the console"),
    (re.compile(r"\bMIP\b|MAX_?IP|MIN_?IP|MINIP|PROJECTION|VOLUME_REND|\bVRT\b|\bVR\b|\bCPR\b"), "a projection"),
    (
        re.compile(
            r"KEV|\bVMI\b|MONO_?E|\bVNC|\bVNI|VIRTUAL|IODINE|MATERIAL|Z_?EFF|EFF_?Z|RHO_?|ELECTRON|WATER|UNCOMPTON"
        ),
        "a spectral map, not CT numbers of one tube voltage",
    ),
    (re.compile(r"PERFUSION|R?CBF\b|R?CBV\b|\bMTT\b|\bTTP\b|PERMEAB|SUBTRACT|FUSION"), "a computed map"),
)


class Level(StrEnum):
    """How far a series is fit to be scored, by its header."""

    CALCIUM = "calcium"  # a calcium-score series
    SCORABLE = "scorable"  # another axial CT that can be scored on request, with findings
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """What the headers of a series say: `level`, and all failing tests with the one to name first in front."""

    level: Level
    looks_like_calcium: bool  # a refusal is worth a page: somebody expects a score of this series
    reasons: tuple[Reason, ...]  # empty unless the level is NONE
    evidence: tuple[str, ...]  # words for and against a calcium scan
    short_of_calcium: Reason | None = None  # SCORABLE: why it is no calcium series


def eligibility(facts: Sequence[InstanceFacts]) -> Eligibility:
    """Judge a series by its headers; order and repetition of `facts` do not matter.

    Contrast is a hint only: consoles copy the agent of a study into its calcium scan, and leave it out of others;
    scoring measures the blood.
    """
    images = distinct(facts)
    geometry = whole(images)
    reasons = tuple(reason for test in _TESTS if (reason := test(images, geometry)) is not None)
    looks = _looks_like_calcium(images, {reason.code for reason in reasons}, geometry)
    short = _short_of_calcium(images, geometry)
    level = Level.NONE if reasons else Level.SCORABLE if short else Level.CALCIUM
    return Eligibility(
        level=level,
        looks_like_calcium=looks,
        reasons=reasons,
        evidence=_evidence(images),
        short_of_calcium=short if level is Level.SCORABLE else None,
    )


# ------------------------------------------------------------------------------------------ tests that refuse


def _not_ct(images: Sequence[InstanceFacts], _: Whole) -> Reason | None:
    if not images:
        return Reason(code="not_ct", sentence="the series has no readable image")
    if any(image.made_by_us for image in images):
        return Reason(code="not_ct", sentence="calcium-node made these objects itself; a result is not scored again")
    if any(image.sop_class_uid not in CT_CLASSES or image.modality != "CT" for image in images):
        kinds = ", ".join(sorted({image.modality or "no modality" for image in images}))
        return Reason(code="not_ct", sentence=f"the series holds objects that are no CT images ({quoted(kinds)})")
    if not all(image.has_pixels for image in images):
        return Reason(code="not_ct", sentence="an image of the series has no pixels; send the series again")
    return None


def _mixed_patients(images: Sequence[InstanceFacts], _: Whole) -> Reason | None:
    people = len({image.patient_token for image in images})
    if people < 2:
        return None
    return Reason(
        code="mixed_patients",
        sentence=f"the series holds images of {people} patients: names, IDs or birth dates differ; "
        "correct it at its source",
        measured=float(people),
        unit="patients",
    )


def _image_type(images: Sequence[InstanceFacts], _: Whole) -> Reason | None:
    for image in images:
        stated = "\\".join(image.image_type).upper()
        for pattern, what in _IMAGE_TYPES:
            if pattern.search(stated):
                return Reason(code="image_type", sentence=f"Image Type says that it is {what} ({quoted(stated)})")
    return None


def _lossy(images: Sequence[InstanceFacts], _: Whole) -> Reason | None:
    lossy = sum(image.lossy for image in images)
    if not lossy:
        return None
    return Reason(
        code="lossy",
        sentence=f"{lossy} of {len(images)} images were compressed with loss: their CT numbers are changed; "
        "send the originals",
        measured=float(lossy),
        unit="images",
    )


def _geometry(images: Sequence[InstanceFacts], geometry: Whole) -> Reason | None:
    return geometry.fault if images else None


def _thickness(images: Sequence[InstanceFacts], geometry: Whole) -> Reason | None:
    thickness = thickness_mm(images, geometry.increment_mm)
    low, high = SCORABLE_THICKNESS_MM
    if thickness is None or low - _ROUNDING_MM <= thickness <= high + _ROUNDING_MM:
        return None
    return Reason(
        code="thickness",
        sentence=f"the slices are {thickness:g} mm thick, outside {low:g} to {high:g} mm: "
        "calcium would be missed or smeared",
        measured=thickness,
        unit="mm",
    )


_TESTS: tuple[Callable[[Sequence[InstanceFacts], Whole], Reason | None], ...] = (
    _not_ct, _mixed_patients, _image_type, _lossy, _geometry, _thickness,
)  # fmt: skip
"""In the order in which the reasons are named."""


# ------------------------------------------------------------------------------------------ what kind of CT


def thickness_mm(images: Sequence[InstanceFacts], increment_mm: float | None) -> float | None:
    """Largest stated thickness; where none is stated, the increment."""
    stated = [plane.slice_thickness_mm for image in images for plane in image.planes if plane.slice_thickness_mm]
    return max(stated) if stated else increment_mm


def _short_of_calcium(images: Sequence[InstanceFacts], geometry: Whole) -> Reason | None:
    """Why a CT that can be scored is no calcium series."""
    thickness = thickness_mm(images, geometry.increment_mm)
    low, high = CALCIUM_THICKNESS_MM
    if thickness is not None and not low - _ROUNDING_MM <= thickness <= high + _ROUNDING_MM:
        return Reason(
            code="thickness",
            sentence=f"the slices are {thickness:g} mm thick; a calcium scan has {low:g} to {high:g} mm, so its score "
            "would not be comparable",
            measured=thickness,
            unit="mm",
        )
    if not any(image.gating_stated for image in images) and not has_calcium_words(images):
        return Reason(
            code="gating",
            sentence="nothing in the headers says that the scan was triggered by the ECG or meant for a calcium score",
        )
    return None


def has_calcium_words(images: Sequence[InstanceFacts]) -> bool:
    """Whether description or protocol speak of a calcium scan, and not of calcium that was computed away."""
    return any(
        _CALCIUM_WORDS.search(image.protocol_words) and not _NO_CALCIUM_SCAN.search(image.protocol_words)
        for image in images
    )


def _has_small_field(images: Sequence[InstanceFacts]) -> bool:
    return any(
        image.reconstruction_diameter_mm and image.reconstruction_diameter_mm <= SMALL_FIELD_MM for image in images
    )


def _looks_like_calcium(images: Sequence[InstanceFacts], codes: set[str], geometry: Whole) -> bool:
    """Whether somebody expects a score: a protocol name covers scout, test bolus and angiography as well."""
    if codes & {"not_ct", "image_type", "not_axial", "too_few"}:
        return False
    thickness = thickness_mm(images, geometry.increment_mm)
    low, high = CALCIUM_THICKNESS_MM
    of_calcium_thickness = thickness is not None and low - _ROUNDING_MM <= thickness <= high + _ROUNDING_MM
    if has_calcium_words(images):
        return of_calcium_thickness or not any(image.contrast_agent for image in images)
    return of_calcium_thickness and any(image.gating_stated for image in images) and _has_small_field(images)


def _evidence(images: Sequence[InstanceFacts]) -> tuple[str, ...]:
    said = (
        (has_calcium_words(images), "description or protocol speak of calcium"),
        (any(image.gating_stated for image in images), "ECG gating is stated"),
        (_has_small_field(images), "field of view made for the heart"),
        (any(image.contrast_agent for image in images), "a contrast agent is stated; the blood is measured"),
        (any(image.contrast_agent == "" for image in images), "the contrast attribute is there and empty"),
    )
    return tuple(words for is_so, words in said if is_so)
