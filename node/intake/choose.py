"""Which reconstruction of one acquisition is scored. Two acquisitions of a study are two results."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from node.facts import InstanceFacts
from node.intake.eligible import Level, eligibility, has_calcium_words, thickness_mm
from node.intake.reason import quoted
from node.intake.whole import distinct, whole
from scoring.volume import plane_normal

SAME_ACQUISITION = timedelta(seconds=2)
"""Reconstructions of one acquisition carry its times; two scans lie at least a breath apart."""

LEAST_OVERLAP = 0.5
"""Share of the shorter series that lies within the other."""

BEST_THICKNESSES_MM = (3.0, 2.5)
HEART_FIELD_MM = (180.0, 260.0)

_SHARP = re.compile(
    r"\b[BHIQUJDT][a-z]?([5-9]\d)[a-z]*\b|\bFC(5\d|8\d|3\d)\b|BONE|LUNG|EDGE|\bY[A-E]\b|^[DEL]$|C_SHARP|B_SHARP"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The reconstruction that is scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another reconstruction of the same acquisition is scored."""

    chosen_series_uid: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    series_uid: str
    images: tuple[InstanceFacts, ...]
    level: Level
    increment_mm: float | None
    extent_mm: tuple[float, float]
    times: tuple[datetime, datetime] | None


def is_sharp(kernel: str) -> bool:
    r"""Whether a convolution kernel enhances edges: made for lung or bone, it adds HU to calcium.

    Examples
    --------
    >>> [is_sharp(kernel) for kernel in ("B70f", "Br59", "FC52", "LUNG", "L")]
    [True, True, True, True, True]
    >>> [is_sharp(kernel) for kernel in ("B35f", r"I30f\3", "Qr36d", "FC12", "STANDARD", "")]
    [False, False, False, False, False, False]
    """
    return bool(_SHARP.search(kernel.split("\\", maxsplit=1)[0].strip()))


def choose(series: Mapping[str, Sequence[InstanceFacts]]) -> dict[str, Chosen | Alternative]:
    """Among the series of one study, which reconstruction of each acquisition is scored.

    Parameters
    ----------
    series : series UID → facts of its images

    Returns
    -------
    dict
        For each series that is eligible, at either level; the others do not compete and are left out.
    """
    candidates = [
        candidate for uid in sorted(series) if (candidate := _candidate(uid, series[uid])).level is not Level.NONE
    ]
    answer: dict[str, Chosen | Alternative] = {}
    for group in _acquisitions(candidates):
        best, *others = sorted(group, key=_rank)
        answer[best.series_uid] = Chosen()
        for other in others:
            answer[other.series_uid] = Alternative(chosen_series_uid=best.series_uid, sentence=_why(best, other))
    return answer


def _candidate(series_uid: str, facts: Sequence[InstanceFacts]) -> _Candidate:
    images = distinct(facts)
    planes = [plane for image in images for plane in image.planes]
    fitness = eligibility(images)
    along = [0.0]
    if fitness.level is not Level.NONE:
        normal = plane_normal(planes[0].orientation)
        upwards = 1.0 if normal[2] > 0 else -1.0
        along = [upwards * float(normal @ plane.position_lps_mm) for plane in planes]
    times = sorted(time for image in images if (time := _moment(image.acquisition_time)) is not None)
    return _Candidate(
        series_uid=series_uid,
        images=images,
        level=fitness.level,
        increment_mm=whole(images).increment_mm,
        extent_mm=(min(along), max(along)),
        times=(times[0], times[-1]) if times else None,
    )


def _moment(stated: str) -> datetime | None:
    """Acquisition date and time of a scanner's own clock, for comparing with its own others only."""
    match = re.fullmatch(r"(\d{8})(\d{6})(\.\d{1,6})?.*", stated.replace(":", ""))
    try:
        return datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S") if match else None  # noqa: DTZ007 - one clock
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------ one acquisition


def _acquisitions(candidates: Sequence[_Candidate]) -> list[list[_Candidate]]:
    groups: list[list[_Candidate]] = []
    for candidate in candidates:
        same = [group for group in groups if any(_is_one_acquisition(candidate, member) for member in group)]
        groups = [group for group in groups if group not in same]
        groups.append([member for group in same for member in group] + [candidate])
    return groups


def _is_one_acquisition(one: _Candidate, other: _Candidate) -> bool:
    """Same frame of reference, same acquisition as far as stated, and the same part of the body."""
    frames = [{image.frame_of_reference_uid for image in side.images} for side in (one, other)]
    numbers = [{image.acquisition_number for image in side.images} - {None} for side in (one, other)]
    if not frames[0] & frames[1] - {None}:
        return False
    if all(numbers) and not numbers[0] & numbers[1]:
        return False
    if one.times and other.times:
        apart = max(one.times[0], other.times[0]) - min(one.times[1], other.times[1])
        if apart > SAME_ACQUISITION:
            return False
    return _overlap(one.extent_mm, other.extent_mm) >= LEAST_OVERLAP


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    shorter = min(one[1] - one[0], other[1] - other[0])
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / shorter if shorter > 0 else 0.0


# ------------------------------------------------------------------------------------------ the best one


def _rank(candidate: _Candidate) -> tuple[float | str, ...]:
    """Lower is better; the latest of equals, then the UID, so that the choice never depends on the order."""
    first = candidate.images[0]
    field = first.reconstruction_diameter_mm
    latest = candidate.times[1] if candidate.times else datetime.min  # noqa: DTZ901 - one clock
    return (
        float(candidate.level is not Level.CALCIUM),
        float(is_sharp(first.kernel)),
        float("DERIVED" in first.image_type[:1]),
        float(not has_calcium_words(candidate.images)),
        _thickness_rank(candidate),
        float(field is None or not HEART_FIELD_MM[0] <= field <= HEART_FIELD_MM[1]),
        -(latest - datetime.min).total_seconds(),  # noqa: DTZ901 - one clock
        candidate.series_uid,
    )


def _thickness(candidate: _Candidate) -> float:
    return thickness_mm(candidate.images, candidate.increment_mm) or 0.0


def _thickness_rank(candidate: _Candidate) -> float:
    """Distance from 3.0 mm, or from 2.5 mm and a bit."""
    thickness = _thickness(candidate)
    return min(abs(thickness - best) + 0.1 * place for place, best in enumerate(BEST_THICKNESSES_MM))


def _why(best: _Candidate, other: _Candidate) -> str:
    """What the chosen one has before the other."""
    kernels = [quoted(side.images[0].kernel) or "not stated" for side in (best, other)]
    fields = (best.images[0].reconstruction_diameter_mm, other.images[0].reconstruction_diameter_mm)
    words = (
        "it is the calcium series",
        f"its kernel is soft ({kernels[0]}, here {kernels[1]})",
        "it is original, this one is derived",
        "its description speaks of calcium",
        f"its slices are {_thickness(best):g} mm thick, here {_thickness(other):g} mm",
        f"its field of view is made for the heart ({fields[0] or 0:g} mm, here {fields[1] or 0:g} mm)",
        "it was acquired or reconstructed later",
        "both are alike, and one has to be taken",
    )
    first = next(
        (place for place, (a, b) in enumerate(zip(_rank(best), _rank(other), strict=True)) if a != b), len(words) - 1
    )
    return f"another reconstruction of this acquisition is scored: {words[first]}"
