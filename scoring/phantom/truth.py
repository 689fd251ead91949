"""What a perfect reader finds on the image as it is, and what a node may be expected to say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scoring.measures import agatston_in_mask
from scoring.phantom.cover import Cover
from scoring.phantom.deposits import Deposit
from scoring.phantom.expectation import Expectation
from scoring.protocol import Protocol
from scoring.result import LabelVolume, Point, Vessel
from scoring.volume import Volume

MASK_FLOOR_HU = 8.0
"""A voxel belongs to a deposit that brightens it by this much, and so do its neighbours in the slice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueLesion:
    """A plaque as the image shows it: `agatston` is 0 where blur and noise leave nothing above threshold.

    A plaque over the fork is two, one of each artery.
    """

    vessel: Vessel
    centre_lps_mm: Point
    agatston: float
    radius_mm: float  # of the ball about the centre that holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDistractor:
    """Something bright that is not coronary, with what it would count."""

    what: str
    centre_lps_mm: Point
    agatston: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What a perfect reader finds with the same protocol on the same image, noise included.

    A vessel's score is measured in the union of its plaques' masks, the total is the sum of the
    vessels. `labels` has the volume's axes: 1 to 4 are the vessels' plaques, 9 what must not count.
    `expectation` says whether the series is to be refused, and which caveats a score must carry.
    """

    agatston: float
    vessels: Mapping[Vessel, float]
    lesions: tuple[TrueLesion, ...]
    distractors: tuple[TrueDistractor, ...]
    labels: LabelVolume
    expectation: Expectation = field(default_factory=Expectation)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """A deposit in the image, or a part of one, with whose it is."""

    deposit: Deposit
    cover: Cover | None
    vessel: Vessel | None = None  # of a plaque
    what: str = ""  # of a look-alike


def truth_of(volume: Volume, protocol: Protocol, laid: Sequence[Laid], expectation: Expectation) -> Truth:
    """Measure every deposit in its own mask, and every vessel in the union of its masks."""
    owner = _owners(volume, laid)
    labels = np.array([0, *(one.deposit.label for one in laid)], np.uint8)[owner]
    labels.flags.writeable = False

    def counts(mask: npt.NDArray[np.bool_]) -> float:
        return agatston_in_mask(volume, mask, protocol).agatston if mask.any() else 0.0

    scores = [counts(owner == k + 1) for k in range(len(laid))]
    vessels = {vessel: counts(labels == vessel.label) for vessel in Vessel}
    pairs = list(zip(laid, scores, strict=True))
    return Truth(
        agatston=sum(vessels.values()),
        vessels=vessels,
        lesions=tuple(
            TrueLesion(
                vessel=one.vessel, centre_lps_mm=_point(one.deposit), agatston=score, radius_mm=one.deposit.reach_mm
            )
            for one, score in pairs
            if one.vessel is not None
        ),
        distractors=tuple(
            TrueDistractor(what=one.what, centre_lps_mm=_point(one.deposit), agatston=score)
            for one, score in pairs
            if one.vessel is None
        ),
        labels=labels,
        expectation=expectation,
    )


def _owners(volume: Volume, laid: Sequence[Laid]) -> npt.NDArray[np.uint8]:
    """Number (from 1) of the deposit that brightens a voxel most, grown by one pixel in the slice; 0 none."""
    owner = np.zeros(volume.hu.shape, np.uint8)
    most = np.zeros(volume.hu.shape, np.float32)
    for number, one in enumerate(laid, start=1):
        if one.cover is None:
            continue
        added = _grown(one.cover.share * np.float32(one.deposit.density_hu))
        mine = added > np.maximum(most[one.cover.window], MASK_FLOOR_HU)
        owner[one.cover.window][mine] = number
        most[one.cover.window][mine] = added[mine]
    return owner


def _grown(added: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    grown = added.copy()
    for axis in (1, 2):
        padded = np.pad(grown, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        first, last = [slice(None)] * 3, [slice(None)] * 3
        first[axis], last[axis] = slice(0, -2), slice(2, None)
        grown = np.maximum(grown, 0.999 * np.maximum(padded[tuple(first)], padded[tuple(last)]))
    return grown


def _point(deposit: Deposit) -> Point:
    x, y, z = deposit.centre_lps_mm.tolist()
    return (x, y, z)
