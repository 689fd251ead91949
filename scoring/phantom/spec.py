"""What a phantom is asked to be: the specification."""

from dataclasses import dataclass, field
from enum import StrEnum

from scoring.phantom.physique import Physique, Situs
from scoring.result import Vessel


class Look(StrEnum):
    """Calcium, or what looks like it, that is not coronary; the words of `Truth` and `truth.json`."""

    AORTIC_WALL = "aortic wall"
    AORTIC_VALVE = "aortic valve"
    MITRAL_ANNULUS = "mitral annulus"
    PAPILLARY_MUSCLE = "papillary muscle"
    PERICARDIUM = "pericardium"
    NODE = "calcified node"
    SPECK = "noise speck"
    WIRE = "sternal wire"
    LEAD = "pacemaker lead"
    OSTIAL_WALL = "aortic root wall at an ostium"
    ARCH = "aortic arch"
    DESCENDING = "descending aorta"
    GRANULOMA = "granuloma"
    BRONCHIAL_WALL = "bronchial wall"
    CARTILAGE = "costal cartilage"
    OSTEOPHYTE = "osteophyte"
    GULLET = "oesophagus contents"
    STENT = "stent"
    CLIP = "surgical clip"
    VALVE_RING = "prosthetic valve"


METAL = frozenset({Look.WIRE, Look.LEAD, Look.STENT, Look.CLIP, Look.VALVE_RING})
"""Metal blooms, throws streaks and is not calcium: tube voltage does not change it."""


class Texture(StrEnum):
    """What the reconstruction kernel makes of edges and noise."""

    SOFT = "soft"
    MEDIUM = "medium"
    SHARP = "sharp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plaque:
    """One calcified deposit on the wall of an artery: a capsule that follows the course.

    The density is that of the deposit itself; blur and partial volume lower what the image shows.
    """

    vessel: Vessel
    along: float  # 0 at the ostium or fork, 1 at the end of the course
    radius_mm: float
    length_mm: float  # along the course, both round ends included
    density_hu: float
    branch: bool = False  # on a side branch: diagonal or ramus (LAD), marginal (LCX), posterior descending (RCA)
    which: int = 0  # of the side branches of that artery, as far as there are so many
    into: Vessel | None = None  # of a left main plaque: it goes on over the fork into LAD or LCX
    rough: float = 0.0  # how far its radius goes up and down, as a share

    def __post_init__(self) -> None:
        if not 0.0 <= self.along <= 1.0:
            raise ValueError(f"Plaque.along must lie between 0 and 1, got {self.along}")
        if not (self.radius_mm > 0 and self.length_mm > 0):
            raise ValueError(f"a plaque needs a radius and a length above 0 mm, got {self.radius_mm}, {self.length_mm}")
        if self.branch and self.vessel is Vessel.LM:
            raise ValueError("the left main has no side branch: choose LAD, LCX or RCA")
        if self.into is not None and (self.vessel is not Vessel.LM or self.into not in (Vessel.LAD, Vessel.LCX)):
            raise ValueError(f"only a left main plaque goes on, into LAD or LCX; got {self.vessel} into {self.into}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distractor:
    """Something bright that must not be counted; `along` moves it along its own structure."""

    what: Look
    along: float = 0.5
    radius_mm: float = 1.5
    length_mm: float = 8.0
    density_hu: float = 600.0
    near_mm: float | None = None  # from an artery: the annulus from the circumflex, the root wall from an ostium
    vessel: Vessel = Vessel.RCA  # whose ostium (root wall), or whose course (stent)

    def __post_init__(self) -> None:
        if not 0.0 <= self.along <= 1.0:
            raise ValueError(f"Distractor.along must lie between 0 and 1, got {self.along}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomSpec:
    """Everything that a phantom depends on: the same specification gives the same bytes."""

    seed: int
    fov_mm: float = 240.0
    matrix: int = 512
    slice_thickness_mm: float = 3.0
    slice_increment_mm: float = 3.0
    above_mm: float = 72.0  # from the centre of the heart to the first and last slice, before the heart's own scale
    below_mm: float = 66.0
    noise_sd_hu: float = 15.0  # in blood; 0 gives the noiseless image
    blood_hu: float = 42.0  # above 100: a scan with contrast medium
    kvp: float = 120.0
    padding_hu: int | None = None  # value outside the inscribed circle of the field of view; None: the square is full
    plaques: tuple[Plaque, ...] = field(default=())
    distractors: tuple[Distractor, ...] = field(default=())
    sex: str = "M"
    age_years: int = 60
    noise_seed: int | None = None  # a repeat of the same patient has other noise; None: that of `seed`
    table_shift_mm: float = 0.0  # of all slice positions against the patient
    grid_shift_mm: tuple[float, float] = (0.0, 0.0)  # of the pixel grid: x, y
    physique: Physique | None = None  # None: the plain heart, as before there was a choice
    situs: Situs = Situs.USUAL
    texture: Texture = Texture.SOFT
    uneven_noise: float = 0.0  # how much noise falls from the middle of the body to its edge, as a share
    fov_shift_mm: tuple[float, float] = (0.0, 0.0)  # of the field of view against the heart: x, y
    tilt_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the whole patient on the table about x, y, z
    motion_mm: float = 0.0  # by which the moving heart is seen twice
    slab_step_mm: float = 0.0  # by which the heart jumps between slabs of slices
    slab_slices: int = 11
    streak_hu: float = 0.0  # SD of horizontal streaks, as of arms beside the chest
    kernel: str = "B35f"
    manufacturer: str = "calcium-node phantom"
    gated: bool = True

    def __post_init__(self) -> None:
        if not (32 <= self.matrix <= 1024 and 100 <= self.fov_mm <= 500):
            raise ValueError(f"a phantom has 32 to 1024 pixels on 100 to 500 mm, got {self.matrix} on {self.fov_mm} mm")
        if not 0 < self.slice_increment_mm <= self.slice_thickness_mm * 2:
            raise ValueError(
                f"slices of {self.slice_thickness_mm} mm every {self.slice_increment_mm} mm leave the heart unseen; "
                "the increment must be above 0 and at most twice the thickness"
            )
        if self.sex not in {"M", "F"}:
            raise ValueError(f"the phantom knows sex M and F, got {self.sex!r}")

    @property
    def pixel_mm(self) -> float:
        """Distance of pixel centres, the same in both directions."""
        return self.fov_mm / self.matrix
