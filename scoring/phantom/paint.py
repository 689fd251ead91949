"""The whole patient on one canvas, body over body."""

import numpy as np

from scoring.phantom.canvas import Canvas
from scoring.phantom.heart import Chambers, chambers, fat_thickness
from scoring.phantom.lungs import paint_bronchi, paint_vessels
from scoring.phantom.patient import Patient
from scoring.phantom.shapes import Array, Coordinates, capsule, smooth_max, smooth_min
from scoring.phantom.skeleton import paint_ribs, paint_spine, paint_sternum
from scoring.phantom.thorax import mediastinum, paint_abdomen, paint_tubes, paint_wall

FAR_MM = 14.0
"""Distances to the arteries are known up to here."""

GROOVE_MM = 3.2
"""Fat about the lumen of an artery that no muscle may fill: the thinnest groove."""

HEART_REACH_MM = 92.0


def paint_patient(canvas: Canvas, patient: Patient) -> None:
    """Paint air, chest, lungs, bones, heart and its arteries, without any deposit."""
    canvas.hu[...] = -1000.0
    insides = [paint_wall(slab, patient) for slab in canvas.slabs()]
    heights = [
        paint_abdomen(slab, patient, inside) for slab, inside in zip(canvas.slabs(), insides, strict=True)
    ]
    paint_vessels(canvas, patient)
    for slab, inside, height in zip(canvas.slabs(), insides, heights, strict=True):
        _paint_middle(slab, patient, inside, height)
    paint_tubes(canvas, patient)
    paint_bronchi(canvas, patient)
    for slab in canvas.slabs():
        _paint_heart(slab, patient)
    for course in patient.tree.all:
        canvas.paint_tube(course.points_lps_mm, course.radii_mm + 0.5, patient.blood_hu - 4.0)
    paint_spine(canvas, patient)
    paint_ribs(canvas, patient)
    paint_sternum(canvas, patient)


def _paint_middle(slab: Canvas, patient: Patient, inside: Array, height: Array) -> None:
    """Mediastinal fat and the pericardium; the heart itself comes later, over the vessels that enter it."""
    closed = np.full(slab.hu.shape, 60, np.float32)
    near = _near_heart(slab, patient)
    if near is not None:
        part, window = near
        closed[window] = _pericardium(part, patient)[0]
    middle = np.maximum(mediastinum(slab, patient, closed), inside + np.float32(0.5))
    middle = np.where(closed < 0, closed, np.maximum(middle, -height))
    slab.paint(middle, patient.fat_hu)
    slab.paint(np.abs(closed) - np.float32(0.5), 10.0, share=0.55)


def _paint_heart(slab: Canvas, patient: Patient) -> None:
    near = _near_heart(slab, patient)
    if near is None:
        return
    part, _ = near
    closed, parts, artery = _pericardium(part, patient)
    carved = smooth_max(parts.muscle, np.float32(GROOVE_MM) - artery, 2.0)
    part.paint(np.maximum(closed + np.float32(0.6), np.minimum(parts.muscle, artery) - FAR_MM), patient.fat_hu)
    part.paint(carved, patient.muscle_hu)
    part.paint(np.maximum(parts.blood, carved + np.float32(1.0)), patient.blood_hu)
    part.paint(parts.aorta - np.float32(0.8), patient.muscle_hu)
    part.paint(parts.aorta + np.float32(0.6), patient.blood_hu)


def _near_heart(slab: Canvas, patient: Patient) -> tuple[Canvas, tuple[slice, slice, slice]] | None:
    centre, reach = patient.frame.centre_lps_mm, HEART_REACH_MM * patient.size
    low, high = centre - reach, centre + reach
    part = slab.within(low, high)
    if part is None:
        return None
    first = [int(np.searchsorted(axis, a)) for axis, a in zip((slab.z, slab.y, slab.x), low[::-1], strict=True)]
    window = tuple(slice(f, f + n) for f, n in zip(first, part.hu.shape, strict=True))
    return part, (window[0], window[1], window[2])


def _pericardium(part: Canvas, patient: Patient) -> tuple[Array, Chambers, Array]:
    """Distance to the pericardium, the chambers in it, and the distance to the nearest artery's lumen."""
    at = patient.frame.to_canonical(part.at)
    parts = chambers(at, patient.shape)
    artery = _artery_distance(part, patient)
    z = at[2]
    # the pericardium ends on the great vessels, about 55 mm above the centre
    closed = parts.closed - fat_thickness(at, patient.shape)
    closed = smooth_max(closed, z - np.float32(58), 8.0)
    return smooth_min(closed, artery - np.float32(4.0), 10.0), parts, artery


def _artery_distance(part: Canvas, patient: Patient) -> Array:
    distance = np.full(part.hu.shape, FAR_MM, np.float32)
    for course in patient.tree.all:
        points, radii = course.points_lps_mm[::3], course.radii_mm[::3]
        points = np.vstack([points, course.points_lps_mm[-1:]])
        radii = np.append(radii, course.radii_mm[-1])
        for i in range(len(points) - 1):
            ends = points[i : i + 2]
            box = part.within(ends.min(0) - FAR_MM, ends.max(0) + FAR_MM)
            if box is None:
                continue
            first = [int(np.searchsorted(a, b)) for a, b in zip((part.z, part.y, part.x), (ends.min(0) - FAR_MM)[::-1], strict=True)]
            window = tuple(slice(f, f + n) for f, n in zip(first, box.hu.shape, strict=True))
            here: Coordinates = box.at
            distance[window] = np.minimum(distance[window], capsule(here, ends[0], ends[1], (radii[i], radii[i + 1])))
    return distance
