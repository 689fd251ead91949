"""A second scorer, slow and plain: loops and flood fill, written from METHODS.md, sharing no line with scoring."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

Voxel = tuple[int, int, int]
Grid = Sequence[Sequence[Sequence[float]]]  # [slice][row][column]


@dataclass
class Rule:
    """What a protocol says."""

    steps_hu: tuple[float, ...] = (130, 200, 300, 400)
    connectivity: int = 8
    minimum_area_mm2: float = 1.0
    minimum_pixels: int = 1


@dataclass
class Answer:
    """What one vessel has."""

    agatston: float = 0.0
    volume_mm3: float = 0.0
    isotropic_mm3: float = 0.0
    sum_hu_mm3: float = 0.0
    area_mm2: float = 0.0
    weighted_area_mm2: float = 0.0
    lesions: list[set[Voxel]] = field(default_factory=list)


def flood(members: set[Voxel], *, planar: int | None) -> list[set[Voxel]]:
    """Connected sets: 4 or 8 within a slice, or 26 where `planar` is None."""
    steps = [
        (s, r, c)
        for s in (-1, 0, 1)
        for r in (-1, 0, 1)
        for c in (-1, 0, 1)
        if (s, r, c) != (0, 0, 0) and (planar is None or s == 0) and (planar != 4 or abs(r) + abs(c) == 1)
    ]
    left, found = set(members), []
    while left:
        queue = [min(left)]
        left.discard(queue[0])
        piece = set(queue)
        while queue:
            s, r, c = queue.pop()
            for ds, dr, dc in steps:
                near = (s + ds, r + dr, c + dc)
                if near in left:
                    left.discard(near)
                    piece.add(near)
                    queue.append(near)
        found.append(piece)
    return found


def weight(peak: float, rule: Rule) -> int:
    """1 to 4."""
    return sum(1 for step in rule.steps_hu if peak >= step)


def is_large_enough(pixels: int, pixel_area: float, rule: Rule) -> bool:
    """Both limits are inclusive."""
    return pixels * pixel_area >= rule.minimum_area_mm2 - 1e-9 and pixels >= rule.minimum_pixels


@dataclass
class Scan:
    """What is bright, whose it is, what of it is scored."""

    hu: Grid
    rule: Rule
    spacing_mm: tuple[float, float]
    increment_mm: float
    bright: dict[Voxel, float] = field(default_factory=dict)
    owner: dict[Voxel, int] = field(default_factory=dict)
    scored: set[Voxel] = field(default_factory=set)
    firm: set[Voxel] = field(default_factory=set)  # of islands that are large enough, whosever
    material: set[Voxel] = field(default_factory=set)  # islands with a scored voxel, and all that is owned

    @property
    def pixel_mm2(self) -> float:
        """Area of a pixel."""
        return self.spacing_mm[0] * self.spacing_mm[1]


def reference_score(
    hu: Grid, owner: Grid, rule: Rule, spacing_mm: tuple[float, float], increment_mm: float
) -> dict[int, Answer]:
    """Answers by owner 1 to 4."""
    scan = Scan(hu=hu, rule=rule, spacing_mm=spacing_mm, increment_mm=increment_mm)
    for s, plane in enumerate(hu):
        for r, line in enumerate(plane):
            for c, value in enumerate(line):
                if math.isfinite(value) and value >= rule.steps_hu[0]:
                    scan.bright[s, r, c] = float(value)
                    scan.owner[s, r, c] = int(owner[s][r][c])
    for island in flood(set(scan.bright), planar=rule.connectivity):
        owned = {voxel for voxel in island if scan.owner[voxel]}
        is_firm = is_large_enough(len(island), scan.pixel_mm2, rule)
        counts = owned and is_firm
        scan.firm |= island if is_firm else set()
        scan.scored |= owned if counts else set()
        scan.material |= island if counts else owned
    answers = {label: _vessel(scan, {v for v in scan.scored if scan.owner[v] == label}) for label in (1, 2, 3, 4)}
    _add_isotropic(scan, answers)
    return answers


def _vessel(scan: Scan, mine: set[Voxel]) -> Answer:
    answer = Answer(lesions=flood(mine, planar=None))
    for part in flood(mine, planar=scan.rule.connectivity):
        area = len(part) * scan.pixel_mm2
        factor = weight(max(scan.bright[voxel] for voxel in part), scan.rule)
        answer.area_mm2 += area
        answer.weighted_area_mm2 += area * factor
        answer.agatston += area * factor * scan.increment_mm / 3.0
        answer.volume_mm3 += area * scan.increment_mm
        mean = sum(scan.bright[voxel] for voxel in part) / len(part)
        answer.sum_hu_mm3 += mean * area * scan.increment_mm
    return answer


def _add_isotropic(scan: Scan, answers: dict[int, Answer]) -> None:
    step, slices, k = math.sqrt(scan.pixel_mm2), len(scan.hu), 0
    while k * step <= (slices - 1) * scan.increment_mm + 1e-9:
        position = k * step / scan.increment_mm
        if abs(position - round(position)) < 1e-9:
            position = float(round(position))
        lower = min(int(position), max(slices - 2, 0))
        upper = min(lower + 1, slices - 1)
        owner, beside = _interpolated(scan, lower, upper, position - lower)
        for island in flood(set(owner), planar=scan.rule.connectivity):
            if is_large_enough(len(island), scan.pixel_mm2, scan.rule) and island & beside:
                for sample in island:
                    if owner[sample] and answers[owner[sample]].agatston:
                        answers[owner[sample]].isotropic_mm3 += scan.pixel_mm2 * step
        k += 1


def _interpolated(scan: Scan, lower: int, upper: int, share: float) -> tuple[dict[Voxel, int], set[Voxel]]:
    """Owner of each bright sample of one interpolated slice, and which lie beside a scored voxel."""
    owner, beside = {}, set()
    for r, line in enumerate(scan.hu[0]):
        for c in range(len(line)):
            ends = ((lower, r, c), (upper, r, c))
            low, high = (value if math.isfinite(value := float(scan.hu[s][r][c])) else 0.0 for s in (lower, upper))
            is_dark = low + share * (high - low) < scan.rule.steps_hu[0]
            if is_dark or not (ends[0] in scan.material or ends[1] in scan.material):
                continue
            holders = [end for end in ends if end in scan.firm] or [end for end in ends if end in scan.bright]
            owner[0, r, c] = scan.owner[holders[-1] if share > 0.5 else holders[0]]
            if ends[0] in scan.scored or ends[1] in scan.scored:
                beside.add((0, r, c))
    return owner, beside
