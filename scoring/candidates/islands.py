"""Islands: connected pixels at or above the threshold in one slice, from the bright voxels alone."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.candidates.connected import components, patches_of_runs
from scoring.candidates.runs import Indices, Labels, Shape, runs_of
from scoring.protocol import Protocol

Region = tuple[slice, slice, slice]

VOXELS_AT_ONCE = 1_000_000
"""Bright voxels whose islands are sought at once: it bounds memory, not the result. A real scan has fewer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Islands:
    """Every 2-D island at or above the threshold inside the searched region, as a structure of arrays.

    Islands are numbered by their first voxel. v voxels, n islands.
    """

    shape: Shape
    flat: Indices  # (v,) voxel indices into hu.ravel(), ascending
    island: Labels  # (v,) island of each voxel
    hu: npt.NDArray[np.float32]  # (v,)
    slice_index: Labels  # (n,)
    pixels: Labels  # (n,)
    peak_hu: npt.NDArray[np.float64]  # (n,)
    sum_hu: npt.NDArray[np.float64]  # (n,)
    centre_index: npt.NDArray[np.float64]  # (n, 3) mean slice, row, column of its voxels
    large_enough: npt.NDArray[np.bool_]  # (n,) by the protocol's minimum size, before any division

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def component(self) -> Labels:
        """(n,) number of each island's 26-connected 3-D component; sought anew each time it is asked for."""
        labels = np.empty(len(self), np.int32)
        labels[self.island] = components(self.flat, self.shape)
        return labels


def find_islands(
    hu: npt.NDArray[Any], protocol: Protocol, pixel_area_mm2: float, *, region: Region | None = None
) -> Islands:
    """Islands at or above the protocol's threshold.

    Parameters
    ----------
    hu : (slices, rows, columns)
        Hounsfield units; values that are not finite never count.
    protocol : Protocol
        Threshold, connectivity and minimum size.
    pixel_area_mm2 : float
        Area of one pixel, > 0.
    region : tuple of three slices, optional
        Box to search (slice, row, column); islands are cut at its border. Everything by default.

    Raises
    ------
    ValueError
        The array has not three axes, or the pixel has no area.
    """
    if hu.ndim != 3:
        raise ValueError(f"hu must have axes (slice, row, column), got shape {hu.shape}")
    if not (np.isfinite(pixel_area_mm2) and pixel_area_mm2 > 0):
        raise ValueError(f"the area of a pixel must be above 0 mm2, got {pixel_area_mm2}")
    shape: Shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    pieces = [
        _islands(flat, values, shape, protocol, pixel_area_mm2)
        for flat, values in _bright_voxels(hu, protocol.threshold_hu, region or (slice(None),) * 3)
    ]
    return pieces[0] if len(pieces) == 1 else _stacked(pieces)


def _bright_voxels(
    hu: npt.NDArray[Any], threshold_hu: float, region: Region
) -> Iterator[tuple[Indices, npt.NDArray[np.float32]]]:
    """Indices and values of the bright voxels of all slices, or of some slices after the other where they are many."""
    box = [range(*part.indices(size)) for part, size in zip(region, hu.shape, strict=True)]
    if any(side.step != 1 for side in box):
        raise ValueError(f"a region is a box without steps, got {region}")
    slices, rows, columns = box
    # An integer limit keeps the comparison within int16; for whole numbers it is the same limit.
    limit = int(np.ceil(threshold_hu)) if hu.dtype.kind in "iu" else threshold_hu
    flat, values, held = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)], 0
    for index in slices:
        plane = hu[index, rows.start : rows.stop, columns.start : columns.stop]
        inside = np.flatnonzero(plane >= limit)
        bright = plane.take(inside)
        if hu.dtype.kind == "f" and not np.isfinite(bright).all():
            inside, bright = inside[np.isfinite(bright)], bright[np.isfinite(bright)]
        if held and held + inside.size > VOXELS_AT_ONCE:
            yield np.concatenate(flat), np.concatenate(values)
            flat, values, held = [], [], 0
        flat.append(_into_volume(inside, index, rows, columns, hu.shape))
        values.append(bright.astype(np.float32))
        held += inside.size
    yield np.concatenate(flat), np.concatenate(values)


def _into_volume(inside: Indices, index: int, rows: range, columns: range, shape: tuple[int, ...]) -> Indices:
    if len(columns) == shape[2]:
        return inside + (index * shape[1] + rows.start) * shape[2]
    row, column = np.divmod(inside, max(len(columns), 1))
    return (index * shape[1] + rows.start + row) * shape[2] + columns.start + column


def _islands(
    flat: Indices, values: npt.NDArray[np.float32], shape: Shape, protocol: Protocol, pixel_area_mm2: float
) -> Islands:
    """Islands of the slices that these voxels fill."""
    runs = runs_of(flat, shape)
    island_of_run = patches_of_runs(flat, runs, protocol.connectivity)
    number = int(island_of_run.max()) + 1 if len(runs) else 0
    slice_of_run, row = np.divmod(runs.row, max(shape[1], 1))
    pixels = np.bincount(island_of_run, runs.length, number)
    peak = np.full(number, -np.inf)
    total: npt.NDArray[np.float64] = np.zeros(number)
    if number:
        np.maximum.at(peak, island_of_run, np.maximum.reduceat(values, runs.start).astype(float))
        np.add.at(total, island_of_run, np.add.reduceat(values, runs.start, dtype=float))
    slice_index = np.zeros(number, np.int32)
    slice_index[island_of_run] = slice_of_run
    middle = runs.left + (runs.length - 1) / 2
    centre = np.empty((number, 3))
    centre[:, 0] = slice_index
    centre[:, 1] = np.bincount(island_of_run, row * runs.length, number) / pixels
    centre[:, 2] = np.bincount(island_of_run, middle * runs.length, number) / pixels
    return Islands(
        shape=shape,
        flat=flat,
        island=np.repeat(island_of_run, runs.length),
        hu=values,
        slice_index=slice_index,
        pixels=pixels.astype(np.int32),
        peak_hu=peak,
        sum_hu=total,
        centre_index=centre,
        large_enough=protocol.large_enough(pixels, pixel_area_mm2),
    )


def _stacked(pieces: list[Islands]) -> Islands:
    """Islands of all slices from those of some slices after the other: no island lies in two. Empties `pieces`."""
    shape = pieces[0].shape
    columns: dict[str, list[npt.NDArray[Any]]] = {
        one.name: [getattr(piece, one.name) for piece in pieces] for one in fields(Islands) if one.name != "shape"
    }
    begin = np.cumsum([0, *(len(piece) for piece in pieces)], dtype=np.int32)
    columns["island"] = [island + first for island, first in zip(columns["island"], begin, strict=False)]
    pieces.clear()  # of a volume full of specks only one column is to be there twice
    return Islands(shape=shape, **{name: np.concatenate(columns.pop(name)) for name in tuple(columns)})
