"""Where the left main begins and parts: cheapest paths through the fat left of the aortic root.

A vessel in fat is a thin soft line; chambers and appendage beside it are broad. A path pays least along thin
soft lines, more through fat, most through broad tissue. Three trees of paths (from the aortic wall, from the
anterior interventricular groove, from the left atrioventricular groove) meet at the point whose three paths
together are cheapest: that is the fork. Where nothing is seen, it lies where three straight lines would meet.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from scoring.anatomy import Anatomy
from scoring.volume import Volume

Values = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]

STEP_MM = 1.3
SLICE_STEP_MM = 2.0
OSTIUM_UP_MM = 36.0
"""Height of the left ostium above the heart's centre: 28 to 45 in phantoms, 34 and 39 in two real hearts."""
OSTIUM_BEARING_RAD = 0.3
"""From straight left towards the back, seen from the aortic centre."""
BOX_MM = ((-26.0, 16.0), (-20.0, 30.0), (-10.0, 40.0))
"""About the expected ostium: z, y, x."""

HU_RANGE = (-100.0, 50.0)
THIN_MM = 4.0
"""Half the width of what is too broad for an artery: the left main measures 5.4 mm and less."""
DENSE_HU = 130.0
LINE_OF_NOISE = 0.15
"""Noise alone makes so much of a line."""
COST_IN_LINE = 0.1
COST_IN_FAT = 1.0
COST_IN_TISSUE = 1.0
"""Per millimetre; a line as bright as blood in pure fat pays the first alone, what is no line another one more."""

ANTERIOR_GATE_MM = (-5.0, -10.0, 25.0)
POSTERIOR_GATE_MM = (-10.0, 18.0, 22.0)
"""Where LAD and circumflex pass, from the left ostium (z, y, x): mean of phantoms and two real hearts."""
GATE_SPREAD_MM = (8.0, 1.0, 7.0)
GATE_COST = 1.5
WALL_MM = (0.0, 3.5)
"""The ostium is sought so far outside the aortic circle."""
BEARING_SPREAD_RAD = 0.35
HEIGHT_SPREAD_MM = 10.0
OSTIUM_COST = 1.0
FORK_MM = (0.5, 0.5, 10.0)
FORK_SPREAD_MM = (3.5, 3.5, 5.0)
"""Usual place of the fork from the ostium (z, y, x) and its spread: the left main is 2 to 20 mm long."""
SEEN_FORK_COST = 0.05
UNSEEN_FORK_COST = 4.0
"""Of an unusual place, by whether the vessels are seen."""

LEAST_PLAIN = 0.25
SEEN_CONTRAST = (0.35, 0.65)
"""Median contrast of a path, of a full line's: hardly seen, and surely seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fork:
    """Courses of the left main and the beginnings of its branches, (n, 3) millimetres (z, y, x)."""

    main_mm: Points  # from the aortic wall to the fork
    anterior_mm: Points  # from the fork on
    circumflex_mm: Points
    seen: float  # 0 to 1: how far lines were seen where the paths run

    @property
    def point_mm(self) -> Points:
        """The fork."""
        last: Points = self.main_mm[-1]
        return last


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Field:
    """A box of the scan on (z, y, x)."""

    hu: npt.NDArray[np.float32]
    corner_mm: Points
    spacing_mm: Points

    def points(self) -> Points:
        """Places of the voxels, (n, 3)."""
        axes = [self.corner_mm[k] + np.arange(self.hu.shape[k]) * self.spacing_mm[k] for k in range(3)]
        grid: Points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
        return grid


def expected_ostium(anatomy: Anatomy) -> Points:
    """Where the left main most likely leaves the aorta, (z, y, x) millimetres."""
    z = anatomy.centre_mm[0] + OSTIUM_UP_MM
    circle = anatomy.aorta_at(np.array([z]))
    radius = circle.radius_mm[0]
    y = circle.y_mm[0] + radius * np.sin(OSTIUM_BEARING_RAD)
    x = circle.x_mm[0] + radius * np.cos(OSTIUM_BEARING_RAD)
    return np.array([z, y, x])


def find_fork(volume: Volume, anatomy: Anatomy) -> Fork:
    """Courses of the left main and its branches near the fork; the usual ones, unseen, where the scan does not hold it.

    Parameters
    ----------
    volume : Volume
        The scan.
    anatomy : Anatomy
        What was found in it.
    """
    ostium = expected_ostium(anatomy)
    field = _field(volume, anatomy, ostium)
    if field is None or min(field.hu.shape) < 3:
        return _usual(ostium)
    points = field.points()
    begins = (
        _ostium_cost(points, anatomy, ostium),
        _gate_cost(points, ostium, ANTERIOR_GATE_MM),
        _gate_cost(points, ostium, POSTERIOR_GATE_MM),
    )
    if any(not np.isfinite(cost).any() for cost in begins):
        return _usual(ostium)
    line = _lines(field)
    distance, before = _trees(_edges(_costs(line, field), field), begins)
    total = distance.sum(0)
    off = (points - ostium - np.array(FORK_MM)) / np.array(FORK_SPREAD_MM)
    unusual = (off**2).sum(1)
    paths = [_path(tree, int(np.argmin(total + SEEN_FORK_COST * unusual))) for tree in before]
    seen = _seen(line, field, np.concatenate(paths))
    cost = seen * SEEN_FORK_COST + (1 - seen) * UNSEEN_FORK_COST
    main, anterior, circumflex = (_path(tree, int(np.argmin(total + cost * unusual))) for tree in before)
    return Fork(main_mm=points[main[::-1]], anterior_mm=points[anterior], circumflex_mm=points[circumflex], seen=seen)


def _seen(line: npt.NDArray[np.float32], field: _Field, path: npt.NDArray[np.intp]) -> float:
    """Whether a vessel is seen along a path, calcium apart: 0 to 1."""
    plain = line.ravel()[path][field.hu.ravel()[path] < DENSE_HU]
    if len(plain) < LEAST_PLAIN * len(path):
        return 1.0  # calcium draws the vessel
    faint, sure = SEEN_CONTRAST
    return float(np.clip((np.median(plain) - faint) / (sure - faint), 0, 1))


def _usual(ostium: Points) -> Fork:
    """Straight lines where the vessels usually run."""
    share = np.linspace(0, 1, 12)[:, None]
    fork = ostium + np.array(FORK_MM)
    ends = (ostium + np.array(ANTERIOR_GATE_MM), ostium + np.array(POSTERIOR_GATE_MM))
    anterior, circumflex = (fork + share * (end - fork) for end in ends)
    return Fork(main_mm=ostium + share * (fork - ostium), anterior_mm=anterior, circumflex_mm=circumflex, seen=0.0)


def _field(volume: Volume, anatomy: Anatomy, ostium: Points) -> _Field | None:
    """Block means of the box about the ostium, as far as the scan reaches."""
    limits = np.array(BOX_MM)
    patch = anatomy.grid.patch(volume, ostium + limits[:, 0], ostium + limits[:, 1], (SLICE_STEP_MM, STEP_MM, STEP_MM))
    if patch is None:
        return None
    hu, corner, spacing = patch
    return _Field(hu=hu, corner_mm=corner, spacing_mm=spacing)


def _lines(field: _Field) -> npt.NDArray[np.float32]:
    """How far each voxel is a thin soft line in fat: 0 to 1. Calcium is one wherever it lies."""
    low, high = HU_RANGE
    clipped = np.clip(field.hu, low, high)
    reach = [int(np.ceil(THIN_MM / step)) for step in field.spacing_mm]
    offsets = np.meshgrid(
        *(np.arange(-n, n + 1) * s for n, s in zip(reach, field.spacing_mm, strict=True)), indexing="ij"
    )
    ball = sum(offset**2 for offset in offsets) <= THIN_MM**2
    opened = ndimage.grey_opening(clipped, footprint=ball, mode="nearest")
    line = (clipped - opened) / (high - low)
    return np.where(field.hu > DENSE_HU, 1.0, line).astype(np.float32)


def _costs(line: npt.NDArray[np.float32], field: _Field) -> Values:
    """What a millimetre costs at every voxel."""
    low, high = HU_RANGE
    soft = (np.clip(field.hu, low, high) - low) / (high - low)
    plain = COST_IN_FAT + (COST_IN_TISSUE - COST_IN_FAT) * soft
    seen = np.clip((line - LINE_OF_NOISE) / (1 - LINE_OF_NOISE), 0, 1)
    cost: Values = np.asarray(plain * (1 - seen) ** 2 + COST_IN_LINE, float)
    return cost


def _edges(cost: Values, field: _Field) -> sparse.coo_matrix:
    """Edges between neighbours of a box, both ways."""
    number = np.arange(cost.size).reshape(cost.shape)
    rows, columns, weights = [], [], []
    for dz in (0, 1):
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                if (dz, dy, dx) <= (0, 0, 0):
                    continue
                here = tuple(slice(max(0, -d), n - max(0, d)) for d, n in zip((dz, dy, dx), cost.shape, strict=True))
                there = tuple(slice(max(0, d), n - max(0, -d)) for d, n in zip((dz, dy, dx), cost.shape, strict=True))
                length = float(np.linalg.norm(np.array([dz, dy, dx]) * field.spacing_mm))
                rows.append(number[here].ravel())
                columns.append(number[there].ravel())
                weights.append(0.5 * length * (cost[here] + cost[there]).ravel())
    row, column, weight = (np.concatenate(parts) for parts in (rows, columns, weights))
    both = (np.concatenate([weight, weight]), (np.concatenate([row, column]), np.concatenate([column, row])))
    return sparse.coo_matrix(both, shape=(cost.size, cost.size))


def _ostium_cost(points: Points, anatomy: Anatomy, ostium: Points) -> Values:
    """What it costs to begin at each place: at the wall, near the usual bearing and height; infinite elsewhere."""
    circle = anatomy.aorta_at(points[:, 0])
    back, left = points[:, 1] - circle.y_mm, points[:, 2] - circle.x_mm
    wall = np.hypot(back, left) - circle.radius_mm
    bearing = (np.arctan2(back, left) - OSTIUM_BEARING_RAD) / BEARING_SPREAD_RAD
    height = (points[:, 0] - ostium[0]) / HEIGHT_SPREAD_MM
    cost = OSTIUM_COST * (bearing**2 + height**2)
    return np.where((wall >= WALL_MM[0]) & (wall <= WALL_MM[1]) & (cost < 12 * OSTIUM_COST), cost, np.inf)


def _gate_cost(points: Points, ostium: Points, gate_mm: tuple[float, float, float]) -> Values:
    """What it costs to end at each place of a gate: a coronal plane left of the ostium."""
    off = (points - ostium - np.array(gate_mm)) / np.array(GATE_SPREAD_MM)
    cost = GATE_COST * (off[:, 0] ** 2 + off[:, 2] ** 2)
    return np.where((np.abs(off[:, 1]) <= 1.0) & (cost < 9 * GATE_COST), cost, np.inf)


def _trees(edges: sparse.coo_matrix, begins: tuple[Values, ...]) -> tuple[Values, npt.NDArray[np.int32]]:
    """Cheapest way from each set of beginnings to every place, and the place before it (negative: a beginning)."""
    size = edges.shape[0]
    row, column, weight = [edges.row], [edges.col], [edges.data]
    for k, cost in enumerate(begins):
        ends = np.flatnonzero(np.isfinite(cost))
        row.append(np.full(len(ends), size + k))
        column.append(ends)
        weight.append(cost[ends] + 1e-6)  # an edge of nothing is no edge
    whole = sparse.csr_matrix(
        (np.concatenate(weight), (np.concatenate(row), np.concatenate(column))), shape=(size + len(begins),) * 2
    )
    sources = size + np.arange(len(begins))
    distance, before = csgraph.dijkstra(whole, directed=True, indices=sources, return_predecessors=True)
    return distance[:, :size], np.where(before[:, :size] >= size, -1, before[:, :size])


def _path(before: npt.NDArray[np.int32], at: int) -> npt.NDArray[np.intp]:
    """Places from `at` back to the beginning of its tree."""
    path = [at]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return np.array(path)
