"""Facts of a series without files: a gated calcium scan, with overrides for whatever a test is about."""

from dataclasses import replace
from typing import Any

from node.facts import FramePlane, InstanceFacts

CT = "1.2.840.10008.5.1.4.1.1.2"


def one_fact(
    place: int = 0, *, increment_mm: float = 3.0, thickness_mm: float | None = 3.0, **overrides: Any
) -> InstanceFacts:
    """Facts of the slice at `place`."""
    facts = InstanceFacts(
        sop_class_uid=CT,
        sop_instance_uid=f"1.2.3.{place}",
        study_instance_uid="1.2.1",
        series_instance_uid="1.2.2",
        frame_of_reference_uid="1.2.9",
        modality="CT",
        has_pixels=True,
        rows=512,
        columns=512,
        planes=(plane(place * increment_mm, thickness_mm=thickness_mm),),
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
        kvp=120.0,
        kernel="B35f",
        manufacturer="SIEMENS",
        protocol_words="casc 3.0 b35f",
        gating_stated=True,
        reconstruction_diameter_mm=200.0,
        acquisition_number=2,
        acquisition_time="20260101101500",
        instance_number=place + 1,
        patient_token="a",  # noqa: S106 - a hash of nobody
    )
    return replace(facts, **overrides)


def plane(z_mm: float, *, thickness_mm: float | None = 3.0, **overrides: Any) -> FramePlane:
    """One axial plane at height `z_mm`."""
    values: dict[str, Any] = {
        "position_lps_mm": (-100.0, -100.0, z_mm),
        "orientation": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        "pixel_spacing_mm": (0.4, 0.4),
        "slice_thickness_mm": thickness_mm,
    }
    return FramePlane(**{**values, **overrides})


def series_facts(count: int = 40, **overrides: Any) -> list[InstanceFacts]:
    """Facts of a whole series, ascending."""
    return [one_fact(place, **overrides) for place in range(count)]
