"""The voxels of a scan on axes to the head, back and left, whatever order they are stored in.

A flipped copy of a scan gives the same numbers in the same order, and so the same simulated repeats.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.volume import Volume

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """A way to read HU by canonical voxel (to the head, to the back, to the left); it copies nothing."""

    flat_hu: npt.NDArray[Any]
    shape: tuple[int, int, int]
    first: int  # place of canonical voxel (0, 0, 0) in flat_hu
    strides: tuple[int, int, int]  # of flat_hu, by canonical axis; negative where the scan runs the other way
    axes: tuple[int, int, int]  # axis of the scan that is canonical axis 0, 1, 2
    stored_shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    def places(self, z: npt.NDArray[Any], y: npt.NDArray[Any], x: npt.NDArray[Any]) -> Indices:
        """Places in the scan's flat order; beyond the border the nearest voxel stands in."""
        place = np.int64(self.first)
        for at, size, step in zip((z, y, x), self.shape, self.strides, strict=True):
            place = place + np.clip(at, 0, size - 1) * step
        return np.asarray(place, np.int64)

    def values(self, z: npt.NDArray[Any], y: npt.NDArray[Any], x: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """HU; what is no number reads as air."""
        hu = self.flat_hu.take(self.places(z, y, x)).astype(np.float32)
        return np.nan_to_num(hu, nan=-1024.0, posinf=3071.0, neginf=-1024.0) if self.flat_hu.dtype.kind == "f" else hu

    def canonical(self, flat: Indices) -> Indices:
        """(3, n) canonical voxels of places in the scan's flat order."""
        stored = np.unravel_index(flat, self.stored_shape)
        return np.stack(
            [
                self.stored_shape[axis] - 1 - stored[axis] if step < 0 else stored[axis]
                for axis, step in zip(self.axes, self.strides, strict=True)
            ]
        ).astype(np.int64)


def raster_of(volume: Volume) -> Raster:
    """Canonical reading order of a scan, by its affine."""
    directions = volume.voxel_to_lps_mm[:3, :3]
    steps = np.linalg.norm(directions, axis=0)
    row_is_x = abs(directions[0, 1] / steps[1]) > abs(directions[0, 2] / steps[2])
    axes = (0, 2, 1) if row_is_x else (0, 1, 2)
    along = (directions[2, 0], directions[1, axes[1]], directions[0, axes[2]])
    shape = volume.hu.shape
    stored = (shape[1] * shape[2], shape[2], 1)
    strides = [stored[axis] if way >= 0 else -stored[axis] for axis, way in zip(axes, along, strict=True)]
    first = sum((shape[axis] - 1) * stored[axis] for axis, way in zip(axes, along, strict=True) if way < 0)
    spacing = (volume.slice_increment_mm, float(steps[axes[1]]), float(steps[axes[2]]))
    return Raster(
        flat_hu=np.ascontiguousarray(volume.hu).reshape(-1),
        shape=(shape[axes[0]], shape[axes[1]], shape[axes[2]]),
        first=first,
        strides=(strides[0], strides[1], strides[2]),
        axes=axes,
        stored_shape=(shape[0], shape[1], shape[2]),
        spacing_mm=spacing,
    )
