"""Is the series whole? By the positions of its planes alone: image numbers and counts say nothing.

The geometry itself is scoring's: one implementation of gap, increment and order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from node.facts import FramePlane, InstanceFacts
from node.intake.reason import Reason
from scoring.result import UnfitError
from scoring.volume import MINIMUM_SLICES, SAME_POSITION_MM, plane_normal, stack_geometry

SAME_DIRECTION = 1e-3
"""Largest difference of a direction cosine within one stack."""

SAME_SPACING_SHARE = 1e-3

LARGEST_GAP_SHARE = 0.1
"""Gap between neighbouring slices, as a share of their thickness, up to which nothing is missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Geometry of the images that are there: without a fault it has no gap and even steps."""

    images: int
    increment_mm: float | None
    fault: Reason | None


def distinct(facts: Sequence[InstanceFacts]) -> tuple[InstanceFacts, ...]:
    """Each object once, in an order that does not depend on how they came."""
    by_uid: dict[str, InstanceFacts] = {}
    for one in facts:
        other = by_uid.setdefault(one.sop_instance_uid, one)
        # The same object with other facts is rare and wrong; which of them counts must not depend on which came first.
        if other is not one and other != one:
            by_uid[one.sop_instance_uid] = min(one, other, key=repr)
    return tuple(by_uid[uid] for uid in sorted(by_uid))


def whole(facts: Sequence[InstanceFacts]) -> Whole:
    """Geometry of a series as far as it has come, whatever the order, however often an object came."""
    images = distinct(facts)
    planes = [plane for image in images for plane in image.planes]
    try:
        fault = _mixed(images, planes)
        if fault is not None:
            return Whole(images=len(planes), increment_mm=None, fault=fault)
        # Sorted, so that rounding in sums does not depend on the order of arrival.
        planes.sort(key=lambda plane: plane.position_lps_mm)
        stack = stack_geometry(
            [plane.position_lps_mm for plane in planes], planes[0].orientation, planes[0].pixel_spacing_mm
        )
    except UnfitError as unfit:
        return Whole(images=len(planes), increment_mm=None, fault=_reason(unfit, images, planes))
    fault = _thinner_than_steps(planes, stack.increment_mm)
    return Whole(images=len(planes), increment_mm=stack.increment_mm, fault=fault)


def _mixed(images: Sequence[InstanceFacts], planes: Sequence[FramePlane]) -> Reason | None:
    """What keeps the planes from being one stack at all."""
    if any(not image.planes for image in images):
        return Reason(
            code="geometry",
            sentence="an image states no position, orientation or pixel spacing; send the original images",
        )
    if not planes:
        return Reason(code="too_few", sentence="the series has no image", measured=0.0, unit="slices")
    if len({(image.rows, image.columns) for image in images}) > 1:
        return Reason(code="geometry", sentence="the images of the series differ in size; send each stack as a series")
    first = planes[0]
    if any(_differ(first.orientation, plane.orientation) > SAME_DIRECTION for plane in planes):
        return Reason(
            code="not_axial", sentence="the images of the series lie in different directions; send the axial series"
        )
    rows = [plane.pixel_spacing_mm[0] for plane in planes]
    columns = [plane.pixel_spacing_mm[1] for plane in planes]
    for spacing in (rows, columns):
        if min(spacing) <= 0 or max(spacing) > min(spacing) * (1 + SAME_SPACING_SHARE):
            return Reason(
                code="geometry",
                sentence=f"Pixel Spacing changes within the series from {min(spacing):g} to {max(spacing):g} mm; "
                "send each stack as a series",
            )
    return None


def _thinner_than_steps(planes: Sequence[FramePlane], increment_mm: float) -> Reason | None:
    """Regular holes: every second image may be missing, or the scanner left gaps where calcium is not seen."""
    thicknesses = [plane.slice_thickness_mm for plane in planes if plane.slice_thickness_mm]
    if not thicknesses or increment_mm <= min(thicknesses) * (1 + LARGEST_GAP_SHARE) + SAME_POSITION_MM:
        return None
    return Reason(
        code="increment",
        sentence=f"the slices are {min(thicknesses):g} mm thick and lie {increment_mm:.1f} mm apart: "
        "images between them are missing, or calcium between them was not scanned",
        measured=increment_mm,
        unit="mm",
    )


def _positions(planes: Sequence[FramePlane]) -> int:
    """Places along the normal that hold at least one plane."""
    normal = plane_normal(planes[0].orientation)
    along = sorted(float(normal @ plane.position_lps_mm) for plane in planes)
    return 1 + sum(high - low >= SAME_POSITION_MM for low, high in pairwise(along))


def _differ(one: Sequence[float], other: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _reason(unfit: UnfitError, images: Sequence[InstanceFacts], planes: Sequence[FramePlane]) -> Reason:
    found = unfit.finding
    if found.code != "duplicate_position":
        return Reason(code=found.code, sentence=found.sentence, measured=found.measured, unit=found.unit)
    positions = _positions(planes)
    if positions < MINIMUM_SLICES:
        where = "one position" if positions == 1 else f"{positions} positions"
        return Reason(
            code="too_few",
            sentence=f"the series has {len(planes)} images at {where}, a score needs at least {MINIMUM_SLICES}",
            measured=float(positions),
            unit="slices",
        )
    phases = max(
        len({image.temporal_position for image in images}),
        len({image.cardiac_phase_percent for image in images}),
        len({image.acquisition_number for image in images}),
    )
    stated = f"{phases} phases or acquisitions are stated" if phases > 1 else "no phase is stated"
    return Reason(
        code="several_phases",
        sentence=f"{found.sentence} ({stated}); send one phase as one series",
        measured=found.measured,
        unit=found.unit,
    )
