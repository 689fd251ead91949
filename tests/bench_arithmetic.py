"""What the arithmetic costs beside a naive one: `make bench` prints it. CPU time of one core, rounds in turn.

The naive one is the usual recipe: label the whole volume with scipy.ndimage and ask for area, maximum and mean of every
label. Both must give the same Agatston score, or nothing is printed.
"""

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.candidates import Region, find_islands
from scoring.measures import Calibration, island_figures, measure
from scoring.protocol import PRESETS, Protocol
from scoring.volume import Volume

ROUNDS = 5
SLICES, MATRIX = 64, 512
PIXEL_MM, INCREMENT_MM = 0.43, 3.0
PIXEL_MM2 = PIXEL_MM**2
BOX: Region = (slice(0, SLICES), slice(126, 386), slice(126, 386))
PROTOCOL = PRESETS["literature"]

Image = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table."""

    what: str
    ours_ms: float
    ours_mb: float
    naive_ms: float | None = None
    naive_mb: float | None = None

    def __str__(self) -> str:
        ours = f"{self.what:60s} {self.ours_ms:9.1f} {self.ours_mb:8.0f}"
        if self.naive_ms is None:
            return ours
        return f"{ours} {self.naive_ms:9.0f} {self.naive_mb:8.0f} {self.naive_ms / self.ours_ms:7.0f}"


def thorax(noise_sd_hu: float, seed: int = 3) -> Image:
    """Lungs, spine, ribs and 40 plaques in soft tissue of 40 HU, with white noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:MATRIX, :MATRIX] - MATRIX / 2
    flat = np.full((MATRIX, MATRIX), -1000.0)
    radius = (y / 180) ** 2 + (x / 230) ** 2
    flat[radius < 1] = 40
    for side in (-106, 106):
        flat[(y / 120) ** 2 + ((x - side) / 70) ** 2 < 1] = -850
    flat[((y - 144) / 28) ** 2 + (x / 30) ** 2 < 1] = 250
    flat[(radius > 0.86) & (radius < 0.93) & (np.sin(np.arctan2(y, x) * 12) > 0.2)] = 350
    hu = np.empty((SLICES, MATRIX, MATRIX), np.int16)
    for plane in hu:
        plane[:] = np.clip(np.rint(flat + rng.normal(0, noise_sd_hu, flat.shape)), -1024, 3071)
    for _ in range(40):
        z, row, column = (int(rng.integers(low, high)) for low, high in ((10, 54), (200, 320), (225, 290)))
        depth, high, wide = (int(rng.integers(low, top)) for low, top in ((1, 4), (2, 8), (2, 8)))
        hu[z : z + depth, row : row + high, column : column + wide] = rng.integers(200, 900)
    return hu


def hostile_images() -> Iterator[tuple[str, Image]]:
    """Volumes that no patient has: what they cost is bounded all the same."""
    z, y, x = np.ogrid[:SLICES, :MATRIX, :MATRIX]
    shape = (SLICES, MATRIX, MATRIX)
    yield "all bone", np.full(shape, 500, np.int16)
    yield "every other pixel bright", np.where(np.broadcast_to((y + x) % 2 == 0, shape), 500, 40).astype(np.int16)
    yield (
        "every fourth pixel bright, none beside another",
        np.where(np.broadcast_to((y + z) % 2 + (x + z) % 2 == 0, shape), 500, 40).astype(np.int16),
    )
    bright = np.random.default_rng(1).random(shape) < 0.5
    yield "half of all pixels bright, at random", np.where(bright, 500, 40).astype(np.int16)


def volume_of(hu: Image) -> Volume:
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = INCREMENT_MM, PIXEL_MM, PIXEL_MM
    return Volume(hu=hu, voxel_to_lps_mm=affine)


def ours(volume: Volume, region: Region | None, protocol: Protocol = PROTOCOL) -> tuple[float, float, float]:
    """Agatston, voxel volume and mean HU of everything bright."""
    islands = find_islands(volume.hu, protocol, PIXEL_MM2, region=region)
    figures = island_figures(volume, islands, protocol)
    counted = max(int(islands.pixels[islands.large_enough].sum()), 1)
    return (
        float(figures.agatston.sum()),
        float(figures.volume_mm3.sum()),
        float(islands.sum_hu[islands.large_enough].sum()) / counted,
    )


def naive(hu: Image) -> tuple[float, float, float]:
    """The same by labels of the whole volume."""
    bright = hu >= 130
    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = True
    labels, number = ndimage.label(bright, in_plane)
    which = np.arange(1, number + 1)
    pixels = ndimage.sum_labels(bright, labels, which)
    peak = ndimage.maximum(hu, labels, which)
    mean = ndimage.mean(hu, labels, which)
    kept = pixels * PIXEL_MM2 >= 1.0 - 1e-9
    weight = np.clip(np.floor(np.asarray(peak, float) / 100), 1, 4)
    agatston = float((pixels * weight)[kept].sum() * PIXEL_MM2 * INCREMENT_MM / 3.0)
    mean_hu = float((pixels * mean)[kept].sum() / max(pixels[kept].sum(), 1))
    return agatston, float(pixels[kept].sum() * PIXEL_MM2 * INCREMENT_MM), mean_hu


def naive_isotropic(hu: Image) -> float:
    """Isotropic volume of everything bright by interpolating all of it, a slice at a time."""
    samples = int((len(hu) - 1) * INCREMENT_MM / PIXEL_MM + 1e-9) + 1
    counted = 0
    for sample in range(samples):
        at = sample * PIXEL_MM / INCREMENT_MM
        lower = min(int(at), len(hu) - 2)
        plane = hu[lower] + (at - lower) * (hu[lower + 1].astype(float) - hu[lower])
        labels, number = ndimage.label(plane >= 130, np.ones((3, 3)))
        pixels = np.bincount(labels.ravel(), minlength=number + 1)[1:]
        counted += int(pixels[pixels * PIXEL_MM2 >= 1.0 - 1e-9].sum())
    return counted * PIXEL_MM2 * PIXEL_MM


def timed(rounds: int, *works: Callable[[], Any]) -> list[float]:
    """Median CPU milliseconds of each, called in turn."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, list_ in zip(works, taken, strict=True):
            began = time.process_time()
            work()
            list_.append(1e3 * (time.process_time() - began))
    return [statistics.median(one) for one in taken]


def peak_mb(work: Callable[[], Any]) -> float:
    """Most memory that a call holds beside what was there."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def beside(what: str, mine: Callable[[], Any], other: Callable[[], Any]) -> Line:
    """Both in turn, after both were asked whether they agree."""
    one, two = mine(), other()
    if not np.allclose(one, two, rtol=1e-6):
        raise AssertionError(f"{what}: {one} by ours, {two} by the naive one")
    ours_ms, naive_ms = timed(ROUNDS, mine, other)
    return Line(what=what, ours_ms=ours_ms, naive_ms=naive_ms, ours_mb=peak_mb(mine), naive_mb=peak_mb(other))


def lines() -> Iterator[Line]:
    """The table, row by row."""
    for noise in (20, 35, 60):
        volume = volume_of(thorax(noise))
        yield beside(
            f"whole volume, noise {noise} HU: Agatston, volume, mean",
            lambda volume=volume: ours(volume, None),  # type: ignore[misc]
            lambda volume=volume: naive(volume.hu),  # type: ignore[misc]
        )
    volume = volume_of(thorax(20))
    box = np.ascontiguousarray(volume.hu[BOX])
    yield beside("heart box of 260 x 260, noise 20 HU: the same", lambda: ours(volume, BOX), lambda: naive(box))
    islands = find_islands(volume.hu, PROTOCOL, PIXEL_MM2, region=BOX)
    plaques = np.where(islands.peak_hu[islands.island] >= 200, 1, 0).astype(np.uint8)
    yield _alone("heart box: 3-D components", lambda: islands.component)
    yield _alone(
        "heart box: all measures of its calcium, isotropic too",
        lambda: measure(volume, islands, plaques, PROTOCOL, Calibration()),
    )
    everything = np.ones(islands.flat.size, np.uint8)
    boxed = volume_of(box)
    boxed_islands = find_islands(box, PROTOCOL, PIXEL_MM2)
    yield beside(
        "heart box: isotropic volume of all that is bright",
        lambda: measure(boxed, boxed_islands, everything, PROTOCOL, Calibration()).total.volume_isotropic_mm3,
        lambda: naive_isotropic(box),
    )
    for what, hu in hostile_images():
        hostile = volume_of(hu)
        for connectivity in (8, 4):
            protocol = replace(PROTOCOL, connectivity=connectivity)
            yield _alone(
                f"{what}, {connectivity}-connected",
                lambda hostile=hostile, protocol=protocol: ours(hostile, None, protocol),  # type: ignore[misc]
                rounds=1,
            )


def _alone(what: str, work: Callable[[], Any], rounds: int = ROUNDS) -> Line:
    return Line(what=what, ours_ms=timed(rounds, work)[0], ours_mb=peak_mb(work))


def main() -> None:
    """Print the table."""
    sys.stdout.write(
        f"{SLICES} slices of {MATRIX} x {MATRIX} int16, CPU ms of one core, median of {ROUNDS} rounds in turn; "
        "memory beside the volume\n"
    )
    sys.stdout.write(f"{'':60s} {'ms':>9s} {'MB':>8s} {'naive ms':>9s} {'MB':>8s} {'ratio':>7s}\n")
    for line in lines():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
