"""What enters and leaves scoring besides pixels: demographics, findings, measures, Score and Unfit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

LabelVolume = npt.NDArray[np.uint8]
MaskVolume = npt.NDArray[np.bool_]
Point = tuple[float, float, float]

EXCLUDED_LABEL = 9
"""Label of calcium that was seen and not counted; 1 to 4 are the vessels in the order of `Vessel`."""


class Vessel(StrEnum):
    """The four arteries of a calcium score, in the order in which every table prints them."""

    LM = "LM"
    LAD = "LAD"
    LCX = "LCX"
    RCA = "RCA"

    @property
    def label(self) -> int:
        """Value of this vessel's voxels in `Score.labels`."""
        return tuple(Vessel).index(self) + 1


class Severity(StrEnum):
    """What a finding does to the result."""

    REFUSE = "refuse"
    WEAKENS = "weakens"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about the scan that a reader must know, with the figure that was measured."""

    code: str  # stable, lower case: the codes of the quality table and of eligibility
    severity: Severity
    sentence: str
    measured: float | None = None
    unit: str | None = None


class UnfitError(Exception):
    """Raised inside scoring where a series cannot be scored; `score` turns it into an Unfit.

    `code` is stable and for machines, the sentence is for people.
    """

    def __init__(self, code: str, sentence: str, *, measured: float | None = None, unit: str | None = None) -> None:
        super().__init__(sentence)
        self.finding = Finding(code=code, severity=Severity.REFUSE, sentence=sentence, measured=measured, unit=unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics:
    """What the risk tables ask about a person; nothing that names one."""

    age_years: int | None = None  # completed years on the day of the scan
    sex: str | None = None  # "M", "F" or "O"
    ethnic_group: str | None = None  # "black", "white", "hispanic" or "chinese"
    withheld: str | None = None  # why age or sex is not used although something was stated: a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The numbers of one vessel or of all: unrounded."""

    agatston: float = 0.0
    volume_mm3: float = 0.0  # voxel volume of the scored islands
    volume_isotropic_mm3: float = 0.0
    mass_mg: float = 0.0
    mass_calibrated: bool = False  # False: `mass_mg` is an uncalibrated equivalent and must be called so
    density_score: float | None = None  # area-weighted mean density factor, 1 to 4; None without calcium
    lesions: int = 0
    peak_hu: float | None = None
    mean_hu: float | None = None  # of the scored pixels; None without calcium


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """Scored islands of one vessel that hang together in three dimensions (26-connected)."""

    id: int
    vessel: Vessel
    agatston: float
    volume_mm3: float
    mass_mg: float
    peak_hu: float
    mean_hu: float
    centre_lps_mm: Point
    slices: tuple[int, ...]  # indices into the volume, ascending
    confidence: float  # 0 to 1: that it is coronary and of this vessel
    evidence: tuple[str, ...]
    density_score: float | None = None  # area-weighted mean density factor, 1 to 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """Calcium that was seen in the scan and not counted, with what it was taken for."""

    what: str
    agatston: float  # what it would have counted
    centre_lps_mm: Point
    confidence: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """A circle that was found on one slice: where the anatomy was taken to be. Pixels count from the first centre."""

    what: str
    slice_index: int
    row: float
    column: float
    radius_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """How much of the total leans on lesions of low confidence."""

    lesions: int = 0
    agatston: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """Rank within a named population: a value, or only a band where the table allows no more."""

    value: int | None
    band: tuple[int, int] | None
    population: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RescanLimit:
    """By how much two scans of a published population differ at this score: a plus-minus in Agatston."""

    agatston: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a repeat of this scan may lie; `covers` says what that means and what it leaves out."""

    level: float  # 0.95
    agatston: tuple[float, float]
    covers: str
    category_probability: Mapping[str, float]  # every category of the scheme, sums to 1
    published_rescan_limit: RescanLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How the calcium lies over the vessels."""

    vessels_involved: int = 0  # of LM, LAD, LCX, RCA: with a score above 0
    diffusivity: float | None = None  # 1 - largest vessel / total; None without calcium
    left_main: bool = False
    left_main_share: float | None = None  # of the total; None without calcium


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What the printed score means in published schemes. Never advice."""

    category: str
    category_scheme: str
    cac_drs: str
    very_high: bool
    percentile: Percentile | None
    percentile_withheld: str | None
    arterial_age_years: float | None
    mesa_chd_risk_percent: float | None = None
    category_classic: str = ""  # the same score in the scheme 0, 1-10, 11-100, 101-400, above 400
    arterial_age_withheld: str | None = None  # why there is no arterial age: a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolUsed:
    """The rules and sampling with which the numbers were made: it stands in every result."""

    preset: str
    threshold_hu: float
    connectivity: int
    minimum_area_mm2: float
    minimum_pixels: int
    slice_increment_mm: float
    slice_thickness_mm: float | None
    kvp: float | None
    printed_volume: str = "isotropic"  # "isotropic" or "voxel": which volume reports print
    weight_steps_hu: tuple[float, ...] = ()  # threshold and lower limits of the density weights 2, 3 and 4
    volume_threshold_hu: float | None = None  # of voxel volume and mass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """A scored series.

    `labels` and `heart` have the volume's axes (slice, row, column): 1 to 4 are the vessels, 9 is
    calcium that was not counted; `heart` is the region that was analysed.
    """

    protocol: ProtocolUsed
    total: Measures
    vessels: Mapping[Vessel, Measures]
    lesions: tuple[Lesion, ...]
    excluded: tuple[Excluded, ...]
    uncertain: Uncertain
    risk: Risk
    quality: tuple[Finding, ...]
    labels: LabelVolume
    heart: MaskVolume
    demographics: Demographics
    interval: Interval | None = None  # of the total
    vessel_intervals: Mapping[Vessel, Interval] = field(default_factory=dict)
    spread: Spread = field(default_factory=Spread)
    landmarks: tuple[Landmark, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unfit:
    """A series that must not be scored, and why."""

    reason: Finding
    quality: tuple[Finding, ...] = ()  # everything else that was noticed, other refusals included
    protocol: ProtocolUsed | None = None
    heart: MaskVolume | None = None
    landmarks: tuple[Landmark, ...] = ()
    demographics: Demographics = field(default_factory=Demographics)
    timings_s: Mapping[str, float] = field(default_factory=dict)


def printed_agatston(agatston: float) -> int:
    """Agatston score as it is printed: 0 only when nothing was scored, else rounded half up and at least 1.

    Every category is taken from this integer, so that number and category never disagree.

    Examples
    --------
    >>> [printed_agatston(value) for value in (0.0, 0.2, 0.5, 99.49, 99.5, 399.5)]
    [0, 1, 1, 99, 100, 400]
    """
    return max(1, int(np.floor(agatston + 0.5))) if agatston > 0 else 0
