"""What a scanner adds: correlated noise, streaks between the arms, streaks from metal."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.phantom.cover import Cover
from scoring.phantom.scan import Stack
from scoring.phantom.spec import PhantomSpec, Texture

Image = npt.NDArray[np.float32]

NOISE_SD_MM = {Texture.SOFT: 0.46, Texture.MEDIUM: 0.36, Texture.SHARP: 0.26}
"""Gaussian that correlates the noise: a soft kernel's noise has blobs of about 1 to 1.5 mm."""

BODY_MM = 150.0
HEART_SHARE = 0.11
"""Mean square of the distance from the body's middle over the heart, as a share of `BODY_MM` squared."""


def noise_of(spec: PhantomSpec, stack: Stack, middle_mm: tuple[float, float]) -> Image | None:
    """Correlated noise of the wanted SD; overlapping slices share what they share of the beam. None without noise."""
    if spec.noise_sd_hu == 0:
        return None
    rng = np.random.default_rng([spec.seed if spec.noise_seed is None else spec.noise_seed, 7])
    shared = max(1, round(stack.thickness_mm / stack.increment_mm))
    field = rng.standard_normal((len(stack.z) + shared - 1, len(stack.y), len(stack.x)), np.float32)
    sd_pixels = NOISE_SD_MM[stack.texture] / stack.pixel_mm
    for plane in field:
        ndimage.gaussian_filter(plane, sd_pixels, output=plane, mode="wrap", truncate=3.0)
        if stack.texture is Texture.SHARP:
            wider = ndimage.gaussian_filter(plane, 2 * sd_pixels, mode="wrap", truncate=3.0)
            np.subtract(plane, np.float32(0.7) * wider, out=plane)
    summed = field[: len(stack.z)].copy()
    for k in range(1, shared):
        summed += field[k : k + len(stack.z)]
    summed *= np.float32(spec.noise_sd_hu / float(summed[:: max(1, len(summed) // 6)].std()))
    if spec.uneven_noise:
        x, y = stack.x - middle_mm[0], stack.y - middle_mm[1]
        away2 = (x[None, :] ** 2 + y[:, None] ** 2) / BODY_MM**2
        summed *= np.clip(1 + spec.uneven_noise * (HEART_SHARE - away2), 0.35, None).astype(np.float32)
    return summed


def streaks_of(spec: PhantomSpec, stack: Stack, middle_mm: tuple[float, float]) -> Image:
    """Horizontal streaks, strongest between arms that lie beside the chest; neighbouring slices share some."""
    rng = np.random.default_rng([spec.seed if spec.noise_seed is None else spec.noise_seed, 14])
    x, y = stack.x - middle_mm[0], stack.y - middle_mm[1]
    slopes = (-0.07, 0.0, 0.05)
    lines = rng.standard_normal((len(stack.z), len(slopes), 4 * len(y)))
    lines = ndimage.gaussian_filter(lines, (0.6, 0, 0.55 / stack.pixel_mm))
    lines /= lines.std()
    field = np.empty((len(stack.z), len(y), len(x)), np.float32)
    fade = np.exp(-((y / 70.0) ** 2))[:, None]
    for k, planes in enumerate(lines):
        total = np.zeros((len(y), len(x)))
        for line, slope in zip(planes, slopes, strict=True):
            place = (y[:, None] + slope * x[None, :] - y[0]) / stack.pixel_mm + len(y)
            total += line[np.clip(np.rint(place).astype(int), 0, len(line) - 1)]
        field[k] = fade * total * spec.streak_hu / np.sqrt(len(slopes))
    return field


STREAK_REACH_MM = 55.0
STREAK_FADE_MM = 13.0


def add_metal_streaks(image: Image, cover: Cover, stack: Stack, rng: np.random.Generator) -> None:
    """Bright and dark rays about the densest place of a piece of metal, in each slice that holds some (in place)."""
    area = cover.share.sum((1, 2)) * stack.pixel_mm**2
    waves = np.array([2, 3, 5, 8, 13])
    phases, sizes = rng.uniform(0, 2 * np.pi, len(waves)), rng.normal(0, 1, len(waves)) / np.sqrt(len(waves))
    sizes[0] = 0.8
    for k, amount in enumerate(area):
        if amount < 0.2:
            continue
        row, column = np.unravel_index(int(cover.share[k].argmax()), cover.share[k].shape)
        y0, x0 = stack.y[cover.window[1].start + row], stack.x[cover.window[2].start + column]
        rows = slice(*np.searchsorted(stack.y, [y0 - STREAK_REACH_MM, y0 + STREAK_REACH_MM]))
        columns = slice(*np.searchsorted(stack.x, [x0 - STREAK_REACH_MM, x0 + STREAK_REACH_MM]))
        y, x = stack.y[rows][:, None] - y0, stack.x[columns][None, :] - x0
        away, angle = np.hypot(x, y), np.arctan2(y, x)
        rays = sum(
            (size * np.cos(wave * angle + phase) for size, wave, phase in zip(sizes, waves, phases, strict=True)),
            start=np.zeros_like(angle),
        )
        size = min(40.0 + 22.0 * float(amount), 320.0)
        fall = np.exp(-away / STREAK_FADE_MM) * (1 - np.exp(-((away / 2.5) ** 2)))
        image[cover.window[0].start + k, rows, columns] += (size * rays * fall).astype(np.float32)
