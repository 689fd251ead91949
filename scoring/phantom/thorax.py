"""Chest and upper abdomen without bones: skin, fat, muscle, lungs, diaphragm, mediastinum, great vessels."""

import numpy as np
import numpy.typing as npt

from scoring.phantom.canvas import Canvas
from scoring.phantom.patient import Patient
from scoring.phantom.physique import Gullet
from scoring.phantom.shapes import Array, Coordinates, ellipsoid, smooth_max, smooth_min, spline

Points = npt.NDArray[np.float64]

AIR_HU = -1000.0
LUNG_HU = -868.0
LIVER_HU = 57.0
SPLEEN_HU = 48.0


def oval(at: Coordinates, centre: tuple[float, float], radii: tuple[float, float], power: float = 2.0) -> Array:
    """Distance, along the ray from its middle, to an upright cylinder whose outline is a superellipse."""
    x, y = at[0] - np.float32(centre[0]), at[1] - np.float32(centre[1])
    size = (np.abs(x / np.float32(radii[0])) ** power + np.abs(y / np.float32(radii[1])) ** power) ** np.float32(
        1 / power
    )
    distance: Array = np.sqrt(x * x + y * y) * (1 - 1 / np.maximum(size, np.float32(1e-3)))
    return distance


def chest_coordinates(part: Canvas, patient: Patient) -> Coordinates:
    """Chest millimetres of a part of the canvas; they broadcast."""
    thorax = patient.thorax
    x, y, z = part.at if patient.turn is None else _turned_back(part.at, patient, patient.turn)
    scale = 1 / thorax.scale
    return (
        (x - np.float32(thorax.midline_x_mm)) * np.float32(scale * thorax.side),
        (y - np.float32(thorax.middle_y_mm + thorax.shift_y_mm)) * np.float32(scale / thorax.depth),
        (z - np.float32(thorax.middle_z_mm)) * np.float32(scale),
    )


def _turned_back(at: Coordinates, patient: Patient, turn: Array) -> Coordinates:
    """LPS coordinates as if the patient lay straight; an axis that the turn leaves alone stays one-dimensional."""
    pivot = patient.frame.centre_lps_mm.astype(np.float32)
    away = [c - o for c, o in zip(at, pivot, strict=True)]
    turned: list[Array] = []
    for i in range(3):
        total: Array = np.full((1, 1, 1), pivot[i], np.float32)
        for j in range(3):
            if abs(turn[j, i]) > 1e-9:
                total = total + np.float32(turn[j, i]) * away[j]
        turned.append(total)
    return turned[0], turned[1], turned[2]


def cavity(at: Coordinates) -> Array:
    """Inside of the rib cage: narrower towards the head."""
    z = at[2]
    widen = 1 - np.float32(0.0016) * np.clip(z, -90, 120)
    narrowed = (
        at[0] / widen,
        np.float32(12) + (at[1] - np.float32(12)) / (np.float32(0.35) + np.float32(0.65) * widen),
        z,
    )
    return oval(narrowed, (0, 13), (127, 89), 2.25)


def diaphragm(at: Coordinates, patient: Patient) -> Array:
    """Height above the diaphragm: negative in the abdomen."""
    x, y, z = at
    thorax = patient.thorax
    right = thorax.right_dome_mm - ((x + 66) ** 2 + (0.8 * (y - 18)) ** 2) / np.float32(190)
    left = thorax.left_dome_mm - ((x - 72) ** 2 + (0.8 * (y - 18)) ** 2) / np.float32(170)
    if patient.physique is None:
        middle = np.float32(-47) - ((x - 22) ** 2 + (y + 8) ** 2) / np.float32(330)
        top = np.maximum(np.maximum(right, left), middle)
    else:  # the heart rests on it
        x0 = np.float32(16 * thorax.heart_side)
        middle = np.float32(-40) - ((x - x0) ** 2 + np.float32(0.8) * (y + 8) ** 2) / np.float32(420)
        top = smooth_max(smooth_max(right, left, 12.0), middle, 16.0)
    height: Array = (z - top) * np.float32(0.8)
    return height


def paint_wall(part: Canvas, patient: Patient) -> Array:
    """Skin, fat, muscle and lung; returns the distance to the cavity."""
    at = chest_coordinates(part, patient)
    thorax = patient.thorax
    inside = cavity(at)
    wall = smooth_min(inside - np.float32(20), oval(at, (0, 96), (72, 42), 2.6), 20.0)
    fat = np.float32(thorax.skin_fat_mm)
    outline = smooth_min(wall - fat, oval(at, (0, 30), (150, 88), 2.6) - fat, 25.0)
    if thorax.breast_mm > 0:
        for side in (-1, 1):
            breast = ellipsoid(at, (side * 78, -82, -8), (58, 14 + thorax.breast_mm, 62))
            outline = smooth_min(outline, breast, 12.0)
    part.paint(outline, 30.0)  # skin
    part.paint(outline + np.float32(2.0), patient.fat_hu)
    if thorax.breast_mm > 0:
        for side in (-1, 1):
            part.paint(ellipsoid(at, (side * 76, -92, -12), (30, 8 + 0.3 * thorax.breast_mm, 34)), 10.0, share=0.45)
        if patient.physique is not None and patient.physique.implants:
            for side in (-1, 1):
                implant = ellipsoid(at, (side * 74, -86 - 0.4 * thorax.breast_mm, -10), (46, 20, 46))
                part.paint(implant, 62.0)
                part.paint(implant + np.float32(1.5), 88.0)
    _paint_muscles(part, at, patient, inside, outline)
    part.paint(inside - np.float32(1.5), patient.fat_hu, share=0.5)  # extrapleural fat
    return inside


def _paint_muscles(part: Canvas, at: Coordinates, patient: Patient, inside: Array, outline: Array) -> None:
    hu = patient.muscle_hu
    deep = np.maximum(outline + np.float32(5), np.float32(0) + inside - np.float32(16))
    part.paint(deep, hu, share=0.9)
    for side in (-1, 1):
        part.paint(np.maximum(oval(at, (side * 30, 116), (25, 17), 2.4), outline + 5), hu)
        pectoral = np.maximum(oval(at, (side * 66, -78), (52, 9), 2.2), np.float32(-20) - at[2])
        part.paint(np.maximum(pectoral, outline + 5), hu, share=0.85)
    part.paint(np.maximum(inside - np.float32(6.5), 5.0 - inside), patient.fat_hu, share=0.35)  # between layers


def paint_table(canvas: Canvas, patient: Patient) -> None:
    """The scanner's table below the back: a thin curved shell, which does not turn with the patient."""
    x, y, _ = canvas.at
    lowest = patient.thorax.middle_y_mm + patient.thorax.shift_y_mm + 148 * patient.thorax.scale + 14
    bend = (x - np.float32(patient.thorax.midline_x_mm)) ** 2 / np.float32(900)
    for slab in canvas.slabs():
        slab.paint(np.abs(y + bend - np.float32(lowest)) - np.float32(1.2), 30.0)


def paint_abdomen(part: Canvas, patient: Patient, inside: Array) -> Array:
    """Lung in the cavity, and what lies below the diaphragm; returns the height above it."""
    at = chest_coordinates(part, patient)
    x, y, z = at
    height = diaphragm(at, patient)
    hu = np.float32(LUNG_HU) + y * np.float32(0.45) + np.float32(12) * np.sin(x * 0.09 + z * 0.07) * np.sin(y * 0.11)
    part.paint(inside, hu)
    gap = 1.0 if patient.physique is None else -0.8  # the plain one has a thin rim of lung round the abdomen
    below = np.maximum(inside + gap, height)
    part.paint(below, patient.muscle_hu)
    part.paint(np.maximum(inside + 3.0, height + 2.5), patient.fat_hu)
    liver = smooth_min(
        ellipsoid(at, (-62, 16, patient.thorax.right_dome_mm - 72), (84, 88, 70)),
        ellipsoid(at, (2, -16, -86 if patient.physique is None else -80), (72, 50, 37)),
        18.0,
    )
    if patient.physique is not None:  # it fills the dome
        part.paint(np.maximum(np.maximum(inside + 2.0, height + 1.2), liver - np.float32(16)), LIVER_HU)
    else:
        part.paint(np.maximum(np.maximum(inside + 3.5, height + 3.0), liver), LIVER_HU)
    stomach = np.maximum(ellipsoid(at, (62, 6, patient.thorax.left_dome_mm - 47), (38, 44, 42)), height + 4.0)
    part.paint(stomach, 45.0)
    part.paint(np.maximum(stomach + 4.0, y + 8.0), AIR_HU + 20)
    part.paint(np.maximum(stomach + 4.0, -8.0 - y), 22.0)
    part.paint(
        np.maximum(ellipsoid(at, (92, 58, patient.thorax.left_dome_mm - 52), (26, 38, 46)), inside + 4.0), SPLEEN_HU
    )
    if patient.physique is not None and patient.physique.pleural_fluid_mm > 0:
        level = np.float32(102 - patient.physique.pleural_fluid_mm) - np.clip(-z - 20, 0, 60) * np.float32(0.4)
        part.paint(np.maximum(np.maximum(inside + 0.5, -height), level - y), 8.0)
    return height


def mediastinum(part: Canvas, patient: Patient, closed: Array) -> Array:
    """Distance to what lies between the lungs: heart, the column before the spine, the wedge to the sternum."""
    at = chest_coordinates(part, patient)
    x, y, z = at
    thorax = patient.thorax
    column = oval(at, (0.5 * thorax.aorta_x_mm, 72), (15 + 0.5 * thorax.aorta_x_mm, 21), 2.2)
    spine = oval(at, (0, 98), (23, 24), 2.2)
    flare = np.clip(-z / np.float32(60), 0, 1)
    front = 9.0 if patient.physique is None else patient.physique.front_mm
    wedge = oval((x - np.float32(6) * flare, y, z), (4, -58), (front, 30), 2.0) - np.float32(16) * flare
    wide = 38.0 if patient.physique is None else min(30.0 + 1.6 * patient.physique.fat_mm, 44.0)
    upper = oval(at, (-4, 14), (wide, wide + 8.0), 2.2) + np.clip(np.float32(62) - z, 0, 60)
    return smooth_min(smooth_min(smooth_min(column, spine, 10.0), wedge, 6.0), smooth_min(closed, upper, 12.0), 14.0)


def aorta_line(patient: Patient) -> Points:
    """Middle line of the descending aorta, from below upwards, in LPS."""
    thorax, lowest = patient.thorax, -120 if patient.physique is None else -216
    return patient.chest_to_lps(
        [(thorax.aorta_x_mm - 3 * (z < -40), thorax.aorta_y_mm + 4 * (z < -40), z) for z in range(lowest, 96, 12)]
    )


def arch_line(patient: Patient) -> Points:
    """Middle line of the aortic arch, from the ascending to the descending aorta, in LPS."""
    begin, end = patient.aorta_lps_mm[0][-1], aorta_line(patient)[-1]
    rise = 26.0 * patient.size * np.array([0.0, 0.0, 1.0])
    share = np.array([0.0, 0.15, 0.35, 0.65, 0.88, 1.0])[:, None]
    height = np.array([0.0, 0.62, 0.95, 1.0, 0.72, 0.0])[:, None]
    line: Points = begin + share * (end - begin) + height * (rise + np.maximum(end - begin, 0) * [0, 0, 0.3])
    return spline(line, 4.0)


def gullet_line(patient: Patient) -> Points:
    """Middle line of the oesophagus, from above downwards, in LPS."""
    return patient.chest_to_lps(
        [(1, 60, 110), (3, 60, 60), (5, 61, 30), (6, 61, 0), (9, 58, -30), (14, 50, -55), (22, 42, -75)]
    )


def paint_tubes(canvas: Canvas, patient: Patient) -> None:
    """Great vessels beyond the heart, oesophagus, trachea and main bronchi: each along its line."""
    thorax, blood = patient.thorax, patient.blood_hu
    to_lps = patient.chest_to_lps
    canvas.paint_tube(aorta_line(patient), thorax.aorta_radius_mm, blood)
    _paint_gullet(canvas, patient)
    canvas.paint_tube(to_lps([(-9, 78, -120), (-9, 80, 110)]), 3.6, blood)  # azygos
    windpipe = to_lps([(0, 46, 130), (-2, 48, 84)])
    canvas.paint_tube(windpipe, 10.5, 45.0)
    canvas.paint_tube(windpipe, 8.8, AIR_HU + 5)
    if patient.physique is not None:
        canvas.paint_tube(arch_line(patient), 12.5 * patient.size, blood)
        for x, y, radius in ((-14, 34, 6.0), (-2, 40, 4.2), (14, 48, 4.6)):  # to head and arms
            canvas.paint_tube(to_lps([(x, y, 112), (1.4 * x, y - 4, 165)]), radius, blood)
    for points, radius in _VEINS:
        canvas.paint_tube(patient.frame.to_lps(points), radius * patient.size, blood)


def _paint_gullet(canvas: Canvas, patient: Patient) -> None:
    gullet, inside = gullet_line(patient), np.array([1.0, -0.5, 0.0])
    canvas.paint_tube(gullet, 7.5, 36.0)
    if patient.physique is None:
        canvas.paint_tube(gullet + inside, 2.0, -150.0)
    elif patient.physique.gullet is Gullet.GAS:
        rng = np.random.default_rng([patient.seed, 12])
        chest = (gullet + inside)[:5]  # its last part, below the diaphragm, is closed
        canvas.paint_tube(chest, np.clip(rng.normal(2.8, 1.6, len(chest)), 0.3, 5.0), AIR_HU + 60)
    else:
        canvas.paint_tube(gullet + inside, 1.6, 8.0)


_VEINS = (
    (((-38, 14, 20), (-42, 14, 44), (-45, 15, 68), (-42, 12, 95)), 9.5),  # superior vena cava
    (((-34, 20, -20), (-30, 24, -42), (-24, 26, -80)), 12.0),  # inferior vena cava
    (((18, 38, 30), (40, 42, 36), (62, 38, 44)), 6.5),  # pulmonary veins
    (((18, 44, 18), (40, 52, 10), (58, 58, 0)), 6.0),
    (((-26, 38, 30), (-46, 36, 32), (-64, 30, 38)), 6.5),
    (((-26, 44, 18), (-46, 50, 12), (-62, 56, 2)), 6.0),
    (((16, 4, 62), (2, 20, 64), (-22, 26, 60), (-46, 30, 54)), 10.0),  # right pulmonary artery
    (((16, 4, 62), (26, 22, 66), (44, 40, 60), (50, 48, 44)), 10.0),  # left
    (((26, 38, 12), (16, 46, 2), (0, 40, -12), (-18, 28, -18)), 3.4),  # coronary sinus
)
"""Points in canonical millimetres, and the radius."""
