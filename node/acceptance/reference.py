"""What may be known of a series, and what makes figures of a reference unusable."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from node.facts import CalciumNodeError
from scoring.result import Point, Vessel

LARGEST_FILE_BYTES = 64 * 1024 * 1024
SUM_TOLERANCE = 0.01
"""Total and sum of the vessels may differ by this share: they are rounded apart."""


class AcceptanceError(CalciumNodeError):
    """The reference as a whole cannot be used."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KnownLesion(_Message):
    """A reference lesion that is known by its place: a ball that holds it."""

    vessel: Vessel
    centre_lps_mm: Point
    radius_mm: float


class Contour(_Message):
    """A closed polygon round calcium of one vessel, in one slice."""

    vessel: Vessel
    points_mm: tuple[Point, ...]  # LPS
    points_px: tuple[tuple[float, float], ...]  # column, row; empty where not given
    image_index: int


class Reference(_Message):
    """What is known of one series: numbers, or marks from which the numbers follow, or that it must be refused."""

    series_uid: str
    source: str  # where it stands, in words
    total: float | None = None  # None: follows from contours or segmentation, or the series must be refused
    vessels: dict[Vessel, float] | None = None  # None: the total alone is known
    lesions: tuple[KnownLesion, ...] | None = None  # None: single lesions are not known
    contours: tuple[Contour, ...] | None = None
    segmentation: Path | None = None
    must_be_refused: bool = False

    @property
    def marks_voxels(self) -> bool:
        """Whether the numbers have to be measured in the images."""
        return self.contours is not None or self.segmentation is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A series, or a line of the reference, that is not compared, and why."""

    series_uid: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHere:
    """A series that lies in the folder: what a reference can be matched with."""

    series_uid: str
    frame_of_reference_uid: str | None
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """One usable reference a series, and everything that could not be used."""

    by_series: Mapping[str, Reference]
    left_out: tuple[LeftOut, ...]


@dataclass(slots=True)
class Gathered:
    """What the readers of the several forms found, before anything is matched."""

    references: list[Reference] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def drop(self, series_uid: str, reason: str) -> None:
        """Leave one out with its reason."""
        self.left_out.append(LeftOut(series_uid=series_uid, reason=reason))


def text_of(path: Path) -> str:
    """Text of a reference file of sensible size."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise AcceptanceError("reference", f"{path.name} is larger than {LARGEST_FILE_BYTES >> 20} MB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise AcceptanceError("reference", f"{path.name} cannot be read ({fault.strerror})") from None
    except UnicodeDecodeError:
        raise AcceptanceError("reference", f"{path.name} is not UTF-8 text; save it as UTF-8") from None


def fault_of_numbers(total: float, vessels: Mapping[Vessel, float] | None) -> str | None:
    """What is wrong with figures of a reference, as the end of a sentence; None where nothing is."""
    named = {**{str(vessel): value for vessel, value in (vessels or {}).items()}, "total": total}
    for name, value in named.items():
        if not math.isfinite(value):
            return f"{name} is not a number"
        if value < 0:
            return f"{name} is {value:g}, and no score is negative"
    if vessels is not None:
        together = sum(vessels.values())
        if abs(together - total) > SUM_TOLERANCE * max(together, total):
            return f"the total is {total:g} and its vessels add up to {together:g}"
    return None
