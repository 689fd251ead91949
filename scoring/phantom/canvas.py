"""The continuous patient on a grid of about 1 mm: bodies are painted one over the other with soft edges."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.shapes import Array, Coordinates, capsule

Window = tuple[slice, slice, slice]

EDGE_MM = np.float32(1.3)
"""Width over which a painted edge goes from 0 to 1: about one grid step, so that a slanted edge has no stairs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """HU in painting, axes (z, y, x), with the millimetres of its samples."""

    hu: npt.NDArray[np.float32]
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    z: npt.NDArray[np.float32]

    @property
    def at(self) -> Coordinates:
        """Coordinates that broadcast to the whole grid."""
        return self.x[None, None, :], self.y[None, :, None], self.z[:, None, None]

    def within(self, low: npt.ArrayLike, high: npt.ArrayLike) -> "tuple[Canvas, Window] | None":
        """Part of the canvas between two corners (a view) and where it lies; None where they lie outside."""
        spans = []
        for axis, a, b in zip((self.x, self.y, self.z), np.asarray(low), np.asarray(high), strict=True):
            first, last = np.searchsorted(axis, [a, b])
            if last <= first:
                return None
            spans.append(slice(int(first), int(last)))
        across, down, up = spans
        part = Canvas(hu=self.hu[up, down, across], x=self.x[across], y=self.y[down], z=self.z[up])
        return part, (up, down, across)

    def slabs(self, count: int = 8) -> "Iterator[Canvas]":
        """Views of `count` neighbouring planes: small enough that the work stays in the processor's cache."""
        for first in range(0, len(self.z), count):
            up = slice(first, first + count)
            yield Canvas(hu=self.hu[up], x=self.x, y=self.y, z=self.z[up])

    def paint(self, distance: Array, hu: float | Array, *, share: float = 1.0) -> None:
        """Lay `hu` over everything inside the body; `share` below 1 mixes it with what is there."""
        cover = np.clip(np.float32(0.5) - distance / EDGE_MM, 0, 1)
        if share != 1.0:
            cover = cover * np.float32(share)
        self.hu[...] += cover * (np.float32(hu) - self.hu if isinstance(hu, float) else hu - self.hu)

    def paint_tube(self, points: npt.NDArray[np.float64], radii: npt.ArrayLike, hu: float) -> None:
        """Lay a tube along a polyline, segment by segment, each only where it is."""
        radius = np.broadcast_to(np.asarray(radii, float), (len(points),))
        for i in range(len(points) - 1):
            ends, reach = points[i : i + 2], radius[i : i + 2].max() + 2.0
            near = self.within(ends.min(0) - reach, ends.max(0) + reach)
            if near is not None:
                part, _ = near
                part.paint(capsule(part.at, points[i], points[i + 1], (radius[i], radius[i + 1])), hu)
