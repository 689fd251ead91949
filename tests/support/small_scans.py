"""Scans of a block of blood with balls of calcium, drawn by a scanner of a few lines that shares nothing with ours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from scoring.volume import Volume

BLOOD_HU = 45.0
SHAPE = (12, 64, 64)
PIXEL_MM = 0.5
SLICE_MM = 3.0
FINER = (5, 2, 2)
BLUR_MM = 0.38
NOISE_BLUR_MM = 0.46


@dataclass(frozen=True)
class Ball:
    """An ellipsoid of calcium; millimetres from the middle of the block as x, y, z."""

    centre_mm: tuple[float, float, float]
    radii_mm: tuple[float, float, float]
    hu: float


def scan_of(
    balls: Sequence[Ball],
    *,
    noise_sd_hu: float = 0.0,
    noise_seed: int = 0,
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Volume:
    """One scan: means over 3 mm slices and 0.5 mm pixels, blurred in the slice, with correlated noise."""
    fine = np.full([n * k for n, k in zip(SHAPE, FINER, strict=True)], BLOOD_HU, np.float32)
    steps = (SLICE_MM / FINER[0], PIXEL_MM / FINER[1], PIXEL_MM / FINER[2])
    axes = [
        (np.arange(n) - (n - 1) / 2) * step + shift
        for n, step, shift in zip(fine.shape, steps, shift_mm[::-1], strict=True)
    ]
    for ball in balls:
        z, y, x = (
            ((axis - middle) / radius) ** 2
            for axis, middle, radius in zip(axes, ball.centre_mm[::-1], ball.radii_mm[::-1], strict=True)
        )
        fine[z[:, None, None] + y[:, None] + x <= 1.0] = ball.hu
    fine = fine.reshape(SHAPE[0], FINER[0], fine.shape[1], fine.shape[2]).mean(1)
    fine = ndimage.gaussian_filter(fine, (0, BLUR_MM / steps[1], BLUR_MM / steps[2]))
    hu = fine.reshape(SHAPE[0], SHAPE[1], FINER[1], SHAPE[2], FINER[2]).mean((2, 4))
    if noise_sd_hu:
        noise = np.random.default_rng(noise_seed).standard_normal(SHAPE)
        noise = ndimage.gaussian_filter(noise, (0, NOISE_BLUR_MM / PIXEL_MM, NOISE_BLUR_MM / PIXEL_MM), mode="wrap")
        hu = hu + noise * noise_sd_hu / noise.std()
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = SLICE_MM, PIXEL_MM, PIXEL_MM
    return Volume(hu=np.rint(hu).astype(np.int16), voxel_to_lps_mm=affine)
