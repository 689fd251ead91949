"""The coarse grid: a block mean of the scan in one orientation, and the way between it and the voxels.

Every later step works on axes (z to the head, y to the back, x to the left), whatever the order of
slices, rows and columns in the scan was; "millimetres" here means distance along these three axes
from the first voxel, and turns into LPS only at the door.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.volume import Volume

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]  # (n, 3): z, y, x

SMALLEST_PIXEL_MM = 1.85
"""Block means make the pixel at least so large: noise falls, lungs and heart stay."""

SMALLEST_STEP_MM = 1.9
"""Thinner slices are averaged to at least this step."""

AIR_HU = -1024.0
"""Nothing measures below air: lower values are padding."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """A coarse copy of the scan on axes (z, y, x) = (head, back, left)."""

    hu: Field
    padded: Mask  # outside the reconstructed circle
    spacing_mm: tuple[float, float, float]
    offset_mm: tuple[float, float, float]  # centre of the first coarse voxel, from the first scan voxel
    fine_spacing_mm: tuple[float, float, float]
    fine_shape: tuple[int, int, int]  # shape of the scan on (z, y, x)
    axes: tuple[int, int, int]  # which axis of the scan is z, y, x
    reversed_axes: tuple[bool, bool, bool]  # whether it runs to the feet, front, right

    def millimetres(self, voxels: npt.NDArray[Any]) -> Points:
        """Positions of scan voxels: (n, 3) indices (slice, row, column) to (n, 3) millimetres (z, y, x)."""
        ordered = np.asarray(voxels, float)[:, list(self.axes)]
        last = np.array(self.fine_shape) - 1.0
        ahead = np.where(self.reversed_axes, last - ordered, ordered)
        points: Points = np.asarray(ahead * np.array(self.fine_spacing_mm), float)
        return points

    def voxels(self, points_mm: Points) -> Points:
        """Indices (slice, row, column), with fractions, of positions in millimetres (z, y, x)."""
        ahead = np.asarray(points_mm, float) / np.array(self.fine_spacing_mm)
        ordered = np.where(self.reversed_axes, np.array(self.fine_shape) - 1.0 - ahead, ahead)
        indices: Points = np.empty_like(ordered)
        indices[:, list(self.axes)] = ordered
        return indices

    def cells(self, points_mm: Points) -> npt.NDArray[np.intp]:
        """Nearest coarse voxels of positions, inside the grid."""
        cells = np.rint((np.asarray(points_mm, float) - self.offset_mm) / self.spacing_mm).astype(np.intp)
        clipped: npt.NDArray[np.intp] = np.clip(cells, 0, np.array(self.hu.shape) - 1)
        return clipped

    def axis_mm(self, axis: int) -> npt.NDArray[np.float64]:
        """Positions of the coarse voxels along one axis."""
        return np.asarray(self.offset_mm[axis] + np.arange(self.hu.shape[axis]) * self.spacing_mm[axis], float)

    def patch(
        self, volume: Volume, low_mm: Points, high_mm: Points, least_step_mm: tuple[float, float, float]
    ) -> tuple[Field, Points, Points] | None:
        """Block means of a box of the scan on axes (z, y, x), with steps no smaller than asked.

        Parameters
        ----------
        volume : Volume
            The scan that this grid was made of.
        low_mm, high_mm : array
            Corners (z, y, x) of the box; what lies outside the scan is left out.
        least_step_mm : tuple of float
            Smallest distance of voxels on each axis.

        Returns
        -------
        tuple or None
            HU, place of the first voxel and steps; None where the box misses the scan.
        """
        step = np.array(self.fine_spacing_mm)
        blocks = np.maximum(1, np.ceil(np.array(least_step_mm) / step - 1e-6)).astype(int)
        first = np.maximum(0, np.floor(np.asarray(low_mm) / step)).astype(int)
        last = np.minimum(np.array(self.fine_shape), np.ceil(np.asarray(high_mm) / step).astype(int) + 1)
        count = (last - first) // blocks
        if (count < 1).any():
            return None
        last = first + count * blocks
        turned = np.where(self.reversed_axes, np.array(self.fine_shape) - last, first)
        part: list[slice] = [slice(None)] * 3
        for axis in range(3):
            part[self.axes[axis]] = slice(int(turned[axis]), int(turned[axis] + count[axis] * blocks[axis]))
        fine = np.transpose(volume.hu[tuple(part)], self.axes).astype(np.float32)
        fine = np.flip(fine, tuple(axis for axis in range(3) if self.reversed_axes[axis]))
        shape = [size for pair in zip(count, blocks, strict=True) for size in pair]
        hu: Field = fine.reshape(shape).mean((1, 3, 5))
        return hu, step * (first + (blocks - 1) / 2), step * blocks

    def to_scan(self, mask: Mask) -> Mask:
        """A coarse mask on the axes and at the resolution of the scan."""
        fine = mask
        for axis in range(3):
            at = np.arange(self.fine_shape[axis]) * self.fine_spacing_mm[axis]
            nearest = np.rint((at - self.offset_mm[axis]) / self.spacing_mm[axis]).astype(np.intp)
            fine = np.take(fine, np.clip(nearest, 0, mask.shape[axis] - 1), axis=axis)
        for axis in range(3):
            if self.reversed_axes[axis]:
                fine = np.flip(fine, axis)
        restored: Mask = np.ascontiguousarray(np.transpose(fine, np.argsort(self.axes)))
        return restored


def coarse_grid(volume: Volume) -> Grid:
    """Block mean of a scan on axes (head, back, left)."""
    axes, backwards = _orientation(volume)
    steps = np.linalg.norm(volume.voxel_to_lps_mm[:3, :3], axis=0)
    steps[0] = volume.slice_increment_mm
    spacing = tuple(float(steps[axis]) for axis in axes)
    shape = tuple(volume.hu.shape[axis] for axis in axes)
    smallest = (SMALLEST_STEP_MM, SMALLEST_PIXEL_MM, SMALLEST_PIXEL_MM)
    blocks = tuple(
        max(1, min(size, int(np.ceil(least / step - 1e-6))))
        for least, step, size in zip(smallest, spacing, shape, strict=True)
    )
    hu = _block_mean(volume.hu, axes, backwards, blocks)
    return Grid(
        hu=hu,
        padded=_padded(volume, hu),
        spacing_mm=_triple(step * block for step, block in zip(spacing, blocks, strict=True)),
        offset_mm=_triple(step * (block - 1) / 2 for step, block in zip(spacing, blocks, strict=True)),
        fine_spacing_mm=_triple(spacing),
        fine_shape=(shape[0], shape[1], shape[2]),
        axes=axes,
        reversed_axes=backwards,
    )


def _triple(values: Any) -> tuple[float, float, float]:  # noqa: ANN401 - any iterable of three numbers
    z, y, x = values
    return float(z), float(y), float(x)


def _orientation(volume: Volume) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Which axis of the scan is z, y, x and whether it runs against head, back, left."""
    directions = volume.voxel_to_lps_mm[:3, :3]
    unit = directions / np.linalg.norm(directions, axis=0)
    row_is_x = abs(unit[0, 1]) > abs(unit[0, 2])
    axes = (0, 2, 1) if row_is_x else (0, 1, 2)
    backwards = (
        bool(directions[2, 0] < 0),
        bool(directions[1, axes[1]] < 0),
        bool(directions[0, axes[2]] < 0),
    )
    return axes, backwards


def _block_mean(
    hu: npt.NDArray[Any], axes: tuple[int, ...], backwards: tuple[bool, ...], blocks: tuple[int, ...]
) -> Field:
    # What does not fill a block is left out at the far end of the common orientation, so that a
    # flipped copy of a scan gives the same blocks.
    crop = [slice(None)] * 3
    per_axis = [1] * 3
    for axis, back, block in zip(axes, backwards, blocks, strict=True):
        rest = hu.shape[axis] % block
        crop[axis] = slice(rest if back else 0, hu.shape[axis] - (0 if back else rest))
        per_axis[axis] = block
    kept = hu[tuple(crop)]
    if kept.dtype.kind == "f":
        kept = np.nan_to_num(kept, nan=AIR_HU, posinf=AIR_HU, neginf=AIR_HU)
    if kept.min() < AIR_HU:
        kept = np.maximum(kept, np.asarray(AIR_HU, dtype=kept.dtype))
    n_slices, n_rows, n_columns = (size // block for size, block in zip(kept.shape, per_axis, strict=True))
    integral = np.issubdtype(kept.dtype, np.integer)
    total = kept.reshape(-1, n_columns, per_axis[2]).sum(2, dtype=np.int32 if integral else np.float32)
    total = total.reshape(-1, n_rows, per_axis[1], n_columns).sum(2)
    total = total.reshape(n_slices, per_axis[0], n_rows, n_columns).sum(1)
    mean = np.transpose((total / np.float32(np.prod(per_axis))).astype(np.float32), axes)
    for axis in range(3):
        if backwards[axis]:
            mean = np.flip(mean, axis)
    return np.ascontiguousarray(mean)


def _padded(volume: Volume, hu: Field) -> Mask:
    """Coarse voxels that hold one constant value, the lowest, which also fills the corners."""
    lowest = volume.hu.min()
    middle = volume.hu[len(volume.hu) // 2]
    ends = (slice(0, 3), slice(-3, None))
    corners = [middle[rows, columns] for rows in ends for columns in ends]
    if not all((corner == lowest).all() for corner in corners):
        return np.zeros(hu.shape, bool)
    padded: Mask = hu <= max(float(lowest), AIR_HU) + 0.5
    return padded
