"""How the scanner sees one deposit: the share of each voxel that it fills, after blur."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.phantom.deposits import Deposit
from scoring.phantom.movement import STILL, Movement
from scoring.phantom.scan import Stack
from scoring.phantom.shapes import capsule
from scoring.phantom.spec import Texture

POINT_SPREAD_SD_MM = {Texture.SOFT: 0.36, Texture.MEDIUM: 0.31, Texture.SHARP: 0.24}
"""Gaussian point spread, before the pixel's own width; a soft kernel's is 0.85 mm wide at half its maximum."""

FINE_MM = 0.3
"""Deposits are sampled at least this finely in the slice before blur, and every half millimetre across it."""

Window = tuple[slice, slice, slice]
Line = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """Share of each voxel that a deposit fills, after blur, in its own window of the stack."""

    window: Window
    share: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tube:
    start: Line
    end: Line
    radii: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fine:
    """Samples within the pixels of a window."""

    x: Line
    y: Line
    per_pixel: int
    step_mm: float
    blur_mm: float


def cover_of(deposit: Deposit, stack: Stack, movement: Movement | None = None) -> Cover | None:
    """How the scanner sees one deposit; None where it lies outside the stack."""
    moving = movement if deposit.moves else None
    points = np.vstack(deposit.lines_lps_mm)
    blur = float(np.hypot(POINT_SPREAD_SD_MM[stack.texture], deposit.bloom_mm))
    margin = deposit.radius_mm + 4 * blur + 1.5 * stack.pixel_mm + (moving.farthest_mm if moving else 0.0)
    low, high = points.min(0) - margin, points.max(0) + margin
    half = stack.thickness_mm / 2 + deposit.radius_mm
    columns, rows = _span(stack.x, low[0], high[0]), _span(stack.y, low[1], high[1])
    slices = _span(stack.z, points[:, 2].min() - half, points[:, 2].max() + half)
    if not all(s.stop > s.start for s in (slices, rows, columns)):
        return None
    fine = max(1, int(np.ceil(stack.pixel_mm / FINE_MM)))
    samples = _Fine(
        x=_finer(stack.x[columns], fine, stack.pixel_mm),
        y=_finer(stack.y[rows], fine, stack.pixel_mm),
        per_pixel=fine,
        step_mm=stack.pixel_mm / fine,
        blur_mm=blur,
    )
    tubes = list(_tubes(deposit))
    share = np.zeros((slices.stop - slices.start, rows.stop - rows.start, columns.stop - columns.start))
    for k in range(slices.start, slices.stop):
        for x, y, time in moving.shifts[k] if moving else STILL:
            share[k - slices.start] += time * _slice_cover(tubes, samples, stack.z[k], stack.thickness_mm, (x, y))
    return Cover(window=(slices, rows, columns), share=share.astype(np.float32))


def _slice_cover(
    tubes: list[_Tube], fine: _Fine, z_mm: float, thickness_mm: float, shift_mm: tuple[float, float]
) -> npt.NDArray[np.float64]:
    count = max(2, int(np.ceil(thickness_mm / 0.5)))
    z = z_mm + ((np.arange(count) + 0.5) / count - 0.5) * thickness_mm
    x, y, step = fine.x - shift_mm[0], fine.y - shift_mm[1], fine.step_mm
    distance = np.full((len(z), len(y), len(x)), step)
    for tube in tubes:
        reach = max(tube.radii) + step
        low, high = np.minimum(tube.start, tube.end) - reach, np.maximum(tube.start, tube.end) + reach
        if low[2] < z[-1] and high[2] > z[0]:
            rows, columns = _span(y, low[1], high[1]), _span(x, low[0], high[0])
            at = (x[None, None, columns], y[None, rows, None], z[:, None, None])
            here = distance[:, rows, columns]
            np.minimum(here, capsule(at, tube.start, tube.end, tube.radii), out=here)
    inside = np.clip(0.5 - distance / step, 0, 1).mean(0)
    blurred = ndimage.gaussian_filter(inside, fine.blur_mm / step, mode="constant", truncate=4.0)
    parts = fine.per_pixel
    mean: npt.NDArray[np.float64] = blurred.reshape(len(y) // parts, parts, len(x) // parts, parts).mean((1, 3))
    return mean


def _tubes(deposit: Deposit) -> Iterator[_Tube]:
    for line, radii in zip(deposit.lines_lps_mm, deposit.radii_mm, strict=True):
        ends = list(pairwise(range(len(line)))) or [(0, 0)]
        for first, last in ends:
            yield _Tube(start=line[first], end=line[last], radii=(float(radii[first]), float(radii[last])))


def _span(axis: npt.NDArray[np.float64], low: float, high: float) -> slice:
    return slice(int(np.searchsorted(axis, low)), int(np.searchsorted(axis, high)))


def _finer(axis: npt.NDArray[np.float64], fine: int, pixel_mm: float) -> npt.NDArray[np.float64]:
    offset = ((np.arange(fine) + 0.5) / fine - 0.5) * pixel_mm
    return (axis[:, None] + offset).ravel()
