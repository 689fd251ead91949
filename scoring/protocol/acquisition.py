"""What the header says of how the images were made; no identifier of a person."""

from dataclasses import dataclass
from enum import StrEnum


class Gating(StrEnum):
    """What the header says of ECG gating; absence proves nothing."""

    STATED = "stated"
    NOT_STATED = "not stated"
    NOT_GATED = "not gated"  # no trace of gating and a full-chest field of view


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """What the header says of how the images were made; no identifier."""

    kvp: float | None = None
    slice_thickness_mm: float | None = None
    kernel: str = ""  # all values of (0018,1210), joined by a backslash
    manufacturer: str = ""
    model: str = ""
    station: str = ""  # (0008,1010): tells two scanners of one model apart
    tin_filter: bool = False  # the beam was filtered by tin (Sn100): it is no longer that of its kVp
    contrast_stated: bool = False  # (0018,0010) has a value; it may confirm contrast, never clear it
    gating: Gating = Gating.NOT_STATED
    reconstruction_diameter_mm: float | None = None
    mass_factor_patient: float | None = None  # (0018,9351) as written
    mass_factor_device: tuple[float, ...] = ()  # (0018,9352) as written: small, medium, large patient
    padding_hu: float | None = None  # HU of (0028,0120) after rescale
