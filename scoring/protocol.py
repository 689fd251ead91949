"""Protocol presets, the kVp rule, and what the scanner said of the acquisition."""

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.result import Finding, Severity, UnfitError

STEPS_120_KVP_HU = (130.0, 200.0, 300.0, 400.0)
"""Threshold and lower limits of the density weights 2, 3 and 4 at 120 kVp (Agatston 1990)."""

STEPS_BY_KVP_HU: dict[int, tuple[float, float, float, float]] = {
    70: (207.0, 318.0, 477.0, 636.0),
    80: (177.0, 271.0, 408.0, 544.0),
    100: (145.0, 222.0, 334.0, 446.0),
    135: (119.0, 183.0, 274.0, 364.0),
}
"""Adapted steps: Graeni 2018 (doi 10.1093/ehjci/jey019) for 70 and 80 kVp; 100 and 135 kVp from code that cites it."""

READS_LOW_KVP = (70, 80)
"""Scores at these voltages read low even with adapted steps (Allio 2023), so the finding weakens the result."""

STANDARD_KVP = (115.0, 125.0)
"""Tube voltages at which the steps of 120 kVp hold as they are."""

POSSIBLE_KVP = (40.0, 200.0)
"""A value outside is no tube voltage of a CT scanner."""

ARTIFICIAL_120_KVP = re.compile(r"^Sa\d")
"""Siemens kernels whose images look like 120 kVp at every tube voltage (Booij 2020, doi 10.1007/s00330-020-06709-9)."""

SIZE_TOLERANCE_MM2 = 1e-9
"""An island of exactly the minimum area is kept although its area is a sum of rounded numbers."""


class Gating(StrEnum):
    """What the header says of ECG gating; absence proves nothing."""

    STATED = "stated"
    NOT_STATED = "not stated"
    NOT_GATED = "not gated"  # no trace of gating and a full-chest field of view


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """What the header says of how the images were made; no identifier."""

    kvp: float | None = None
    slice_thickness_mm: float | None = None
    kernel: str = ""  # all values of (0018,1210), joined by a backslash
    manufacturer: str = ""
    model: str = ""
    contrast_stated: bool = False  # (0018,0010) has a value; it may confirm contrast, never clear it
    gating: Gating = Gating.NOT_STATED
    reconstruction_diameter_mm: float | None = None
    mass_factor_patient: float | None = None  # (0018,9351) as written
    mass_factor_device: tuple[float, ...] = ()  # (0018,9352) as written: small, medium, large patient
    padding_hu: float | None = None  # HU of (0028,0120) after rescale


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringChoices:
    """What the site chose in its configuration."""

    preset: str = "literature"  # literature | ge | philips | canon | siemens | auto (by manufacturer)
    connectivity: int | None = None  # 4 or 8; None: the preset's
    kvp_rule: str = "adapt"  # adapt | flag | refuse
    assume_kvp: float = 0.0  # used where KVP is empty; 0: refuse
    percentile: str = "mesa"  # mesa | hoff | none


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """The rules that turn pixels into a score; METHODS.md has their sources."""

    name: str
    threshold_hu: float = STEPS_120_KVP_HU[0]
    weight_steps_hu: tuple[float, float, float, float] = STEPS_120_KVP_HU  # the first is the threshold
    connectivity: int = 8  # of pixels within one slice: 4 or 8
    minimum_area_mm2: float = 0.0
    minimum_pixels: int = 1
    printed_volume: str = "voxel"  # "isotropic" or "voxel"

    def __post_init__(self) -> None:
        if self.connectivity not in (4, 8):
            raise ValueError(f"connectivity of islands must be 4 or 8, got {self.connectivity}")
        if self.weight_steps_hu[0] != self.threshold_hu:
            raise ValueError(
                f"the first weight step {self.weight_steps_hu[0]:g} HU is not the threshold {self.threshold_hu:g} HU"
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


PRESETS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(name="literature", minimum_area_mm2=1.0, printed_volume="isotropic"),
        Protocol(name="ge", minimum_area_mm2=1.0),
        Protocol(name="philips", minimum_area_mm2=0.5),
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


def protocol_for(choices: ScoringChoices, acquisition: Acquisition) -> tuple[Protocol, tuple[Finding, ...]]:
    """Protocol of a series: the preset with the HU steps that fit its tube voltage.

    Parameters
    ----------
    choices : ScoringChoices
        Preset, connectivity, kVp rule and assumed kVp of the site.
    acquisition : Acquisition
        Manufacturer, kVp and kernel of the series.

    Returns
    -------
    tuple[Protocol, tuple[Finding, ...]]
        The findings (code ``kvp``) say what was assumed or adapted; they are empty at a stated 120 kVp.

    Raises
    ------
    UnfitError
        ``kvp``: the voltage is missing, impossible, or has no rule.
    ValueError
        The choices hold a word that is none of theirs.

    Examples
    --------
    >>> protocol, findings = protocol_for(ScoringChoices(), Acquisition(kvp=100.0))
    >>> protocol.threshold_hu, findings[0].severity.value
    (145.0, 'note')
    """
    preset = _preset(choices, acquisition)
    if choices.kvp_rule not in ("adapt", "flag", "refuse"):
        raise ValueError(f"kvp_rule must be adapt, flag or refuse, got {choices.kvp_rule!r}")
    steps, findings = _steps(choices, acquisition)
    return replace(preset, threshold_hu=steps[0], weight_steps_hu=steps), findings


def _preset(choices: ScoringChoices, acquisition: Acquisition) -> Protocol:
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


def _steps(
    choices: ScoringChoices, acquisition: Acquisition
) -> tuple[tuple[float, float, float, float], tuple[Finding, ...]]:
    stated = acquisition.kvp if acquisition.kvp and math.isfinite(acquisition.kvp) and acquisition.kvp > 0 else None
    if any(ARTIFICIAL_120_KVP.match(kernel.strip()) for kernel in acquisition.kernel.split("\\")):
        return STEPS_120_KVP_HU, _artificial(stated)
    findings = () if stated else (_assumed(choices.assume_kvp),)
    kvp = stated or choices.assume_kvp
    _check_possible(kvp)
    if STANDARD_KVP[0] <= kvp <= STANDARD_KVP[1]:
        return STEPS_120_KVP_HU, findings
    steps, finding = _other_voltage(choices.kvp_rule, kvp)
    return steps, (*findings, finding)


def _artificial(kvp: float | None) -> tuple[Finding, ...]:
    if kvp is not None and STANDARD_KVP[0] <= kvp <= STANDARD_KVP[1]:
        return ()
    at = "an unstated tube voltage" if kvp is None else f"{kvp:g} kVp"
    return (
        Finding(
            code="kvp",
            severity=Severity.NOTE,
            sentence=f"scanned at {at} with a kernel that shows calcium as at 120 kVp: scored with 130 HU",
            measured=kvp,
            unit=None if kvp is None else "kVp",
        ),
    )


def _assumed(kvp: float) -> Finding:
    if not (math.isfinite(kvp) and kvp > 0):
        raise UnfitError(
            "kvp",
            "the images state no tube voltage (KVP), and the threshold for calcium depends on it: send the original "
            "images, or set [score] assume_kvp where the voltage is known",
        )
    return Finding(
        code="kvp",
        severity=Severity.WEAKENS,
        sentence=f"the images state no tube voltage (KVP): {kvp:g} kVp was assumed, as configured",
        measured=kvp,
        unit="kVp",
    )


def _check_possible(kvp: float) -> None:
    if not POSSIBLE_KVP[0] <= kvp <= POSSIBLE_KVP[1]:
        raise UnfitError(
            "kvp", f"KVP {kvp:g} is no tube voltage of a CT scanner: send the original images", measured=kvp, unit="kVp"
        )


def _other_voltage(rule: str, kvp: float) -> tuple[tuple[float, float, float, float], Finding]:
    adapted = STEPS_BY_KVP_HU.get(round(kvp))
    if rule == "flag":
        sentence = f"scanned at {kvp:g} kVp and scored with 130 HU as at 120 kVp: not comparable with a 120 kVp score"
        return STEPS_120_KVP_HU, Finding(
            code="kvp", severity=Severity.WEAKENS, sentence=sentence, measured=kvp, unit="kVp"
        )
    if rule == "refuse":
        raise UnfitError(
            "kvp",
            f"scanned at {kvp:g} kVp; this site scores 120 kVp only ([score] kvp_rule is refuse)",
            measured=kvp,
            unit="kVp",
        )
    if adapted is None:
        known = ", ".join(str(voltage) for voltage in STEPS_BY_KVP_HU)
        raise UnfitError(
            "kvp",
            f"scanned at {kvp:g} kVp, for which no accepted threshold exists (there are some for {known} and 120 kVp); "
            '[score] kvp_rule = "flag" would score it with 130 HU and a caveat',
            measured=kvp,
            unit="kVp",
        )
    reads_low = round(kvp) in READS_LOW_KVP
    return adapted, Finding(
        code="kvp",
        severity=Severity.WEAKENS if reads_low else Severity.NOTE,
        sentence=(
            f"scanned at {kvp:g} kVp: threshold {adapted[0]:g} HU and density steps {adapted[1]:g}, {adapted[2]:g}, "
            f"{adapted[3]:g} HU were used; kVp-adapted, not comparable with a 120 kVp score"
            + (" and likely to read low" if reads_low else "")
        ),
        measured=kvp,
        unit="kVp",
    )
