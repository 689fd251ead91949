"""How a person is built: what `PhantomSpec.physique` adds to the plain heart of `random_spec`."""

from dataclasses import dataclass
from enum import StrEnum


class Situs(StrEnum):
    """On which side the organs lie."""

    USUAL = "usual"
    INVERSUS = "situs inversus"  # the whole body mirrored, liver on the left
    DEXTROCARDIA = "dextrocardia"  # the heart alone mirrored


class Dominance(StrEnum):
    """Which artery gives the posterior descending one."""

    RIGHT = "right"
    LEFT = "left"
    BOTH = "co-dominant"


class Gullet(StrEnum):
    """What the oesophagus behind the left atrium holds."""

    CLOSED = "closed"
    GAS = "gas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Physique:
    """Proportions of heart, arteries, fat and chest; lengths in millimetres, factors 1 = the plain heart.

    Ranges of adults are those of `cohort`; a single field may be changed to make one thing hard.
    """

    heart_scale: float = 1.0
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the heart in the chest about x, y, z
    ventricles: float = 1.0
    atria: float = 1.0
    appendage: float = 1.0  # left atrial appendage, which lies over left main and circumflex
    aorta_mm: float = 31.0  # diameter of the ascending aorta
    fat_mm: float = 3.0  # epicardial fat over the closed heart: 0.5 lean to 12 and more
    groove_fill: float = 0.9  # how wide the grooves are closed by fat
    fat_brighter_hu: float = 26.0  # of epicardial fat than that of the skin: partial volume and small vessels
    strands_hu: float = 45.0  # of strands in that fat
    float_mm: float = 4.0  # of the arteries' middle lines above the muscle
    float_wave_mm: float = 2.0
    bare_mm: float = 2.0  # least fat between lumen and muscle
    cover_mm: float = 3.0  # least fat between lumen and pericardium
    left_main_mm: float = 10.0  # length of the left main: 2 is nearly absent
    dominance: Dominance = Dominance.RIGHT
    ramus: bool = False
    calibre: float = 1.0  # of the arteries
    vein_mm: float = 1.6  # radius of the great cardiac vein
    liver_dome_mm: float = -27.0  # top of the right diaphragm against the heart's middle
    chest_depth: float = 1.0
    chest_shift_mm: float = 0.0  # of the chest backwards against the heart
    front_mm: float = 9.0  # half width of the fat behind the sternum
    pericardial_fluid_mm: float = 0.0
    pleural_fluid_mm: float = 0.0
    implants: bool = False
    gullet: Gullet = Gullet.CLOSED

    def __post_init__(self) -> None:
        if not 0.0 <= self.left_main_mm <= 25.0:
            raise ValueError(f"a left main is 0 to 25 mm long, got {self.left_main_mm}")
        if not 20.0 <= self.aorta_mm <= 55.0:
            raise ValueError(f"an ascending aorta is 20 to 55 mm wide, got {self.aorta_mm}")
        if self.fat_mm < 0 or self.pericardial_fluid_mm < 0 or self.pleural_fluid_mm < 0:
            raise ValueError("thicknesses of fat and fluid cannot be below 0 mm")
