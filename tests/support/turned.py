"""The same scan with its rows, columns or slices stored in another order."""

import numpy as np

from scoring.volume import Volume


def turned(volume: Volume, *, transposed: bool, flipped: tuple[bool, bool, bool]) -> Volume:
    """A copy whose array is transposed in the plane and flipped along axes; every voxel keeps its place in space."""
    order = [0, 2, 1] if transposed else [0, 1, 2]
    hu = np.transpose(volume.hu, order)
    affine = volume.voxel_to_lps_mm.copy()
    affine[:, :3] = affine[:, order]
    for axis in range(3):
        if flipped[axis]:
            hu = np.flip(hu, axis)
            affine[:3, 3] += affine[:3, axis] * (hu.shape[axis] - 1)
            affine[:3, axis] *= -1
    return Volume(hu=np.ascontiguousarray(hu), voxel_to_lps_mm=affine)
