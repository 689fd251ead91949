"""One synthetic patient: everything about the anatomy that is drawn, before anything is painted."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scoring.phantom.courses import CoronaryTree, draw_tree
from scoring.phantom.frame import HeartFrame, draw_frame
from scoring.phantom.heart import AORTA, HeartShape, built_shape, draw_shape
from scoring.phantom.physique import Physique, Situs
from scoring.phantom.shapes import rotation
from scoring.phantom.spec import PhantomSpec
from scoring.phantom.voltage import calcium_hu

Points = npt.NDArray[np.float64]


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
    side: float = 1.0  # -1: mirrored
    heart_side: float = 1.0  # of the chest: -1 in dextrocardia
    depth: float = 1.0  # front to back
    shift_y_mm: float = 0.0  # backwards against the heart


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
    kvp: float = 120.0
    physique: Physique | None = None
    turn: npt.NDArray[np.float64] | None = None  # of everything on the table, about the heart's centre

    @property
    def aorta_lps_mm(self) -> tuple[Points, Points]:
        """Centre line and radii of root and ascending aorta, valve at index 1."""
        line = self.frame.to_lps(np.array(AORTA, float) + self.shape.aorta_shift_mm)
        return line, self.shape.aorta_radii_mm * self.size

    @property
    def size(self) -> float:
        """Mean scale of the heart."""
        return float(abs(np.linalg.det(self.frame.matrix)) ** (1 / 3))

    def chest_to_lps(self, points: npt.ArrayLike) -> Points:
        """LPS of chest coordinates (origin: midline, heart's centre; unscaled millimetres)."""
        thorax = self.thorax
        origin = np.array([thorax.midline_x_mm, thorax.middle_y_mm + thorax.shift_y_mm, thorax.middle_z_mm])
        stretch = thorax.scale * np.array([thorax.side, thorax.depth, 1.0])
        lps: Points = np.asarray(points, float) * stretch + origin
        if self.turn is not None:
            pivot = self.frame.centre_lps_mm
            lps = (lps - pivot) @ self.turn.T + pivot
        return lps

    def lps_to_chest(self, points_lps_mm: Points) -> Points:
        """Chest coordinates of points in LPS: the inverse of `chest_to_lps`."""
        zero, one = self.chest_to_lps(np.zeros((1, 3)))[0], self.chest_to_lps(np.eye(3))
        chest: Points = np.linalg.solve((one - zero).T, (points_lps_mm - zero).T).T
        return chest

    def chest_box(self, low: npt.ArrayLike, high: npt.ArrayLike) -> tuple[Points, Points]:
        """LPS corners of the box that holds a box of the chest."""
        ends = np.stack([np.asarray(low, float), np.asarray(high, float)])
        corners = self.chest_to_lps(
            [[ends[i, 0], ends[j, 1], ends[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
        )
        return corners.min(0), corners.max(0)

    def bone_hu(self, hu_at_120: float) -> float:
        """HU of bone at the voltage of the scan."""
        return calcium_hu(hu_at_120, self.kvp)


def draw_patient(spec: PhantomSpec) -> Patient:
    """The patient of a specification: sex and age shift the means, the seed does the rest."""
    rng = np.random.default_rng([spec.seed, 1])
    man = spec.sex == "M"
    size = float(np.clip(rng.normal(1.02 if man else 0.94, 0.045), 0.86, 1.14))
    centre = np.array([rng.uniform(2, 22), rng.uniform(-40, 10), np.round(rng.uniform(-260, 260))])
    turn = rotation(spec.tilt_deg) if any(spec.tilt_deg) else None
    frame = _placed(draw_frame(rng, centre, size), spec, turn)
    aorta_scale = float(np.clip(rng.normal(1.0, 0.07) + 0.003 * (spec.age_years - 60), 0.86, 1.2))
    shape = draw_shape(rng, fat_mm=float(rng.uniform(1.0, 5.0)), aorta_scale=aorta_scale)
    if spec.physique is not None:
        size *= spec.physique.heart_scale
        shape = built_shape(shape, spec.physique, np.random.default_rng([spec.seed, 9]), size)
    thorax = _thorax(rng, spec, centre, size)
    return Patient(
        frame=frame,
        shape=shape,
        tree=draw_tree(rng, shape, frame, spec.physique),
        thorax=thorax,
        blood_hu=spec.blood_hu,
        muscle_hu=float(rng.uniform(46, 54)),
        fat_hu=float(rng.uniform(-112, -96)),
        seed=spec.seed,
        kvp=spec.kvp,
        physique=spec.physique,
        turn=turn,
    )


def _placed(frame: HeartFrame, spec: PhantomSpec, turn: npt.NDArray[np.float64] | None) -> HeartFrame:
    matrix = frame.matrix
    if spec.physique is not None:
        matrix = rotation(spec.physique.turn_deg) @ matrix * spec.physique.heart_scale
    if spec.situs is not Situs.USUAL:
        matrix = np.diag([-1.0, 1.0, 1.0]) @ matrix
    if turn is not None:
        matrix = turn @ matrix
    return replace(frame, matrix=matrix)


def _thorax(rng: np.random.Generator, spec: PhantomSpec, centre: Points, size: float) -> Thorax:
    man = spec.sex == "M"
    beside = float(size * rng.uniform(12, 21))
    thorax = Thorax(
        midline_x_mm=float(centre[0] - beside),
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
    if spec.situs is not Situs.USUAL:
        thorax = replace(
            thorax,
            midline_x_mm=float(centre[0] + beside),
            side=-1.0 if spec.situs is Situs.INVERSUS else 1.0,
            heart_side=1.0 if spec.situs is Situs.INVERSUS else -1.0,
        )
    if spec.physique is not None:
        thorax = replace(
            thorax,
            right_dome_mm=spec.physique.liver_dome_mm,
            depth=spec.physique.chest_depth,
            shift_y_mm=spec.physique.chest_shift_mm,
            bronchus_hu=min(thorax.bronchus_hu, 60.0),
            scale=thorax.scale / spec.physique.heart_scale**0.5,  # a large heart fills more of its chest
        )
    return thorax


def _bronchus_hu(spec: PhantomSpec) -> float:
    rng = np.random.default_rng([spec.seed, 8])
    return float(rng.uniform(30, 60) + (spec.age_years > 65) * rng.uniform(0, 240))
