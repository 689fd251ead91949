"""The heart that moves while it is scanned: seen twice in a slice, and stepped between slabs of slices."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.canvas import Canvas
from scoring.phantom.frame import HeartFrame
from scoring.phantom.shapes import ellipsoid
from scoring.phantom.spec import PhantomSpec

Shift = tuple[float, float, float]  # x, y in millimetres, and the share of the time spent there

STILL: tuple[Shift, ...] = ((0.0, 0.0, 1.0),)

_HEART_RADII_MM = (72.0, 68.0, 78.0)
_FADE_MM = 16.0
_REACH_MM = 96.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Movement:
    """For each slice the places in which the heart is seen, and which heart it is."""

    frame: HeartFrame
    shifts: tuple[tuple[Shift, ...], ...]

    @property
    def farthest_mm(self) -> float:
        """Longest shift along an axis."""
        return max(max(abs(x), abs(y)) for places in self.shifts for x, y, _ in places)

    def smear(self, slices: npt.NDArray[np.float32], canvas: Canvas, z_mm: npt.NDArray[np.float64]) -> None:
        """Put the moved heart into slices painted at rest (in place), fading out into the chest around it."""
        centre = self.frame.centre_lps_mm
        for plane, z, places in zip(slices, z_mm, self.shifts, strict=True):
            whole = Canvas(hu=plane[None], x=canvas.x, y=canvas.y, z=np.array([z], np.float32))
            near = whole.within(centre - _REACH_MM, centre + _REACH_MM)
            if places == STILL or near is None:
                continue
            part, _ = near
            distance = ellipsoid(self.frame.to_canonical(part.at), (0, 0, 0), _HEART_RADII_MM)[0]
            share = np.clip(np.float32(0.5) - distance / np.float32(_FADE_MM), 0, 1)
            step = float(canvas.x[1] - canvas.x[0])
            moved = sum(
                (np.float32(time) * _shifted(part.hu[0], x / step, y / step) for x, y, time in places),
                start=np.zeros_like(part.hu[0]),
            )
            part.hu[0] += share * (moved - part.hu[0])


def movement_of(spec: PhantomSpec, frame: HeartFrame, slices: int) -> Movement | None:
    """Motion of a specification; None where the heart is still."""
    if spec.motion_mm == 0 and spec.slab_step_mm == 0:
        return None
    rng = np.random.default_rng([spec.seed, 13])
    angle = rng.uniform(0, 2 * np.pi)
    half = np.array([np.cos(angle), np.sin(angle)]) * spec.motion_mm / 2
    steps = rng.uniform(0, 2 * np.pi, slices // spec.slab_slices + 1)
    shifts: list[tuple[Shift, ...]] = []
    for k in range(slices):
        slab = k // spec.slab_slices
        x, y = (slab % 2) * spec.slab_step_mm * np.array([np.cos(steps[slab]), np.sin(steps[slab])])
        if spec.motion_mm == 0:
            shifts.append(((float(x), float(y), 1.0),))
        else:
            shifts.append(tuple((float(x + s * half[0]), float(y + s * half[1]), t) for s, t in _TWICE))
    return Movement(frame=frame, shifts=tuple(shifts))


_TWICE = ((-1.0, 0.42), (0.0, 0.16), (1.0, 0.42))
"""Most of the time at the two ends of the way."""


def _shifted(plane: npt.NDArray[np.float32], columns: float, rows: float) -> npt.NDArray[np.float32]:
    """The plane moved by parts of a sample, linear between samples."""
    moved = plane
    for axis, by in ((1, columns), (0, rows)):
        whole = int(np.floor(by))
        share = np.float32(by - whole)
        moved = (1 - share) * np.roll(moved, whole, axis) + share * np.roll(moved, whole + 1, axis)
    return moved
