"""The tracked vessels as circles on the slices of the scan: what a picture shows of the anatomy."""

import numpy as np

from scoring.anatomy.circles import Track
from scoring.anatomy.frame import Anatomy
from scoring.result import Landmark


def landmarks(anatomy: Anatomy) -> tuple[Landmark, ...]:
    """Circles of the ascending and the descending aorta, one for each slice of the scan that a track reaches."""
    tracks = (("ascending aorta", anatomy.ascending), ("descending aorta", anatomy.descending))
    return tuple(circle for what, track in tracks if track is not None for circle in _circles(anatomy, what, track))


def _circles(anatomy: Anatomy, what: str, track: Track) -> list[Landmark]:
    grid = anatomy.grid
    slices = grid.fine_shape[0]
    heights = np.arange(slices) * grid.fine_spacing_mm[0]
    half = grid.spacing_mm[0] / 2
    reached = heights[(heights >= track.z_mm.min() - half) & (heights <= track.z_mm.max() + half)]
    y, x, radius = (np.interp(reached, track.z_mm, values) for values in (track.y_mm, track.x_mm, track.radius_mm))
    voxels = grid.voxels(np.stack([reached, y, x], axis=1))
    return [
        Landmark(
            what=what, slice_index=round(float(index)), row=float(row), column=float(column), radius_mm=float(wide)
        )
        for (index, row, column), wide in zip(voxels, radius, strict=True)
    ]
