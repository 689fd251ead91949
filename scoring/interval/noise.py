"""Noise of this scan: its standard deviation and how it hangs together within and between slices."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import fft

from scoring.anatomy import Anatomy
from scoring.interval.raster import Raster, raster_of
from scoring.volume import Volume

Field = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

LAGS = (3, 6, 6)
"""Correlation is measured so many slices, rows and columns apart; soft kernels forget within 2 mm."""
INNER_SHARE = 0.65
CORE_RADIUS_MM = 10.0
NEAR_HEART_MM = 45.0
MOST_DISCS = 24
SMALLEST_DISC_MM2 = 80.0
CALCIUM_ABOVE_HU = 120.0

USUAL_BLUR_MM = 0.46
"""Gaussian blur of white noise that gives the blobs of a soft kernel: used where no disc of blood was found."""
ASSUMED_SD_HU = 20.0
"""Where the noise could not be measured: the upper end of what is usual (16 to 20 HU, Horiguchi 2009)."""

BANK = (32, 128, 128)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """Noise as measured in blood. Axes of the correlation: lags to the head, back and left."""

    sd_hu: float
    correlation: Values  # (7, 13, 13): of pairs of voxels by their distance; 1 in the middle
    measured: bool = True  # False: no blood was found, and both are assumptions


def measure_noise(volume: Volume, anatomy: Anatomy) -> Noise:
    """Noise in discs of blood: the aortas and the core of the heart.

    The standard deviation is the one that stands in the findings; the correlation is the mean of the
    products of voxels so far apart, after a plane is taken off each disc, over the mean square.
    """
    raster = raster_of(volume)
    shape = (LAGS[0] + 1, 2 * LAGS[1] + 1, 2 * LAGS[2] + 1)
    products, pairs = np.zeros(shape), np.zeros(shape)
    for disc in _discs(raster, anatomy):
        _add_products(raster, disc, products, pairs)
    sd = anatomy.blood.noise_sd_hu
    if not np.isfinite(sd):
        return assumed_noise(volume, ASSUMED_SD_HU)
    if products[0, LAGS[1], LAGS[2]] <= 0:  # discs without any variation: a drawn image
        return replace(assumed_noise(volume, sd), measured=True)
    half = products / np.maximum(pairs, 1)
    half /= half[0, LAGS[1], LAGS[2]]
    # A product is the same from either end: the lags to the feet are those to the head, turned round.
    return Noise(sd_hu=sd, correlation=np.concatenate([half[:0:-1, ::-1, ::-1], half]))


def assumed_noise(volume: Volume, sd_hu: float) -> Noise:
    """Noise of a soft kernel, independent between slices."""
    raster = raster_of(volume)
    lags = [np.arange(-most, most + 1) * step for most, step in zip(LAGS, raster.spacing_mm, strict=True)]
    along = [np.exp(-((lag / (2 * USUAL_BLUR_MM)) ** 2)) for lag in lags]
    along[0] = (lags[0] == 0).astype(float)
    correlation = along[0][:, None, None] * along[1][:, None] * along[2]
    return Noise(sd_hu=sd_hu, correlation=correlation, measured=False)


def noise_bank(noise: Noise, rng: np.random.Generator) -> Field:
    """A block of noise with this standard deviation and correlation, without seams where it repeats."""
    wrapped = np.zeros(BANK)
    at = np.ix_(*[np.arange(-most, most + 1) for most in LAGS])
    taper = [np.cos(np.arange(-most, most + 1) * np.pi / (2 * most + 2)) ** 2 for most in LAGS]
    # Between slices the correlation is a triangle where they overlap and nothing else: it needs no taper.
    wrapped[at] = noise.correlation * taper[1][:, None] * taper[2]
    power = np.maximum(fft.rfftn(wrapped).real, 0.0)
    white = rng.standard_normal(BANK, np.float32)
    field: Field = fft.irfftn(fft.rfftn(white) * np.sqrt(power).astype(np.float32), BANK).astype(np.float32)
    return field * np.float32(noise.sd_hu / field.std())


@dataclass(frozen=True, slots=True)
class _Disc:
    at: tuple[int, int, int]  # canonical voxel
    radius_mm: float


def _discs(raster: Raster, anatomy: Anatomy) -> Iterator[_Disc]:
    """Discs that are surely blood, evenly taken from all that there are."""
    places = []
    for track in (anatomy.descending, anatomy.ascending):
        if track is not None:
            near = np.abs(track.z_mm - anatomy.centre_mm[0]) < NEAR_HEART_MM
            points = np.stack([track.z_mm, track.y_mm, track.x_mm, track.radius_mm * INNER_SHARE], 1)
            places.append(points[near])
    core = anatomy.centre_mm[0] + np.arange(-12.0, 12.1, 3.0)
    middle = np.broadcast_to([*anatomy.centre_mm[1:], CORE_RADIUS_MM], (len(core), 3))
    places.append(np.concatenate([core[:, None], middle], axis=1))
    found = np.concatenate(places)
    found = found[found[:, 3] ** 2 * np.pi >= SMALLEST_DISC_MM2]
    chosen = np.unique(np.linspace(0, len(found) - 1, min(MOST_DISCS, len(found))).round().astype(int))
    for z, y, x, radius in found[chosen]:
        at = np.rint(np.array([z, y, x]) / raster.spacing_mm).astype(int)
        at = np.clip(at, 0, np.array(raster.shape) - 1)
        yield _Disc((int(at[0]), int(at[1]), int(at[2])), float(radius))


def _add_products(raster: Raster, disc: _Disc, products: Values, pairs: Values) -> None:
    """Add the products of all pairs of voxels within one disc, and their number, by lag."""
    _, step_y, step_x = raster.spacing_mm
    half_y, half_x = int(disc.radius_mm / step_y), int(disc.radius_mm / step_x)
    y, x = np.arange(-half_y, half_y + 1), np.arange(-half_x, half_x + 1)
    inside = (y[:, None] * step_y) ** 2 + (x * step_x) ** 2 <= disc.radius_mm**2
    rows, columns = np.nonzero(inside)
    slices = np.arange(disc.at[0], min(disc.at[0] + LAGS[0] + 1, raster.shape[0]))
    values = raster.values(slices[:, None], disc.at[1] + rows - half_y, disc.at[2] + columns - half_x).astype(float)
    plane, _ = np.linalg.qr(np.stack([np.ones(len(rows)), rows - half_y, columns - half_x], 1))
    clean = values < np.median(values, axis=1, keepdims=True) + CALCIUM_ABOVE_HU
    values = np.where(clean, values, np.median(values, axis=1, keepdims=True))
    rest = values - (values @ plane) @ plane.T
    shape = (fft.next_fast_len(len(y) + LAGS[1], real=True), fft.next_fast_len(len(x) + LAGS[2], real=True))
    flat = np.zeros((len(slices), len(y), len(x)))
    flat[:, rows, columns] = rest * clean
    there = np.zeros_like(flat)
    there[:, rows, columns] = clean
    spectrum, number = fft.rfft2(flat, shape), fft.rfft2(there, shape)
    window = np.ix_(np.arange(-LAGS[1], LAGS[1] + 1), np.arange(-LAGS[2], LAGS[2] + 1))
    for lag in range(len(slices)):
        products[lag] += fft.irfft2(spectrum[0].conj() * spectrum[lag], shape)[window]
        pairs[lag] += fft.irfft2(number[0].conj() * number[lag], shape)[window]
