"""The whole patient on one canvas, body over body."""

from dataclasses import dataclass

import numpy as np

from scoring.phantom.canvas import Canvas, Window
from scoring.phantom.heart import Chambers, chambers, closed_heart, fat_thickness
from scoring.phantom.lungs import paint_bronchi, paint_vessels
from scoring.phantom.metal import GRAFT_RADIUS_MM, graft_line
from scoring.phantom.patient import Patient
from scoring.phantom.shapes import Array, capsule, smooth_max, smooth_min
from scoring.phantom.skeleton import paint_ribs, paint_spine, paint_sternum
from scoring.phantom.texture import lattice_noise
from scoring.phantom.thorax import mediastinum, paint_abdomen, paint_table, paint_tubes, paint_wall

FAR_MM = 14.0
"""Distances to the arteries are known up to here."""

GROOVE_MM = 3.2
"""Fat about the lumen of an artery that no muscle may fill: the thinnest groove."""

WALL_MM = 0.5
"""Wall of an artery about its lumen."""

GROOVE_FAT_HU = 16.0
"""Fat in the sac is brighter than other fat: small vessels run in it (real grooves: medians of -57 to -75 HU)."""

COVER_MM = 4.0
"""Fat between the lumen of an artery and the pericardium."""

FLUID_HU = 12.0

HEART_REACH_MM = 92.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Heart:
    """The heart's distances on the part of a slab where it is, with the place of that part in the slab."""

    part: Canvas
    window: Window
    closed: Array  # to the pericardium
    chambers: Chambers
    artery: Array  # to the nearest arterial lumen, up to FAR_MM


def paint_patient(canvas: Canvas, patient: Patient, *, graft: bool = False) -> None:
    """Paint air, chest, lungs, bones, heart and its arteries, without any deposit."""
    canvas.hu[...] = -1000.0
    if patient.physique is not None:
        paint_table(canvas, patient)
    slabs = list(canvas.slabs())
    hearts = [_heart(slab, patient) for slab in slabs]
    insides = [paint_wall(slab, patient) for slab in slabs]
    heights = [paint_abdomen(slab, patient, inside) for slab, inside in zip(slabs, insides, strict=True)]
    paint_vessels(canvas, patient)
    for slab, heart, inside, height in zip(slabs, hearts, insides, heights, strict=True):
        _paint_middle(slab, patient, heart, np.maximum(inside + np.float32(0.5), -height))
    if graft:
        canvas.paint_tube(graft_line(patient), GRAFT_RADIUS_MM + 4.5, patient.fat_hu)
    paint_tubes(canvas, patient)
    paint_bronchi(canvas, patient)
    for heart in hearts:
        if heart is not None:
            _paint_heart(heart, patient)
    for course in (*patient.tree.veins, *patient.tree.all):
        canvas.paint_tube(course.points_lps_mm, course.radii_mm + WALL_MM, patient.blood_hu - 4.0)
    if graft:
        canvas.paint_tube(graft_line(patient), GRAFT_RADIUS_MM, patient.blood_hu - 2.0)
    paint_spine(canvas, patient)
    paint_ribs(canvas, patient)
    paint_sternum(canvas, patient)


def _paint_middle(slab: Canvas, patient: Patient, heart: _Heart | None, chest: Array) -> None:
    """Mediastinal fat and the pericardium; the heart itself comes later, over the vessels that enter it."""
    closed = np.full(slab.hu.shape, 60, np.float32)
    if heart is not None:
        closed[heart.window] = heart.closed
    middle = np.minimum(closed, np.maximum(mediastinum(slab, patient, closed), chest))
    slab.paint(middle, patient.fat_hu)
    if heart is not None:
        if patient.physique is not None and patient.physique.pericardial_fluid_mm > 0:
            heart.part.paint(heart.closed - np.float32(patient.physique.pericardial_fluid_mm), FLUID_HU)
        heart.part.paint(heart.closed, _sac_fat(heart.part, patient))
    slab.paint(np.abs(closed) - np.float32(0.5), 10.0, share=0.55)


def _sac_fat(part: Canvas, patient: Patient) -> float | Array:
    """HU of the fat in the sac: a lighter mean, clouds and strands."""
    physique = patient.physique
    if physique is None:
        return patient.fat_hu + GROOVE_FAT_HU
    axes, centre = (part.x, part.y, part.z), patient.frame.centre_lps_mm
    cloud = lattice_noise(axes, centre, 9.0, [patient.seed, 10])
    sheet = lattice_noise(axes, centre, 4.5, [patient.seed, 11])
    strand = np.float32(physique.strands_hu) * np.exp(-((sheet / np.float32(0.22)) ** 2))
    fat: Array = np.float32(patient.fat_hu + physique.fat_brighter_hu) + np.float32(9.0) * cloud + strand
    return fat


def _paint_heart(heart: _Heart, patient: Patient) -> None:
    part, chambers_here = heart.part, heart.chambers
    bare = GROOVE_MM if patient.physique is None else patient.physique.bare_mm
    carved = smooth_max(chambers_here.muscle, np.float32(bare) - heart.artery, 2.0)
    part.paint(carved, patient.muscle_hu)
    part.paint(np.maximum(chambers_here.blood, carved + np.float32(1.0)), patient.blood_hu)
    part.paint(chambers_here.aorta - np.float32(0.8), patient.muscle_hu)
    part.paint(chambers_here.aorta + np.float32(0.6), patient.blood_hu)


def _heart(slab: Canvas, patient: Patient) -> _Heart | None:
    centre, reach = patient.frame.centre_lps_mm, HEART_REACH_MM * patient.size
    near = slab.within(centre - reach, centre + reach)
    if near is None:
        return None
    part, window = near
    at = patient.frame.to_canonical(part.at)
    parts = chambers(at, patient.shape)
    artery = _artery_distance(part, patient)
    # the pericardium ends on the great vessels, not quite 60 mm above the centre
    closed = smooth_max(
        closed_heart(parts, patient.shape) - fat_thickness(at, patient.shape), at[2] - np.float32(58), 8.0
    )
    cover = COVER_MM if patient.physique is None else patient.physique.cover_mm
    closed = smooth_min(closed, artery - np.float32(cover), 10.0)
    return _Heart(part=part, window=window, closed=closed, chambers=parts, artery=artery)


def _artery_distance(part: Canvas, patient: Patient) -> Array:
    distance = np.full(part.hu.shape, FAR_MM, np.float32)
    for course in patient.tree.all:
        points = np.vstack([course.points_lps_mm[::3], course.points_lps_mm[-1:]])
        radii = np.append(course.radii_mm[::3], course.radii_mm[-1])
        for i in range(len(points) - 1):
            ends = points[i : i + 2]
            near = part.within(ends.min(0) - FAR_MM, ends.max(0) + FAR_MM)
            if near is not None:
                box, window = near
                here = capsule(box.at, ends[0], ends[1], (radii[i], radii[i + 1]))
                distance[window] = np.minimum(distance[window], here)
    return distance
