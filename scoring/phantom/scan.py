"""The scanner: point spread in the slice, slice profile, noise, whole HU."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from scoring.phantom.canvas import Canvas
from scoring.phantom.deposits import Deposit
from scoring.phantom.shapes import capsule
from scoring.phantom.spec import PhantomSpec

POINT_SPREAD_SD_MM = 0.36
"""Gaussian point spread of a soft kernel, 0.85 mm full width at half maximum, before the pixel's own width."""

NOISE_SD_MM = 0.46
"""Gaussian that correlates the noise: a soft kernel's noise has blobs of about 1 to 1.5 mm."""

FINE_MM = 0.3
"""Deposits are sampled at least this finely in the slice before blur, and every half millimetre across it."""

CANVAS_MM = 1.0
CANVAS_SAMPLES = 300
"""The patient is painted every millimetre, coarser for coarse pixels or where that would be more samples than this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """Where the voxels lie: pixel centres and slice centres in LPS."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    z: npt.NDArray[np.float64]
    thickness_mm: float

    @property
    def pixel_mm(self) -> float:
        """Distance of pixel centres."""
        return float(self.x[1] - self.x[0])

    @property
    def increment_mm(self) -> float:
        """Distance of slice centres."""
        return float(self.z[1] - self.z[0])


def blank_canvas(stack: Stack) -> Canvas:
    """Canvas over the field of view, with planes so close that each slice averages at least two."""
    field = stack.pixel_mm * len(stack.x)
    samples = int(np.ceil(min(max(field / max(CANVAS_MM, 1.2 * stack.pixel_mm), 16), CANVAS_SAMPLES)))
    step = field / samples
    offset = (np.arange(samples) - (samples - 1) / 2) * step
    parts = _planes_per_increment(stack)
    gap = stack.increment_mm / parts
    planes = _planes_per_slice(stack, gap)
    count = (len(stack.z) - 1) * parts + planes
    z = stack.z[0] - (planes - 1) / 2 * gap + np.arange(count) * gap
    return Canvas(
        hu=np.empty((count, samples, samples), np.float32),
        x=(stack.x.mean() + offset).astype(np.float32),
        y=(stack.y.mean() + offset).astype(np.float32),
        z=z.astype(np.float32),
    )


def _planes_per_increment(stack: Stack) -> int:
    return max(1, round(stack.increment_mm / min(1.5, stack.thickness_mm / 2)))


def _planes_per_slice(stack: Stack, gap_mm: float) -> int:
    return max(1, round(stack.thickness_mm / gap_mm))


def image_of(canvas: Canvas, stack: Stack) -> npt.NDArray[np.float32]:
    """Slices of the canvas: averaged over their thickness, blurred and sampled at the pixels; float HU."""
    parts = _planes_per_increment(stack)
    planes = _planes_per_slice(stack, stack.increment_mm / parts)
    slices = canvas.hu[: len(stack.z) * parts : parts][: len(stack.z)].copy()
    for k in range(1, planes):
        slices += canvas.hu[k:][: (len(stack.z) - 1) * parts + 1 : parts]
    slices /= planes
    # sparse products: their sums run in one order on every machine, so that a seed means the same bytes
    weights = _resample(canvas.x, stack.x)
    image = np.empty((len(stack.z), len(stack.y), len(stack.x)), np.float32)
    for k, plane in enumerate(slices):
        image[k] = (weights @ (weights @ plane).T).T
    return image


def _resample(coarse: npt.NDArray[np.float32], fine: npt.NDArray[np.float64]) -> sparse.csr_matrix:
    """Weights (fine, coarse): linear between the samples, then blurred by what the painted edge lacks."""
    step = float(coarse[1] - coarse[0])
    sd = max(0.45 * step, 0.4 * float(fine[1] - fine[0]))
    away = (fine - fine.mean())[:, None] - (coarse - coarse.mean())[None, :]
    weight = np.exp(-0.5 * (away / sd) ** 2) * (np.abs(away) < 3.5 * sd)
    total = weight.sum(1, keepdims=True)
    return sparse.csr_matrix((weight / total).astype(np.float32))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """Share of each voxel that a deposit fills, after blur, in its own window of the stack."""

    window: tuple[slice, slice, slice]
    share: npt.NDArray[np.float32]


def cover_of(deposit: Deposit, stack: Stack) -> Cover | None:
    """How the scanner sees one deposit; None where it lies outside the stack."""
    points = np.vstack(deposit.lines_lps_mm)
    margin = deposit.radius_mm + 4 * POINT_SPREAD_SD_MM + 1.5 * stack.pixel_mm
    low, high = points.min(0) - margin, points.max(0) + margin
    half = stack.thickness_mm / 2 + deposit.radius_mm
    columns, rows = _span(stack.x, low[0], high[0]), _span(stack.y, low[1], high[1])
    slices = _span(stack.z, points[:, 2].min() - half, points[:, 2].max() + half)
    if not all(s.stop > s.start for s in (slices, rows, columns)):
        return None
    fine = max(1, int(np.ceil(stack.pixel_mm / FINE_MM)))
    x, y = _finer(stack.x[columns], fine, stack.pixel_mm), _finer(stack.y[rows], fine, stack.pixel_mm)
    share = [_slice_cover(deposit, x, y, z, stack, fine) for z in stack.z[slices]]
    return Cover(window=(slices, rows, columns), share=np.stack(share).astype(np.float32))


def _slice_cover(
    deposit: Deposit,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    z_mm: float,
    stack: Stack,
    fine: int,
) -> npt.NDArray[np.float64]:
    count = max(2, int(np.ceil(stack.thickness_mm / 0.5)))
    z = z_mm + ((np.arange(count) + 0.5) / count - 0.5) * stack.thickness_mm
    at = (x[None, None, :], y[None, :, None], z[:, None, None])
    step = stack.pixel_mm / fine
    distance = np.full((len(z), len(y), len(x)), step)
    for start, end in _segments(deposit):
        low, high = sorted((start[2], end[2]))
        if low - deposit.radius_mm < z[-1] + step and high + deposit.radius_mm > z[0] - step:
            np.minimum(distance, capsule(at, start, end, (deposit.radius_mm, deposit.radius_mm)), out=distance)
    inside = np.clip(0.5 - distance / step, 0, 1).mean(0)
    blurred = ndimage.gaussian_filter(inside, POINT_SPREAD_SD_MM / step, mode="constant", truncate=4.0)
    mean: npt.NDArray[np.float64] = blurred.reshape(len(y) // fine, fine, len(x) // fine, fine).mean((1, 3))
    return mean


def _segments(deposit: Deposit) -> Iterator[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    for line in deposit.lines_lps_mm:
        yield from pairwise(line) if len(line) > 1 else [(line[0], line[0])]


def _span(axis: npt.NDArray[np.float64], low: float, high: float) -> slice:
    return slice(int(np.searchsorted(axis, low)), int(np.searchsorted(axis, high)))


def _finer(axis: npt.NDArray[np.float64], fine: int, pixel_mm: float) -> npt.NDArray[np.float64]:
    offset = ((np.arange(fine) + 0.5) / fine - 0.5) * pixel_mm
    return (axis[:, None] + offset).ravel()


def noise_of(spec: PhantomSpec, stack: Stack) -> npt.NDArray[np.float32] | None:
    """Correlated noise of the wanted SD; overlapping slices share what they share of the beam. None without noise."""
    if spec.noise_sd_hu == 0:
        return None
    rng = np.random.default_rng([spec.seed if spec.noise_seed is None else spec.noise_seed, 7])
    shared = max(1, round(stack.thickness_mm / stack.increment_mm))
    field = rng.standard_normal((len(stack.z) + shared - 1, len(stack.y), len(stack.x)), np.float32)
    sd_pixels = NOISE_SD_MM / stack.pixel_mm
    for plane in field:
        ndimage.gaussian_filter(plane, sd_pixels, output=plane, mode="wrap", truncate=3.0)
    summed = field[: len(stack.z)].copy()
    for k in range(1, shared):
        summed += field[k : k + len(stack.z)]
    return summed * np.float32(spec.noise_sd_hu / float(summed[:: max(1, len(summed) // 6)].std()))
