"""The scanner's geometry: where voxels lie, and how the painted patient becomes slices."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from scoring.phantom.canvas import Canvas
from scoring.phantom.movement import Movement
from scoring.phantom.patient import Patient
from scoring.phantom.spec import PhantomSpec, Texture

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
    texture: Texture = Texture.SOFT

    @property
    def pixel_mm(self) -> float:
        """Distance of pixel centres."""
        return float(self.x[1] - self.x[0])

    @property
    def increment_mm(self) -> float:
        """Distance of slice centres."""
        return float(self.z[1] - self.z[0])


def stack_of(spec: PhantomSpec, patient: Patient) -> Stack:
    """Pixels and slices of a specification about this patient's heart, or about the body where the field is wide."""
    centre = patient.frame.centre_lps_mm
    offset = (np.arange(spec.matrix) - (spec.matrix - 1) / 2) * spec.pixel_mm
    # a large field of view is centred on the body, a small one on the heart
    wide = float(np.clip((spec.fov_mm - 260) / 100, 0, 1))
    x = (1 - wide) * centre[0] + wide * patient.thorax.midline_x_mm
    y = centre[1] + wide * 22.0
    x, y = x + spec.grid_shift_mm[0], y + spec.grid_shift_mm[1]
    x, y = x + spec.fov_shift_mm[0], y + spec.fov_shift_mm[1]
    low, high = centre[2] - spec.below_mm * patient.size, centre[2] + spec.above_mm * patient.size
    count = int(np.floor((high - low) / spec.slice_increment_mm)) + 1
    z = np.round(low, 2) + spec.table_shift_mm + np.arange(count) * spec.slice_increment_mm
    return Stack(x=x + offset, y=y + offset, z=z, thickness_mm=spec.slice_thickness_mm, texture=spec.texture)


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


def image_of(canvas: Canvas, stack: Stack, movement: Movement | None = None) -> npt.NDArray[np.float32]:
    """Slices of the canvas: averaged over their thickness, blurred and sampled at the pixels; float HU."""
    parts = _planes_per_increment(stack)
    planes = _planes_per_slice(stack, stack.increment_mm / parts)
    slices = canvas.hu[: len(stack.z) * parts : parts][: len(stack.z)].copy()
    for k in range(1, planes):
        slices += canvas.hu[k:][: (len(stack.z) - 1) * parts + 1 : parts]
    slices /= planes
    if movement is not None:
        movement.smear(slices, canvas, stack.z)
    # sparse products: their sums run in one order on every machine, so that a seed means the same bytes
    weights = _resample(canvas.x, stack.x)
    image = np.empty((len(stack.z), len(stack.y), len(stack.x)), np.float32)
    for k, plane in enumerate(slices):
        image[k] = (weights @ (weights @ plane).T).T
        if stack.texture is Texture.SHARP:
            image[k] += EDGE_BOOST * (image[k] - ndimage.gaussian_filter(image[k], EDGE_MM / stack.pixel_mm))
    return image


EDGE_BOOST, EDGE_MM = np.float32(0.6), 1.2
"""A sharp kernel overshoots at edges."""


def _resample(coarse: npt.NDArray[np.float32], fine: npt.NDArray[np.float64]) -> sparse.csr_matrix:
    """Weights (fine, coarse): linear between the samples, then blurred by what the painted edge lacks."""
    step = float(coarse[1] - coarse[0])
    sd = max(0.45 * step, 0.4 * float(fine[1] - fine[0]))
    away = (fine - fine.mean())[:, None] - (coarse - coarse.mean())[None, :]
    weight = np.exp(-0.5 * (away / sd) ** 2) * (np.abs(away) < 3.5 * sd)
    total = weight.sum(1, keepdims=True)
    return sparse.csr_matrix((weight / total).astype(np.float32))
