"""Anatomy: what was found in the chest, and what it says about a point."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy.blood import Blood
from scoring.anatomy.chest import Chest
from scoring.anatomy.circles import Track
from scoring.anatomy.grid import Field, Grid, Mask, Points
from scoring.anatomy.heart import OpenedHeart

Values = npt.NDArray[np.float64]

TRUSTED_BELOW_MM = 8.0
UNKNOWN_BELOW_MM = 26.0
"""A track is extended below its end: full trust so far, none from there on."""
LAST_STRETCH_MM = 25.0
GREATEST_SLOPE_BACK = 0.2
ROOT_DRIFT_LEFT = 0.5
"""The root turns left by so much for each millimetre down: readings of two real hearts, 0.43 to 0.7."""
LEAST_TRACK_MM = 12.0
"""A shorter track of the ascending aorta is no evidence."""
SHARE_OF_SURE_CIRCLE = 1.2
OFF_COURSE_MM = 18.0
"""An ascending aorta nearer than this to the heart's centre is more likely the right outflow tract."""
USUAL_RADIUS_MM = 16.0
USUAL_BACK_MM = -3.0
USUAL_LEFT_MM = -33.0
USUAL_LEFT_AT_MM = 60.0
USUAL_DRIFT_LEFT = 0.45
USUAL_HEIGHTS_MM = (20.0, 75.0)
"""Where the ascending aorta runs from the heart's centre when no track was found: readings of two real hearts."""
USUAL_TRUST = 0.4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Circles:
    """The aortic circle at given heights: arrays of one length."""

    y_mm: Values
    x_mm: Values
    radius_mm: Values
    trust: Values  # 0 to 1: 1 on the track, falling to 0 beyond its ends


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """What the anatomy says about n points: arrays of length n, millimetres unless said."""

    from_centre: Points  # (n, 3): z up, y back, x left of the heart's centre
    outside: Values  # beyond the surface of the heart's body: negative inside
    inside_closed: Values  # depth inside the closed outline of the heart
    ellipsoid: Values  # 1 on the expected outline
    fat: Values  # distance to fat
    lung: Values
    bone: Values
    compartment: npt.NDArray[np.bool_]
    aorta: Circles  # the ascending aorta at their heights
    from_aorta: Points  # (n, 2): y back, x left of its centre
    aortic_wall: Values  # beyond the aortic circle: negative inside
    above_track_end: Values  # above the lowest circle of the track
    descending_wall: Values  # beyond the circle of the descending aorta
    behind_descending: Values  # behind its front


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anatomy:
    """The chest of one scan, in millimetres (z to the head, y to the back, x to the left) of its grid."""

    grid: Grid
    chest: Chest
    centre_mm: tuple[float, float, float]
    core_strength_mm: float
    descending: Track | None
    ascending: Track | None
    opened: OpenedHeart
    fat_mm: Field  # distances in the box of `opened`
    lung_mm: Field
    bone_mm: Field
    blood: Blood
    lateral_width_mm: float | None  # of the body at the heart; None where the field of view cuts it
    centre_lps_mm: tuple[float, float, float]

    @property
    def above_centre_mm(self) -> float:
        """Distance from the heart's centre to the highest slice."""
        return float(self.grid.axis_mm(0)[-1] - self.centre_mm[0])

    @property
    def below_centre_mm(self) -> float:
        """Distance from the heart's centre to the lowest slice."""
        return float(self.centre_mm[0] - self.grid.axis_mm(0)[0])

    @property
    def aorta_confidence(self) -> float:
        """How far the track of the ascending aorta can be trusted: 0 to 1."""
        track = self.ascending
        if track is None or track.length_mm < LEAST_TRACK_MM:
            return 0.0
        clear = float(np.clip(np.mean(track.share) / SHARE_OF_SURE_CIRCLE, 0, 1))
        right = self.centre_mm[2] - float(np.median(track.x_mm))
        return clear * (1.0 if right >= OFF_COURSE_MM else 0.3)

    def millimetres(self, voxels: npt.NDArray[Any]) -> Points:
        """Positions of scan voxels (slice, row, column)."""
        return self.grid.millimetres(voxels)

    def heart(self) -> Mask:
        """The analysed region, on the axes of the scan: the closed outline of the heart."""
        whole = np.zeros(self.grid.hu.shape, bool)
        whole[self.opened.box] = self.opened.inside_closed_mm > 0
        return self.grid.to_scan(whole)

    def region(self) -> tuple[slice, slice, slice]:
        """Box of the scan (slice, row, column) around the heart, wide enough to hold every coronary artery."""
        corners = [
            [self.grid.axis_mm(axis)[edge] for axis, edge in enumerate(edges)]
            for edges in (
                [part.start for part in self.opened.box],
                [part.stop - 1 for part in self.opened.box],
            )
        ]
        voxels = self.grid.voxels(np.array(corners))
        margin = np.ones(3)
        margin[list(self.grid.axes)] = np.array(self.grid.spacing_mm) / np.array(self.grid.fine_spacing_mm)
        shape = np.empty(3, int)
        shape[list(self.grid.axes)] = self.grid.fine_shape
        low = np.maximum(np.floor(voxels.min(0) - margin), 0).astype(int)
        high = np.minimum(np.ceil(voxels.max(0) + margin) + 1, shape).astype(int)
        return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])

    def aorta_at(self, z_mm: Values) -> Circles:
        """The ascending aorta or its root at these heights."""
        return _extended(self.ascending if self.aorta_confidence > 0 else None, z_mm, self.centre_mm)

    def at(self, points_mm: Points) -> Places:
        """Everything that is known about some points."""
        points = np.asarray(points_mm, float).reshape(-1, 3)
        box = self.opened.box
        cells = self.grid.cells(points)
        corner = np.array([part.start for part in box])
        shape = np.array([part.stop - part.start for part in box])
        inside = ((cells >= corner) & (cells < corner + shape)).all(1)
        local = tuple(np.clip(cells - corner, 0, shape - 1).T)
        circles = self.aorta_at(points[:, 0])
        from_aorta = np.stack([points[:, 1] - circles.y_mm, points[:, 2] - circles.x_mm], 1)
        lowest = self.ascending.z_mm[0] if self.ascending and self.aorta_confidence > 0 else self.centre_mm[0] + 25.0
        wall, front = self._descending(points)
        return Places(
            from_centre=points - np.array(self.centre_mm),
            outside=np.where(inside, self.opened.outside_mm[local], 99.0),
            inside_closed=np.where(inside, self.opened.inside_closed_mm[local], -99.0),
            ellipsoid=np.where(inside, self.opened.ellipsoid[local], 9.0),
            fat=np.where(inside, self.fat_mm[local], 99.0),
            lung=np.where(inside, self.lung_mm[local], 99.0),
            bone=np.where(inside, self.bone_mm[local], 99.0),
            compartment=self.chest.compartment[tuple(cells.T)],
            aorta=circles,
            from_aorta=from_aorta,
            aortic_wall=np.hypot(from_aorta[:, 0], from_aorta[:, 1]) - circles.radius_mm,
            above_track_end=points[:, 0] - lowest,
            descending_wall=wall,
            behind_descending=points[:, 1] - front,
        )

    def _descending(self, points: Points) -> tuple[Values, Values]:
        track = self.descending
        if track is None:
            front, middle = self.chest.spine_mm
            usual = np.hypot(points[:, 1] - front, points[:, 2] - middle - 15.0) - 12.0
            return usual, np.full(len(points), front - 12.0)
        z = points[:, 0]
        y, x = np.interp(z, track.z_mm, track.y_mm), np.interp(z, track.z_mm, track.x_mm)
        radius = np.interp(z, track.z_mm, track.radius_mm)
        return np.hypot(points[:, 1] - y, points[:, 2] - x) - radius, y - radius


def _extended(track: Track | None, z_mm: Values, centre_mm: tuple[float, float, float]) -> Circles:
    z = np.asarray(z_mm, float)
    if track is None:
        return _usual(z, centre_mm)
    beyond = np.maximum(track.z_mm[0] - z, z - track.z_mm[-1]).clip(0)
    stretch = track.z_mm - track.z_mm[0] <= LAST_STRETCH_MM
    below = np.maximum(np.minimum(0.0, z - track.z_mm[0]), -20.0)
    slope_y, slope_x = 0.0, -ROOT_DRIFT_LEFT
    if stretch.sum() >= 3:
        fit = np.polyfit(track.z_mm[stretch], np.stack([track.y_mm[stretch], track.x_mm[stretch]], 1), 1)[0]
        slope_y = float(np.clip(fit[0], -GREATEST_SLOPE_BACK, GREATEST_SLOPE_BACK))
        slope_x = min(slope_x, float(fit[1]))
    return Circles(
        y_mm=np.interp(z, track.z_mm, track.y_mm) + slope_y * below,
        x_mm=np.interp(z, track.z_mm, track.x_mm) + slope_x * below,
        radius_mm=np.interp(z, track.z_mm, track.radius_mm),
        trust=np.clip((UNKNOWN_BELOW_MM - beyond) / (UNKNOWN_BELOW_MM - TRUSTED_BELOW_MM), 0, 1),
    )


def _usual(z: Values, centre_mm: tuple[float, float, float]) -> Circles:
    """The expected course, for want of a track."""
    height = np.clip(z - centre_mm[0], *USUAL_HEIGHTS_MM)
    within = np.abs(height - (z - centre_mm[0])) < 1.0
    return Circles(
        y_mm=np.full(len(z), centre_mm[1] + USUAL_BACK_MM),
        x_mm=centre_mm[2] + USUAL_LEFT_MM + USUAL_DRIFT_LEFT * (USUAL_LEFT_AT_MM - height),
        radius_mm=np.full(len(z), USUAL_RADIUS_MM),
        trust=np.where(within, USUAL_TRUST, 0.0),
    )


def distance_to(mask: Mask, spacing_mm: tuple[float, float, float]) -> Field:
    """Distance to the nearest voxel of a mask; far everywhere when it is empty."""
    if not mask.any():
        return np.full(mask.shape, 99.0, np.float32)
    distance: Field = ndimage.distance_transform_edt(~mask, spacing_mm).astype(np.float32)
    return distance
