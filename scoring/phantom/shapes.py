"""Signed distances of simple bodies: negative inside, millimetres. Coordinates are float32 arrays of any shape."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Coordinates = tuple[Array, Array, Array]  # x, y, z; they broadcast against each other


def smooth_min(a: Array, b: Array, blend_mm: float) -> Array:
    """Union of two bodies whose crease is filled over `blend_mm` (at most a quarter of it deep)."""
    h = np.maximum(blend_mm - np.abs(a - b), 0) / np.float32(blend_mm)
    union: Array = np.minimum(a, b) - h * h * np.float32(blend_mm / 4)
    return union


def smooth_max(a: Array, b: Array, blend_mm: float) -> Array:
    """Intersection of two bodies with a rounded edge."""
    return -smooth_min(-a, -b, blend_mm)


def rotation(degrees: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Matrix that turns about x, then y, then z."""
    a, b, c = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    turned: npt.NDArray[np.float64] = about_z @ about_y @ about_x
    return turned


@lru_cache(maxsize=64)
def axes_along(direction: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Rows are three unit vectors at right angles, the last along `direction`."""
    w = np.asarray(direction, float) / np.linalg.norm(direction)
    u = np.cross([0.0, 1.0, 0.0] if abs(w[1]) < 0.9 else [1.0, 0.0, 0.0], w)
    u /= np.linalg.norm(u)
    axes = np.stack([u, np.cross(w, u), w])
    axes.flags.writeable = False
    return axes


def ellipsoid(
    at: Coordinates,
    centre: Sequence[float],
    radii: Sequence[float],
    axes: npt.NDArray[np.float64] | None = None,
) -> Array:
    """Distance to an ellipsoid, exact to first order at its surface; `axes` rows are its directions."""
    moved = [c - np.float32(o) for c, o in zip(at, centre, strict=True)]
    if axes is not None:
        x, y, z = moved
        moved = [np.float32(row[0]) * x + np.float32(row[1]) * y + np.float32(row[2]) * z for row in axes]
    near = sum((m / np.float32(r)) ** 2 for m, r in zip(moved, radii, strict=True))
    steep = sum((m / np.float32(r * r)) ** 2 for m, r in zip(moved, radii, strict=True))
    depth = np.sqrt(near)
    distance: Array = depth * (depth - 1) / np.sqrt(steep + np.float32(1e-12))
    return distance


def capsule(at: Coordinates, start: npt.ArrayLike, end: npt.ArrayLike, radii: tuple[float, float]) -> Array:
    """Distance to a straight tube with round ends whose radius goes from `radii[0]` to `radii[1]`."""
    run = np.subtract(end, start)
    length2 = float(run @ run) or 1e-9
    moved = [c - np.float32(o) for c, o in zip(at, np.asarray(start), strict=True)]
    share = sum(np.float32(r / length2) * m for r, m in zip(run, moved, strict=True))
    share = np.clip(share, 0, 1)
    away2 = sum((m - share * np.float32(r)) ** 2 for r, m in zip(run, moved, strict=True))
    distance: Array = np.sqrt(away2) - (np.float32(radii[0]) + share * np.float32(radii[1] - radii[0]))
    return distance


def chain(at: Coordinates, points: npt.NDArray[np.float64], radii: npt.NDArray[np.float64]) -> Array:
    """Distance to a tube along a polyline."""
    parts = [capsule(at, points[i], points[i + 1], (radii[i], radii[i + 1])) for i in range(len(points) - 1)] or [
        capsule(at, points[0], points[0], (radii[0], radii[0]))
    ]
    nearest = parts[0]
    for part in parts[1:]:
        nearest = np.minimum(nearest, part)
    return nearest


def spline(points: npt.ArrayLike, step_mm: float) -> npt.NDArray[np.float64]:
    """Points about `step_mm` apart on a smooth curve through the given ones (centripetal Catmull-Rom)."""
    knots = np.asarray(points, float)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        count = max(1, round(float(np.linalg.norm(c - b)) / step_mm))
        t = (np.arange(count) / count)[:, None]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, knots[-1:]])


def arc_length(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Millimetres from the first point to each."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
