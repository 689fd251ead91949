"""Structures that someone else has segmented, on the grid of the volume: a hospital's own segmenter, or a reader."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.result import MaskVolume, Vessel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenMasks:
    """Masks with the volume's axes (slice, row, column); None or absent: not given.

    `vessels` are a reader's marks: exactly their voxels decide which calcium counts and whose it is. The others are
    anatomy that is used instead of what this software would find.
    """

    source: str  # who made it, in words; names no person
    vessels: Mapping[Vessel, MaskVolume] = field(default_factory=dict)
    heart: MaskVolume | None = None
    aorta: MaskVolume | None = None
    valves: MaskVolume | None = None
    coronaries: MaskVolume | None = None
    unused: tuple[str, ...] = ()  # coded structures of the segmentation that scoring has no use for
