"""How large the phantom is: the ring that was on it, from the width of its outline."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.qa.geometry import Pose
from scoring.qa.sample import index_of
from scoring.volume import Volume

BODY_HU = -300.0
GRID_MM = 2.0
COUCH_MM = 14.0
"""The skins of a couch are thinner than this, the phantom is not."""

WIDTHS_MM = (270.0, 430.0)
DEPTH_SHARES = (0.6, 0.85)
"""Width and depth over width of a whole outline: the three sizes are 300 x 200, 350 x 250 and 400 x 300 mm. What lies
outside is a piece of one, where the field of view opens a lung."""

BORDER_MM = 4.0
"""What reaches so near to the edge of the image or of its circle may go on beyond it."""


def lateral_width_mm(volume: Volume, pose: Pose) -> float | None:
    """Widest extent of the body that holds the inserts, in any direction, for the phantom may be turned.

    None where the field of view cuts it, as that of most calcium scans does.
    """
    middle = index_of(volume, pose.centre_lps_mm)
    plane = volume.hu[int(np.clip(round(float(middle[0])), 0, len(volume.hu) - 1))]
    row_mm, column_mm = volume.pixel_spacing_mm
    down, along = max(1, round(GRID_MM / row_mm)), max(1, round(GRID_MM / column_mm))
    rows, columns = plane.shape[0] // down, plane.shape[1] // along
    blocks = plane[: rows * down, : columns * along].astype(np.float32).reshape(rows, down, columns, along)
    steps = (row_mm * down, column_mm * along)
    body = _body(np.nan_to_num(blocks, nan=-1000.0).mean((1, 3)), steps, (middle[1] / down, middle[2] / along))
    places = np.argwhere(body)
    if not len(places):
        return None
    return _widest(places * np.array(steps), _at_border(places, body.shape, steps))


def _body(
    plane: npt.NDArray[np.float32], steps: tuple[float, float], middle: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """The outline that holds the middle of the inserts, lungs filled, couch taken off."""
    reach = [max(1, round(COUCH_MM / 2 / step)) for step in steps]
    rows, columns = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    stamp = np.hypot(rows / (reach[0] + 0.5), columns / (reach[1] + 0.5)) <= 1
    filled = ndimage.binary_fill_holes(plane > BODY_HU)
    wide = np.pad(filled, max(reach), mode="edge")
    opened = ndimage.binary_opening(wide, stamp)[max(reach) : -max(reach), max(reach) : -max(reach)]
    labels, _ = ndimage.label(opened)
    at = labels[
        int(np.clip(round(middle[0]), 0, labels.shape[0] - 1)), int(np.clip(round(middle[1]), 0, labels.shape[1] - 1))
    ]
    body: npt.NDArray[np.bool_] = (labels == at) & (labels > 0)
    return body


def _at_border(
    places: npt.NDArray[np.int64], shape: tuple[int, ...], steps: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    size = np.array(shape) * steps
    off = (places + 0.5) * steps - size / 2
    square = (np.abs(off) > size / 2 - BORDER_MM).any(axis=1)
    # Many scanners reconstruct a circle; what lies outside it is air in the image, whatever was there.
    circle = np.abs(np.hypot(off[:, 0], off[:, 1]) - size.min() / 2) < BORDER_MM
    at_border: npt.NDArray[np.bool_] = square | circle
    return at_border


def _widest(points: npt.NDArray[np.float64], at_border: npt.NDArray[np.bool_]) -> float | None:
    extents = []
    for degrees in range(0, 180, 3):
        direction = np.array([np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))])
        reach = points @ direction
        if at_border[[int(reach.argmin()), int(reach.argmax())]].any():
            return None
        extents.append(float(np.ptp(reach)) + GRID_MM)
    widest, share = max(extents), min(extents) / max(extents)
    whole = WIDTHS_MM[0] <= widest <= WIDTHS_MM[1] and DEPTH_SHARES[0] <= share <= DEPTH_SHARES[1]
    return widest if whole else None
