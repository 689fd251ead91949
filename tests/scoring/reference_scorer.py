"""A second scorer, slow and plain, sharing no line, table or number with `scoring`.

Loops, sets and flood fill over lists of numbers: no numpy, no image library. Written from Agatston 1990 (islands,
weights), Callister 1998 (isotropic volume), McCollough 2007 (mass), van Praagh 2021 (rules of the vendors), Graeni 2018
(steps by tube voltage), and for what no paper settles (an island of several owners) from the sentences of METHODS.md.
Every pixel of every slice is looked at, whoever owns it; nothing is left out because it cannot matter.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Voxel = tuple[int, int, int]  # slice, row, column
Grid = Sequence[Sequence[Sequence[float]]]  # [slice][row][column]

NOBODY = 0
VESSELS = (1, 2, 3, 4)

STEPS_BY_KVP = {
    70: (207.0, 318.0, 477.0, 636.0),
    80: (177.0, 271.0, 408.0, 544.0),
    100: (145.0, 222.0, 334.0, 446.0),
    120: (130.0, 200.0, 300.0, 400.0),
    135: (119.0, 183.0, 274.0, 364.0),
}
"""Lower limits of the weights 1 to 4."""

SIZE_RULES = {  # at least so many mm2, at least so many pixels, HU of volume and mass at 120 kVp where they differ
    "literature": (1.0, 1, None),
    "ge": (1.0, 1, None),
    "philips": (0.5, 1, 112.5),
    "canon": (0.0, 3, None),
    "siemens": (0.0, 1, None),
    "fqm_canon_published": (0.0, 4, None),
}


@dataclass(frozen=True)
class Rule:
    """What a protocol says."""

    steps_hu: tuple[float, float, float, float] = STEPS_BY_KVP[120]
    connectivity: int = 8
    minimum_area_mm2: float = 1.0
    minimum_pixels: int = 1
    volume_hu: float | None = None

    @property
    def threshold_hu(self) -> float:
        """What is at least so bright is calcium."""
        return self.steps_hu[0]


def rule_of(preset: str, kvp: int, connectivity: int) -> Rule:
    """Rule of a preset at a tube voltage; a volume threshold moves with the first step."""
    area, pixels, volume_hu = SIZE_RULES[preset]
    steps = STEPS_BY_KVP[kvp]
    scaled = None if volume_hu is None else volume_hu * steps[0] / STEPS_BY_KVP[120][0]
    return Rule(
        steps_hu=steps,
        connectivity=connectivity,
        minimum_area_mm2=area,
        minimum_pixels=pixels,
        volume_hu=scaled,
    )


@dataclass
class Answer:
    """What one vessel has."""

    agatston: float = 0.0
    volume_mm3: float = 0.0
    isotropic_mm3: float = 0.0
    mass_hu_mm3: float = 0.0  # times mg/(mm3 HU) it is the mass
    density_score: float | None = None
    peak_hu: float | None = None
    mean_hu: float | None = None
    lesions: list[set[Voxel]] = field(default_factory=list)


class Scan:
    """An image, whose each pixel is, and how it is sampled."""

    def __init__(self, hu: Grid, owner: Grid, rule: Rule, spacing_mm: tuple[float, float], increment_mm: float) -> None:
        self.rule = rule
        self.slices, self.rows, self.columns = len(hu), len(hu[0]), len(hu[0][0])
        self.row_mm, self.column_mm = spacing_mm
        self.pixel_mm2 = spacing_mm[0] * spacing_mm[1]
        self.increment_mm = increment_mm
        self.hu: dict[Voxel, float] = {}
        self.owner: dict[Voxel, int] = {}
        for s in range(self.slices):
            for r in range(self.rows):
                for c in range(self.columns):
                    self.hu[s, r, c] = float(hu[s][r][c])
                    self.owner[s, r, c] = int(owner[s][r][c])
        self.bright = {voxel for voxel, value in self.hu.items() if is_at_least(value, rule.threshold_hu)}
        self.firm: set[Voxel] = set()  # of islands that are large enough, whosever
        for island in connected(self.bright, in_plane(rule.connectivity)):
            if self.is_large_enough(len(island)):
                self.firm |= island
        self.scored = {voxel for voxel in self.firm if self.owner[voxel] != NOBODY}

    def is_large_enough(self, pixels: int) -> bool:
        """Both limits are inclusive; an area is a sum of rounded numbers."""
        area = pixels * self.pixel_mm2
        reaches = area >= self.rule.minimum_area_mm2 or math.isclose(area, self.rule.minimum_area_mm2, rel_tol=1e-9)
        return reaches and pixels >= self.rule.minimum_pixels


def reference_score(
    hu: Grid, owner: Grid, rule: Rule, spacing_mm: tuple[float, float], increment_mm: float
) -> dict[int, Answer]:
    """Answers by owner, 1 to 4."""
    scan = Scan(hu, owner, rule, spacing_mm, increment_mm)
    answers = {vessel: _vessel(scan, vessel) for vessel in VESSELS}
    if rule.volume_hu is not None:
        _add_rims(scan, answers, rule.volume_hu)
    _add_isotropic(scan, answers)
    return answers


# ------------------------------------------------------------------------------------------ connected pixels


def is_at_least(value: float, limit: float) -> bool:
    """False for what is no number."""
    return math.isfinite(value) and value >= limit


def in_plane(connectivity: int) -> list[Voxel]:
    """Steps to the 4 or 8 neighbours in the same slice."""
    sides = [(0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]
    corners = [(0, -1, -1), (0, -1, 1), (0, 1, -1), (0, 1, 1)]
    return sides if connectivity == 4 else sides + corners


def in_space() -> list[Voxel]:
    """Steps to all 26 neighbours."""
    near = (-1, 0, 1)
    return [(s, r, c) for s in near for r in near for c in near if (s, r, c) != (0, 0, 0)]


def connected(members: Iterable[Voxel], steps: list[Voxel]) -> list[set[Voxel]]:
    """Flood fill."""
    left, found = set(members), []
    while left:
        start = left.pop()
        piece, edge = {start}, [start]
        while edge:
            s, r, c = edge.pop()
            for ds, dr, dc in steps:
                near = (s + ds, r + dr, c + dc)
                if near in left:
                    left.remove(near)
                    piece.add(near)
                    edge.append(near)
        found.append(piece)
    return found


# ------------------------------------------------------------------------------------------ the scored pixels


def weight(peak_hu: float, steps_hu: tuple[float, float, float, float]) -> int:
    """Agatston's factor."""
    if peak_hu >= steps_hu[3]:
        return 4
    if peak_hu >= steps_hu[2]:
        return 3
    if peak_hu >= steps_hu[1]:
        return 2
    return 1


def _vessel(scan: Scan, vessel: int) -> Answer:
    """Sum over the vessel's own islands: what is left of each after other owners took theirs."""
    mine = {voxel for voxel in scan.scored if scan.owner[voxel] == vessel}
    answer = Answer(lesions=connected(mine, in_space()))
    area_sum = weighted_sum = 0.0
    for part in connected(mine, in_plane(scan.rule.connectivity)):
        values = [scan.hu[voxel] for voxel in part]
        area = len(part) * scan.pixel_mm2
        factor = weight(max(values), scan.rule.steps_hu)
        volume = area * scan.increment_mm
        answer.agatston += area * factor * scan.increment_mm / 3.0
        answer.volume_mm3 += volume
        answer.mass_hu_mm3 += sum(values) / len(values) * volume
        area_sum += area
        weighted_sum += area * factor
    if mine:
        everything = [scan.hu[voxel] for voxel in mine]
        answer.density_score = weighted_sum / area_sum
        answer.peak_hu, answer.mean_hu = max(everything), sum(everything) / len(everything)
    return answer


# ------------------------------------------------------------------------------------------ a threshold for volumes


def _add_rims(scan: Scan, answers: dict[int, Answer], volume_hu: float) -> None:
    """Pixels between the two thresholds, each with the nearest bright pixel of its wider island."""
    wide = [voxel for voxel, value in scan.hu.items() if is_at_least(value, volume_hu)]
    for island in connected(wide, in_plane(scan.rule.connectivity)):
        if not island & scan.scored:
            continue
        for rim in island - scan.bright:
            owner = _nearest_owner(scan, rim, island & scan.bright)
            if owner != NOBODY:
                answers[owner].volume_mm3 += scan.pixel_mm2 * scan.increment_mm
                answers[owner].mass_hu_mm3 += scan.hu[rim] * scan.pixel_mm2 * scan.increment_mm


def _nearest_owner(scan: Scan, rim: Voxel, bright: set[Voxel]) -> int:
    """Of equally near ones the first vessel, and nobody last."""
    distance = {
        voxel: math.hypot((voxel[1] - rim[1]) * scan.row_mm, (voxel[2] - rim[2]) * scan.column_mm) for voxel in bright
    }
    least = min(distance.values())
    nearest = [voxel for voxel in bright if distance[voxel] <= least + 1e-6]
    vessels = [scan.owner[voxel] for voxel in nearest if voxel in scan.scored]
    return min(vessels, default=NOBODY)


# ------------------------------------------------------------------------------------------ isotropic volume


def _add_isotropic(scan: Scan, answers: dict[int, Answer]) -> None:
    """Slices a pixel's size apart, from the first to the last centre, each searched for islands anew."""
    step_mm = math.sqrt(scan.pixel_mm2)
    height_mm = (scan.slices - 1) * scan.increment_mm
    number = 0
    while number * step_mm <= height_mm * (1 + 1e-9) + 1e-9:
        bright = _interpolated(scan, number * step_mm / scan.increment_mm)
        for island in connected(bright, in_plane(scan.rule.connectivity)):
            if not scan.is_large_enough(len(island)):
                continue
            if not any(end in scan.scored for sample in island for end in bright[sample][1]):
                continue
            for sample in island:
                owner = bright[sample][0]
                if owner != NOBODY and answers[owner].lesions:
                    answers[owner].isotropic_mm3 += scan.pixel_mm2 * step_mm
        number += 1


def _interpolated(scan: Scan, position: float) -> dict[Voxel, tuple[int, tuple[Voxel, Voxel]]]:
    """Bright samples of the slice at a position counted in slices: owner, and the voxels below and above."""
    if math.isclose(position, round(position), rel_tol=0, abs_tol=1e-9):  # in the plane of a slice
        below, above, share = round(position), round(position), 0.0
    else:
        below, above, share = math.floor(position), math.floor(position) + 1, position - math.floor(position)
    found = {}
    for r in range(scan.rows):
        for c in range(scan.columns):
            ends = ((below, r, c), (above, r, c))
            low, high = (scan.hu[end] if math.isfinite(scan.hu[end]) else 0.0 for end in ends)
            if low + share * (high - low) >= scan.rule.threshold_hu:
                found[0, r, c] = (_owner_between(scan, ends, share), ends)
    return found


def _owner_between(scan: Scan, ends: tuple[Voxel, Voxel], share: float) -> int:
    """That of the bright voxel; of two the nearer one, unless only the other is of a large enough island."""
    firm = [end for end in ends if end in scan.firm]
    holders = firm or [end for end in ends if end in scan.bright]
    if len(holders) == 2:  # the first slice is the lower one, and gets what lies midway
        is_nearer_above = share > 0.5 and not math.isclose(share, 0.5, rel_tol=0, abs_tol=1e-9)
        return scan.owner[holders[1] if is_nearer_above else holders[0]]
    return scan.owner[holders[0]]
