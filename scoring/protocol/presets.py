"""Protocol and its presets: threshold, density steps, connectivity, minimum size, volume."""

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.protocol.acquisition import Acquisition
from scoring.protocol.choices import ScoringChoices
from scoring.result import ProtocolUsed

Steps = tuple[float, float, float, float]

STEPS_120_KVP_HU: Steps = (130.0, 200.0, 300.0, 400.0)
"""Threshold and lower limits of the density weights 2, 3 and 4 at 120 kVp (Agatston 1990)."""

SIZE_TOLERANCE_MM2 = 1e-9
"""An island of exactly the minimum area is kept although its area is a sum of rounded numbers."""

PHILIPS_VOLUME_HU = 112.5
"""100 mg/cm3 at 120 kVp: the published MATLAB takes pixels > 99/0.88 (van Praagh 2021, doi 10.1002/mp.14912)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """The rules that turn pixels into a score; METHODS.md has their sources."""

    name: str
    threshold_hu: float = STEPS_120_KVP_HU[0]
    weight_steps_hu: Steps = STEPS_120_KVP_HU  # the first is the threshold
    connectivity: int = 8  # of pixels within one slice: 4 or 8
    minimum_area_mm2: float = 0.0
    minimum_pixels: int = 1
    printed_volume: str = "voxel"  # "isotropic" or "voxel"
    volume_threshold_hu: float | None = None  # of voxel volume and mass, at most the threshold; None: the threshold

    def __post_init__(self) -> None:
        if self.connectivity not in (4, 8):
            raise ValueError(f"connectivity of islands must be 4 or 8, got {self.connectivity}")
        if self.weight_steps_hu[0] != self.threshold_hu:
            raise ValueError(
                f"the first weight step {self.weight_steps_hu[0]:g} HU is not the threshold {self.threshold_hu:g} HU"
            )
        if self.volume_threshold_hu is not None and self.volume_threshold_hu > self.threshold_hu:
            raise ValueError(
                f"the volume threshold {self.volume_threshold_hu:g} HU is above the threshold {self.threshold_hu:g} HU"
            )

    def large_enough(self, pixels: npt.ArrayLike, pixel_area_mm2: float) -> npt.NDArray[np.bool_]:
        """Whether islands of so many pixels count; both limits are inclusive.

        Examples
        --------
        1 mm2 at 0.488 mm needs five pixels: four are 0.95 mm2.

        >>> PRESETS["literature"].large_enough([4, 5], 0.488**2).tolist()
        [False, True]
        """
        count = np.asarray(pixels)
        enough: npt.NDArray[np.bool_] = (count * pixel_area_mm2 >= self.minimum_area_mm2 - SIZE_TOLERANCE_MM2) & (
            count >= self.minimum_pixels
        )
        return enough

    def weight(self, peak_hu: npt.ArrayLike) -> npt.NDArray[Any]:
        """Density weight of an island by its own maximum: 0 below the threshold, then 1 to 4.

        Examples
        --------
        >>> PRESETS["literature"].weight([129.9, 130, 199.6, 200, 400, 1200]).tolist()
        [0, 1, 1, 2, 4, 4]
        """
        return np.searchsorted(np.asarray(self.weight_steps_hu), np.asarray(peak_hu, float), side="right")

    def at_steps(self, steps: Steps) -> "Protocol":
        """The same rules at the HU steps of another tube voltage; the volume threshold is scaled with the first.

        Examples
        --------
        >>> PRESETS["philips"].at_steps((260.0, 400.0, 600.0, 800.0)).volume_threshold_hu
        225.0
        """
        volume = self.volume_threshold_hu
        scaled = None if volume is None else volume * steps[0] / self.threshold_hu
        return replace(self, threshold_hu=steps[0], weight_steps_hu=steps, volume_threshold_hu=scaled)

    def used(self, slice_increment_mm: float, acquisition: Acquisition) -> ProtocolUsed:
        """These rules with the sampling of one scan, as they stand in its result."""
        volume = self.volume_threshold_hu
        return ProtocolUsed(
            preset=self.name,
            threshold_hu=self.threshold_hu,
            connectivity=self.connectivity,
            minimum_area_mm2=self.minimum_area_mm2,
            minimum_pixels=self.minimum_pixels,
            slice_increment_mm=slice_increment_mm,
            slice_thickness_mm=acquisition.slice_thickness_mm,
            kvp=acquisition.kvp,
            printed_volume=self.printed_volume,
            weight_steps_hu=self.weight_steps_hu,
            volume_threshold_hu=self.threshold_hu if volume is None else volume,
        )


PRESETS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(name="literature", minimum_area_mm2=1.0, printed_volume="isotropic"),
        Protocol(name="ge", minimum_area_mm2=1.0),
        Protocol(name="philips", minimum_area_mm2=0.5, volume_threshold_hu=PHILIPS_VOLUME_HU),
        Protocol(name="canon", minimum_pixels=3),
        Protocol(name="siemens", printed_volume="isotropic"),
        Protocol(name="fqm_canon_published", minimum_pixels=4),
    )
}
"""Presets after van Praagh 2021 (doi 10.1002/mp.14912); the last reproduces its table of a Canon phantom scan."""

_PRESET_BY_MANUFACTURER = (
    (re.compile(r"philips", re.IGNORECASE), "philips"),
    (re.compile(r"canon|toshiba", re.IGNORECASE), "canon"),
    (re.compile(r"siemens", re.IGNORECASE), "siemens"),
    # Only where a word starts: "ge" stands within many other names.
    (re.compile(r"\bGE", re.IGNORECASE), "ge"),
)


def preset_for(choices: ScoringChoices, acquisition: Acquisition) -> Protocol:
    """The preset that the site named, or that of the manufacturer, at 120 kVp.

    Raises
    ------
    ValueError
        There is no preset of that name.
    """
    name = choices.preset
    if name == "auto":
        name = next(
            (preset for words, preset in _PRESET_BY_MANUFACTURER if words.search(acquisition.manufacturer)),
            "literature",
        )
    if name not in PRESETS:
        raise ValueError(f"there is no protocol preset {name!r}; choose one of auto, {', '.join(PRESETS)}")
    preset = PRESETS[name]
    return preset if choices.connectivity is None else replace(preset, connectivity=choices.connectivity)
