"""What a phantom scan comes to: nine inserts, factor, noise, and a verdict with its reasons."""

from dataclasses import dataclass
from enum import StrEnum

from scoring.protocol import Acquisition
from scoring.qa.rods import Rods
from scoring.result import Point, ProtocolUsed


class QaVerdict(StrEnum):
    """What the physicist needs to know first."""

    PASS = "pass"  # noqa: S105 - the word of the contract, no secret
    WARN = "warn"
    FAIL = "fail"


class Handedness(StrEnum):
    """Which way round the arms 800, 400, 200 follow each other, seen with the rods behind the inserts.

    A phantom that is turned round or scanned feet first keeps it; a mirrored image does not. As made means: as in the
    published scan, the one physical phantom that could be looked at.
    """

    AS_MADE = "as made"
    MIRRORED = "mirrored"
    UNKNOWN = "unknown: no rods in the scan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """What must be the same before two scans are compared."""

    manufacturer: str
    model: str
    kvp: float | None
    kernel: str

    @classmethod
    def of(cls, acquisition: Acquisition) -> "Scanner":
        """The scanner, voltage and kernel of a scan."""
        return cls(
            manufacturer=acquisition.manufacturer,
            model=acquisition.model,
            kvp=acquisition.kvp,
            kernel=acquisition.kernel,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """One of the nine cylinders, as the protocol measures it."""

    density_mg_cm3: int
    diameter_mm: int
    centre_lps_mm: Point
    agatston: float
    volume_mm3: float  # voxel volume
    volume_isotropic_mm3: float
    mass_mg: float
    mean_hu: float | None  # of its scored pixels; None where nothing was scored
    known_mass_mg: float
    cut: bool = False  # the scan does not hold all of it

    @property
    def found(self) -> bool:
        """Whether anything of it was scored."""
        return self.agatston > 0

    @property
    def mass_error_percent(self) -> float:
        """By how much the mass differs from the known one."""
        return 100.0 * (self.mass_mg / self.known_mass_mg - 1.0)

    @property
    def name(self) -> str:
        """The insert in words."""
        return f"{self.density_mg_cm3} mg/cm3, {self.diameter_mm} mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class MassFactor:
    """What the masses were made with; `calibrated` is False for the uncalibrated equivalent."""

    mg_per_mm3_hu: float
    source: str
    calibrated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How the phantom lay, and how sure it is which arm is which."""

    centre_lps_mm: Point  # middle of the nine inserts
    axis_lps: Point  # unit, along the normal of the stack as far as the phantom is not tilted
    tilt_degrees: float  # of the phantom's axis against the normal of the slices
    handedness: Handedness
    order_sure: bool  # densities told by calcium alone, each arm well apart from the next
    water_agrees: bool | None  # whether the water rod lies opposite the 200 mg/cm3 arm; None: not seen
    lateral_width_mm: float | None  # None where the field of view cuts the phantom
    size: str | None  # small, medium or large; None: unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that a verdict is made of."""

    inserts: tuple[Insert, ...]  # 800, 400, 200 mg/cm3, each 5, 3, 1 mm
    noise_sd_hu: float | None
    noise_in: str  # where the noise was measured
    rods: Rods | None
    factor: MassFactor
    protocol: ProtocolUsed
    scanner: Scanner
    placement: Placement
    notes: tuple[str, ...]  # sentences on what was assumed

    def insert(self, density_mg_cm3: int, diameter_mm: int) -> Insert:
        """One insert by what it is."""
        return next(
            one for one in self.inserts if (one.density_mg_cm3, one.diameter_mm) == (density_mg_cm3, diameter_mm)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What an earlier scan of the phantom measured."""

    scanner: Scanner
    preset: str
    connectivity: int
    slice_thickness_mm: float | None
    slice_increment_mm: float
    size: str | None
    agatston_5mm: tuple[float, float, float]  # 800, 400, 200 mg/cm3
    mg_per_mm3_hu: float | None
    noise_sd_hu: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict, and every reason for it in a sentence."""

    verdict: QaVerdict
    sentences: tuple[str, ...]
    baseline_used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomQa:
    """A judged scan of the phantom."""

    measured: Measured
    judgement: Judgement
