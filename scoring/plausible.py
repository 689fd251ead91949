"""What no CT of a chest can be: found before anything is searched in it, so that no later step has to fear it.

Geometry without size, values that are none, a Hounsfield scale that is shifted, stretched or cut off.
"""

import math

import numpy as np
import numpy.typing as npt

from scoring.result import UnfitError
from scoring.volume import MINIMUM_SLICES, Volume

FIELD_MM = (60.0, 1000.0)
"""Rows or columns times their spacing: a heart is wider than 100 mm, the bore of a scanner less than 900."""

INCREMENT_MM = (0.05, 50.0)

AIR_BELOW_HU = -600.0
LEAST_AIR_PERCENT = 0.5
"""Of the voxels of any chest: lungs alone are more; the real scans measured have 55 to 87."""

SOFT_HU = (-200.0, 200.0)
LEAST_SOFT_PERCENT = 2.0
"""Fat, muscle, blood: the real scans measured have 10 to 37."""

CUT_OFF_BELOW_HU = 2000.0
"""Values that end below are cut off by somebody; at 3071 ends the range of 12 bits, which only metal reaches."""
CUT_OFF_VOXELS = 40
CUT_OFF_PER_MILLION = 10.0
"""So many voxels of exactly the highest value: each real scan measured has one of it, or 28 of 3071 HU."""

SAMPLES = 500_000
"""Voxels looked at, evenly spread, for shares of the whole."""


def check_volume(volume: Volume) -> None:
    """Refuse what cannot be the CT numbers of a chest on a grid.

    Parameters
    ----------
    volume : Volume
        Anything.

    Raises
    ------
    UnfitError
        ``too_few``, ``geometry``, ``pixels`` (values that are no numbers), ``rescale`` (no air or no soft tissue where
        a chest has them), ``saturation`` (values cut off far below what calcium reaches).
    """
    _check_shape(volume)
    _check_steps(volume)
    _check_numbers(volume.hu)
    _check_scale(volume.hu)
    _check_cut_off(volume.hu)


def _check_shape(volume: Volume) -> None:
    slices, rows, columns = volume.hu.shape
    if slices < MINIMUM_SLICES:
        raise UnfitError(
            "too_few",
            f"not scored: the series has {slices} slice{'' if slices == 1 else 's'}, a score needs at least "
            f"{MINIMUM_SLICES}; send the whole series",
            measured=float(slices),
            unit="slices",
        )
    if not rows or not columns:
        raise UnfitError("geometry", f"not scored: the images have {columns} x {rows} pixels; send the original images")


def _check_steps(volume: Volume) -> None:
    if not np.isfinite(volume.voxel_to_lps_mm).all():
        raise UnfitError(
            "geometry", "position, orientation or spacing of the images is not a number; send the originals"
        )
    lengths = np.linalg.norm(volume.voxel_to_lps_mm[:3, :3], axis=0)
    if not lengths.all() or abs(np.linalg.det(volume.voxel_to_lps_mm[:3, :3] / lengths)) < 0.5:
        raise UnfitError(
            "geometry",
            f"not scored: slices, rows and columns lie {lengths[0]:g}, {lengths[1]:g} and {lengths[2]:g} mm apart and "
            "span no volume; send the original images",
        )
    if not INCREMENT_MM[0] <= volume.slice_increment_mm <= INCREMENT_MM[1]:
        raise UnfitError(
            "geometry",
            f"not scored: the slices lie {volume.slice_increment_mm:g} mm apart, which is no CT of a heart; send the "
            "original images",
            measured=volume.slice_increment_mm,
            unit="mm",
        )
    for spacing, size in zip(volume.pixel_spacing_mm, volume.hu.shape[1:], strict=True):
        if not FIELD_MM[0] <= spacing * size <= FIELD_MM[1]:
            raise UnfitError(
                "geometry",
                f"not scored: {size} pixels of {spacing:g} mm make a field of view of {spacing * size:.0f} mm, where "
                f"that of a heart or chest has {FIELD_MM[0]:.0f} to {FIELD_MM[1]:.0f} mm; send the original images",
                measured=spacing * size,
                unit="mm",
            )


def _check_numbers(hu: npt.NDArray[np.generic]) -> None:
    if hu.dtype.kind != "f":
        return
    none = sum(int(np.count_nonzero(~np.isfinite(plane))) for plane in hu)
    if none:
        raise UnfitError(
            "pixels",
            f"not scored: {none} voxels of {hu.size} hold no number (NaN or infinite); send the original images",
            measured=float(none),
            unit="voxels",
        )


def _check_scale(hu: npt.NDArray[np.generic]) -> None:
    """Missing, doubled and stretched rescales: where air and soft tissue ought to be there is something else."""
    sample = hu.reshape(-1)[:: max(1, hu.size // SAMPLES)].astype(float)
    air = 100.0 * float(np.mean(sample < AIR_BELOW_HU))
    if air < LEAST_AIR_PERCENT:
        darkest = float(np.percentile(sample, LEAST_AIR_PERCENT))
        raise UnfitError(
            "rescale",
            f"not scored: the darkest voxels measure {darkest:.0f} HU where a chest holds air of about -1000 HU: the "
            "CT numbers are shifted (Rescale Intercept missing or wrong), or this is no chest; send the original "
            "images",
            measured=darkest,
            unit="HU",
        )
    soft = 100.0 * float(np.mean((sample > SOFT_HU[0]) & (sample < SOFT_HU[1])))
    if soft < LEAST_SOFT_PERCENT:
        raise UnfitError(
            "rescale",
            f"not scored: {soft:.1f} % of the voxels measure {SOFT_HU[0]:.0f} to {SOFT_HU[1]:.0f} HU, where a chest "
            "has fat, muscle and blood: the CT numbers are shifted or stretched (Rescale Slope or Intercept wrong), or "
            "this is no chest; send the original images",
            measured=soft,
            unit="%",
        )


def _check_cut_off(hu: npt.NDArray[np.generic]) -> None:
    highest = float(hu.max())
    if highest >= CUT_OFF_BELOW_HU:
        return
    equal = int(np.count_nonzero(hu == hu.dtype.type(highest)))
    if equal > max(CUT_OFF_VOXELS, math.ceil(hu.size * CUT_OFF_PER_MILLION / 1e6)):
        raise UnfitError(
            "saturation",
            f"not scored: {equal} voxels hold exactly the highest value, {highest:.0f} HU: everything brighter was cut "
            "off, and calcium with it; send the original images",
            measured=highest,
            unit="HU",
        )
