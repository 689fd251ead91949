"""One synthetic patient: everything about the anatomy that is drawn, before anything is painted."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.courses import CoronaryTree, draw_tree
from scoring.phantom.frame import HeartFrame, draw_frame
from scoring.phantom.heart import AORTA, AORTA_RADII_MM, HeartShape, draw_shape
from scoring.phantom.spec import PhantomSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Thorax:
    """Where the chest lies about the heart, and how much of what it has. Millimetres; x, y from the midline point."""

    midline_x_mm: float  # LPS x of the spine and sternum
    middle_y_mm: float  # LPS y of the heart's centre: origin of the chest's own y
    middle_z_mm: float
    scale: float
    skin_fat_mm: float
    breast_mm: float  # 0 in men
    right_dome_mm: float  # top of the diaphragm above the heart's centre
    left_dome_mm: float
    aorta_x_mm: float  # descending aorta, chest coordinates
    aorta_y_mm: float
    aorta_radius_mm: float
    marrow_hu: float
    bronchus_hu: float  # wall of the bronchi: calcified in some of the old


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patient:
    """Heart, arteries and chest in the patient's frame."""

    frame: HeartFrame
    shape: HeartShape
    tree: CoronaryTree
    thorax: Thorax
    blood_hu: float
    muscle_hu: float
    fat_hu: float
    seed: int

    @property
    def aorta_lps_mm(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Centre line and radii of root and ascending aorta, valve at index 1."""
        return self.frame.to_lps(AORTA), np.array(AORTA_RADII_MM) * self.shape.aorta_scale * self.size

    @property
    def size(self) -> float:
        """Mean scale of the heart."""
        return float(abs(np.linalg.det(self.frame.matrix)) ** (1 / 3))

    def chest_to_lps(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """LPS of chest coordinates (origin: midline, heart's centre; unscaled millimetres)."""
        thorax = self.thorax
        origin = np.array([thorax.midline_x_mm, thorax.middle_y_mm, thorax.middle_z_mm])
        lps: npt.NDArray[np.float64] = np.asarray(points, float) * thorax.scale + origin
        return lps


def draw_patient(spec: PhantomSpec) -> Patient:
    """The patient of a specification: sex and age shift the means, the seed does the rest."""
    rng = np.random.default_rng([spec.seed, 1])
    man = spec.sex == "M"
    size = float(np.clip(rng.normal(1.02 if man else 0.94, 0.045), 0.86, 1.14))
    centre = np.array([rng.uniform(2, 22), rng.uniform(-40, 10), np.round(rng.uniform(-260, 260))])
    frame = draw_frame(rng, centre, size)
    aorta_scale = float(np.clip(rng.normal(1.0, 0.07) + 0.003 * (spec.age_years - 60), 0.86, 1.2))
    shape = draw_shape(rng, fat_mm=float(rng.uniform(1.0, 5.0)), aorta_scale=aorta_scale)
    thorax = Thorax(
        midline_x_mm=float(centre[0] - size * rng.uniform(12, 21)),
        middle_y_mm=float(centre[1]),
        middle_z_mm=float(centre[2]),
        scale=float(size * rng.uniform(0.97, 1.04)),
        skin_fat_mm=float(rng.uniform(6, 22) if man else rng.uniform(10, 28)),
        breast_mm=0.0 if man else float(rng.uniform(15, 45)),
        right_dome_mm=float(rng.uniform(-42, -12)),
        left_dome_mm=float(rng.uniform(-58, -34)),
        aorta_x_mm=float(rng.uniform(8, 26)),
        aorta_y_mm=float(rng.uniform(66, 74)),
        aorta_radius_mm=float((12.5 if man else 11.2) * rng.uniform(0.9, 1.1) * (1 + 0.003 * (spec.age_years - 60))),
        bronchus_hu=_bronchus_hu(spec),
        marrow_hu=float(np.clip(rng.normal(235 - 1.6 * spec.age_years, 20), 70, 220)),
    )
    return Patient(
        frame=frame,
        shape=shape,
        tree=draw_tree(rng, shape, frame),
        thorax=thorax,
        blood_hu=spec.blood_hu,
        muscle_hu=float(rng.uniform(46, 54)),
        fat_hu=float(rng.uniform(-112, -96)),
        seed=spec.seed,
    )


def _bronchus_hu(spec: PhantomSpec) -> float:
    rng = np.random.default_rng([spec.seed, 8])
    return float(rng.uniform(30, 60) + (spec.age_years > 65) * rng.uniform(0, 240))
