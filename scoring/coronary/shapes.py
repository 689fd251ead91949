"""The shape of whole components: whether one bends along the aorta or spreads as a sheet."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Anatomy
from scoring.coronary.pieces import Pieces

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """Of the component of each piece: arrays of length p, millimetres."""

    hugging: Values  # how much farther it reaches along the aortic circle than across it
    component: npt.NDArray[np.int32]
    breadth: Values  # standard deviation across its length: small for a vessel, large for a sheet
    length: Values  # diagonal of its box
    reach: Values  # how far its outer tenth lies beyond the aortic circle
    lung: Values  # mean distance to lung
    outside: Values  # mean distance to the heart's body


def shapes_of(anatomy: Anatomy, pieces: Pieces) -> Shapes:
    """Shape of every component."""
    members = np.flatnonzero(pieces.piece >= 0)
    points = pieces.points_mm[members]
    component = pieces.component[pieces.piece[members]]
    circles = anatomy.aorta_at(points[:, 0])
    off = np.stack([points[:, 1] - circles.y_mm, points[:, 2] - circles.x_mm], 1)
    across = np.hypot(*off.T) - circles.radius_mm
    places = anatomy.at(points)
    count = int(pieces.component.max()) + 1
    found = np.zeros((count, 6))
    order = np.argsort(component, kind="stable")
    bounds = np.searchsorted(component[order], np.arange(count + 1))
    for number in np.unique(component):
        mine = order[bounds[number] : bounds[number + 1]]
        found[number] = (
            _along_circle(off[mine]) - float(np.ptp(across[mine])),
            _second_spread(points[mine]),
            np.linalg.norm(np.ptp(points[mine], axis=0)),
            np.percentile(across[mine], 90),
            places.lung[mine].mean(),
            places.outside[mine].mean(),
        )
    hugging, breadth, length, reach, lung, outside = found[pieces.component].T
    return Shapes(
        component=pieces.component,
        hugging=hugging,
        breadth=breadth,
        length=length,
        reach=reach,
        lung=lung,
        outside=outside,
    )


def _along_circle(off: npt.NDArray[np.float64]) -> float:
    """Length of arc that points cover about a centre."""
    angle = np.arctan2(off[:, 0], off[:, 1])
    middle = np.arctan2(off[:, 0].mean(), off[:, 1].mean())
    turned = np.angle(np.exp(1j * (angle - middle)))
    return float(np.ptp(turned) * np.hypot(*off.T).mean())


def _second_spread(points: npt.NDArray[np.float64]) -> float:
    if len(points) < 3:
        return 0.0
    spread = np.linalg.eigvalsh(np.cov(points.T))
    return float(np.sqrt(max(0.0, spread[1])))
