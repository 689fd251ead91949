"""Other forms of a scan: a smaller field of view, other slices, another order of rows, columns and slices."""

from dataclasses import replace

import numpy as np

from scoring.protocol import Acquisition
from scoring.volume import Volume
from tests.support.turned import turned

TURNS = {
    "slices reversed": (False, (True, False, False)),
    "rows reversed": (False, (False, True, False)),
    "columns reversed": (False, (False, False, True)),
    "turned by 90 degrees": (True, (False, False, True)),
    "turned by 270 degrees": (True, (False, True, False)),
    "all reversed, turned": (True, (True, True, True)),
}
"""Name to (transposed in the plane, reversed axes)."""


def cropped(
    volume: Volume, acquisition: Acquisition, *, centre_xy_mm: tuple[float, float], field_mm: float
) -> tuple[Volume, Acquisition]:
    """The part of each slice within a square field of view; its pixels keep their size."""
    row_mm, column_mm = volume.pixel_spacing_mm
    inverse = np.linalg.inv(volume.voxel_to_lps_mm)
    x, y = centre_xy_mm
    z = float(volume.voxel_to_lps_mm[2, 3])
    _, row, column, _ = inverse @ np.array([x, y, z, 1.0])
    rows, columns = (
        slice(max(0, round(middle - half)), round(middle + half))
        for middle, half in ((row, field_mm / 2 / row_mm), (column, field_mm / 2 / column_mm))
    )
    affine = volume.voxel_to_lps_mm.copy()
    affine[:3, 3] += affine[:3, 1] * rows.start + affine[:3, 2] * columns.start
    made = Volume(hu=np.ascontiguousarray(volume.hu[:, rows, columns]), voxel_to_lps_mm=affine)
    return made, replace(acquisition, reconstruction_diameter_mm=field_mm)


def resliced(volume: Volume, acquisition: Acquisition, *, increment_mm: float) -> tuple[Volume, Acquisition]:
    """Slices of another increment by linear interpolation; the stated thickness is the increment.

    The anatomy keeps the blur of its own thickness; calcium that is put in afterwards has that of the new one.
    """
    steps = np.arange(0.0, len(volume.hu) - 1 + 1e-6, increment_mm / volume.slice_increment_mm)
    low = np.minimum(steps.astype(int), len(volume.hu) - 2)
    share = (steps - low).astype(np.float32)[:, None, None]
    hu = volume.hu[low] * (1 - share) + volume.hu[low + 1] * share
    affine = volume.voxel_to_lps_mm.copy()
    affine[:3, 0] *= increment_mm / volume.slice_increment_mm
    made = Volume(hu=np.rint(hu).astype(np.int16), voxel_to_lps_mm=affine)
    return made, replace(acquisition, slice_thickness_mm=increment_mm)


def turned_volume(volume: Volume, name: str) -> Volume:
    """The scan in one of the orders of `TURNS`."""
    transposed, flipped = TURNS[name]
    return turned(volume, transposed=transposed, flipped=flipped)
