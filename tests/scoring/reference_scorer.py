"""A second scorer, slow and plain: loops and flood fill, written from METHODS.md, sharing no line with scoring."""

import math
from dataclasses import dataclass, field

Voxel = tuple[int, int, int]


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


def reference_score(hu, owner, rule: Rule, spacing_mm, increment_mm: float) -> dict[int, Answer]:
    """Answers by owner 1 to 4; `hu` and `owner` are indexed [slice][row][column]."""
    bright = {
        (s, r, c): float(value)
        for s, plane in enumerate(hu)
        for r, line in enumerate(plane)
        for c, value in enumerate(line)
        if math.isfinite(value) and value >= rule.steps_hu[0]
    }
    owner_of = {voxel: int(owner[voxel[0]][voxel[1]][voxel[2]]) for voxel in bright}
    area = spacing_mm[0] * spacing_mm[1]
    islands = flood(set(bright), planar=rule.connectivity)
    scored = {
        voxel for island in islands if is_large_enough(len(island), area, rule) for voxel in island if owner_of[voxel]
    }
    answers = {}
    for label in (1, 2, 3, 4):
        answer = answers[label] = Answer()
        mine = {voxel for voxel in scored if owner_of[voxel] == label}
        for part in flood(mine, planar=rule.connectivity):
            factor = weight(max(bright[voxel] for voxel in part), rule)
            answer.area_mm2 += len(part) * area
            answer.weighted_area_mm2 += len(part) * area * factor
            answer.agatston += len(part) * area * factor * increment_mm / 3.0
            answer.volume_mm3 += len(part) * area * increment_mm
            mean = sum(bright[voxel] for voxel in part) / len(part)
            answer.sum_hu_mm3 += mean * len(part) * area * increment_mm
        answer.lesions = flood(mine, planar=None)
    material = {voxel for island in islands if island & scored for voxel in island}
    material |= {voxel for voxel in bright if owner_of[voxel]}
    _add_isotropic(answers, hu, owner_of, scored, material, rule, math.sqrt(area), increment_mm, area)
    return answers


def _add_isotropic(answers, hu, owner_of, scored, material, rule, step, increment, area) -> None:
    slices, k = len(hu), 0
    while k * step <= (slices - 1) * increment + 1e-9:
        position = k * step / increment
        lower = min(int(position + 1e-9), max(slices - 2, 0))
        upper, share = min(lower + 1, slices - 1), max(position - lower, 0.0)
        if abs(share - round(share)) < 1e-9:
            share = float(round(share))
        owner, beside, samples = {}, set(), set()
        for r, line in enumerate(hu[0]):
            for c in range(len(line)):
                ends = ((lower, r, c), (upper, r, c))
                if not (ends[0] in material or ends[1] in material):
                    continue
                low, high = (float(hu[end[0]][r][c]) if math.isfinite(hu[end[0]][r][c]) else 0.0 for end in ends)
                if low + share * (high - low) < rule.steps_hu[0]:
                    continue
                samples.add((k, r, c))
                both = ends[0] in owner_of and ends[1] in owner_of
                chosen = ends[int(share > 0.5)] if both else ends[int(ends[1] in owner_of)]
                owner[k, r, c] = owner_of[chosen]
                if ends[0] in scored or ends[1] in scored:
                    beside.add((k, r, c))
        for island in flood(samples, planar=rule.connectivity):
            if is_large_enough(len(island), area, rule) and island & beside:
                for sample in island:
                    if owner[sample]:
                        answers[owner[sample]].isotropic_mm3 += area * step
        k += 1
