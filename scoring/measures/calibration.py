"""What turns HU times volume into milligrams: the images' own factor, the site's, or an uncalibrated equivalent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.protocol import ARTIFICIAL_120_KVP, PATIENT_SIZES, Acquisition, CalibrationEntry, CalibrationSource
from scoring.result import Finding, Severity

UNCALIBRATED_MG_PER_MM3_HU = 0.00075
"""Of the order that phantoms give at 120 kVp (0.0007 to 0.0009); used only under the name *uncalibrated*."""

PER_CM3 = (0.3, 1.5)
"""A mass factor in this range is in mg/(cm3 HU)."""

PER_MM3 = (0.0003, 0.0015)
"""A mass factor in this range is in mg/(mm3 HU)."""

MEDIUM_FROM_MM, LARGE_FROM_MM = 325.0, 375.0
"""Lateral widths midway between the phantoms of 300, 350 and 400 mm of the mass standard (McCollough 2007)."""

KVP_SHARE = 0.05
"""A site's calibration holds for tube voltages so near its own: generators state 119 for 120."""

_UNIT = "mg/(mm3 HU)"
_PREFERRED = tuple(CalibrationSource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What turns HU times volume into milligrams of hydroxyapatite."""

    mg_per_mm3_hu: float = UNCALIBRATED_MG_PER_MM3_HU
    calibrated: bool = False
    source: str = "none: uncalibrated equivalent"
    findings: tuple[Finding, ...] = ()  # where the factor comes from, or what was wrong with one that was stated


def calibration_for(
    acquisition: Acquisition,
    patient_lateral_width_mm: float | None,
    entries: Sequence[CalibrationEntry] = (),
    *,
    fault: str | None = None,
) -> Calibration:
    """Mass calibration of a series.

    Order: Calcium Scoring Mass Factor Patient (0018,9351); Mass Factor Device (0018,9352) by the size of
    the patient; the site's table of scanners; a phantom scan of the site; none. The size is small below
    325 mm of lateral width, large from 375 mm, medium between and where the width is unknown. 0 means
    absent. A factor per cm3 is told from one per mm3 by its size; one that is neither is not used.

    Parameters
    ----------
    acquisition : Acquisition
        Factors as written; manufacturer, model, station, kVp and kernel choose among `entries`.
    patient_lateral_width_mm : float or None
        Widest extent of the body, left to right, at the heart; None where the field of view cuts it.
    entries : sequence of CalibrationEntry, optional
        Of the site, in any order.
    fault : str, optional
        A sentence: why the site's entries could not be read.

    Returns
    -------
    Calibration
        In mg/(mm3 HU). A finding (code ``mass_factor``) says where the factor comes from, or why a
        stated one is not used.

    References
    ----------
    PS3.3 C.8.2.1; McCollough 2007, doi 10.1148/radiol.2432050808.

    Examples
    --------
    Real headers carry the factor per cm3, and three of them; it is never their mean:

    >>> calibration = calibration_for(Acquisition(mass_factor_device=(0.743, 0.779, 0.812)), 390.0)
    >>> calibration.calibrated, round(calibration.mg_per_mm3_hu, 6)
    (True, 0.000812)
    """
    findings = [] if fault is None else [_note(f"{fault}: the mass is not calibrated with it", Severity.WEAKENS)]
    stated = (
        (acquisition.mass_factor_patient, "Calcium Scoring Mass Factor Patient (0018,9351)"),
        _device_factor(acquisition.mass_factor_device, patient_lateral_width_mm),
        *_entry_factor(acquisition, patient_lateral_width_mm, entries),
    )
    for factor, source in stated:
        if factor is None or factor == 0:
            continue
        converted = per_mm3(factor)
        if converted is not None:
            return _calibrated(converted, source, findings)
        findings.append(_unusable(factor, source))
    if entries:
        findings.append(_note(_none_fits(acquisition), Severity.NOTE))
    return Calibration(findings=tuple(findings))


def per_mm3(factor: float) -> float | None:
    """A factor as mg/(mm3 HU), whichever of the two units it was given in; None: it is neither.

    Examples
    --------
    >>> per_mm3(0.743), per_mm3(0.000743), per_mm3(743.0)
    (0.000743, 0.000743, None)
    """
    if PER_CM3[0] <= factor <= PER_CM3[1]:
        return factor / 1000.0
    return factor if PER_MM3[0] <= factor <= PER_MM3[1] else None


def patient_size(lateral_width_mm: float | None) -> str | None:
    """Small, medium or large by the lateral width at the heart; None where it is not known.

    Examples
    --------
    >>> [patient_size(width) for width in (324.9, 325.0, 375.0, None)]
    ['small', 'medium', 'large', None]
    """
    if lateral_width_mm is None or not math.isfinite(lateral_width_mm):
        return None
    return PATIENT_SIZES[int(lateral_width_mm >= MEDIUM_FROM_MM) + int(lateral_width_mm >= LARGE_FROM_MM)]


def _calibrated(mg_per_mm3_hu: float, source: str, findings: list[Finding]) -> Calibration:
    said = Finding(
        code="mass_factor",
        severity=Severity.NOTE,
        sentence=f"the mass is calibrated with {mg_per_mm3_hu:.6f} {_UNIT}, from {source}",
        measured=mg_per_mm3_hu,
        unit=_UNIT,
    )
    return Calibration(mg_per_mm3_hu=mg_per_mm3_hu, calibrated=True, source=source, findings=(*findings, said))


def _device_factor(factors: tuple[float, ...], width_mm: float | None) -> tuple[float | None, str]:
    name = "Calcium Scoring Mass Factor Device (0018,9352)"
    if not any(factors):
        return None, name
    if len(factors) != 3:  # which size a lone value is for is not known
        return math.nan, f"{name} with {len(factors)} values instead of 3"
    size = patient_size(width_mm)
    if size is None:
        return factors[1], f"{name}, medium patient assumed: the lateral width is not known"
    return factors[PATIENT_SIZES.index(size)], f"{name}, {size} patient ({width_mm:.0f} mm wide)"


def _entry_factor(
    acquisition: Acquisition, width_mm: float | None, entries: Sequence[CalibrationEntry]
) -> list[tuple[float, str]]:
    """Factors of the entries that fit, the best first: table before phantom, the narrower and newer entry first."""
    size = patient_size(width_mm)
    fitting = [
        entry
        for entry in entries
        if _fits(entry, acquisition) and entry.patient_size in (None, size or PATIENT_SIZES[1])
    ]
    fitting.sort(
        key=lambda entry: (
            _PREFERRED.index(entry.source),
            entry.station is None,
            entry.patient_size is None,
            -entry.measured_on.toordinal(),
        )
    )
    return [(entry.mg_per_mm3_hu, _named(entry, width_known=size is not None)) for entry in fitting]


def _fits(entry: CalibrationEntry, acquisition: Acquisition) -> bool:
    """Whether an entry is of this scanner, voltage and kernel."""
    kernels = {acquisition.kernel.strip(), acquisition.kernel.split("\\")[0].strip()}
    hardened = acquisition.tin_filter and not ARTIFICIAL_120_KVP.match(acquisition.kernel.strip())
    return (
        _same(entry.manufacturer, acquisition.manufacturer)
        and _same(entry.model, acquisition.model)
        and (entry.station is None or _same(entry.station, acquisition.station))
        and entry.kernel.strip() in kernels
        and acquisition.kvp is not None
        and abs(acquisition.kvp - entry.kvp) <= KVP_SHARE * entry.kvp
        and not hardened  # tin changes the beam, and an entry does not say that it was measured through it
    )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _named(entry: CalibrationEntry, *, width_known: bool) -> str:
    size = "every patient size" if entry.patient_size is None else f"{entry.patient_size} patient"
    assumed = "" if entry.patient_size is None or width_known else " assumed: the lateral width is not known"
    what = {CalibrationSource.SCANNER_TABLE: "the site's scanner table", CalibrationSource.PHANTOM_QA: "a phantom scan"}
    return f"{what[entry.source]} of {entry.measured_on:%Y-%m-%d} ({entry.kvp:g} kVp, {entry.kernel}, {size}{assumed})"


def _none_fits(acquisition: Acquisition) -> str:
    scanner = " ".join(word for word in (acquisition.manufacturer, acquisition.model) if word) or "an unnamed scanner"
    kvp = f"{acquisition.kvp:g} kVp" if acquisition.kvp else "an unstated tube voltage"
    through = " through a tin filter" if acquisition.tin_filter else ""
    return (
        f"no usable entry of the site's calibrations fits {scanner} at {kvp}{through} with kernel "
        f"{acquisition.kernel or '(none stated)'}: the mass is not calibrated"
    )


def _note(sentence: str, severity: Severity) -> Finding:
    return Finding(code="mass_factor", severity=severity, sentence=sentence)


def _unusable(factor: float, source: str) -> Finding:
    given = f" is {factor:g}, which is no factor per mm3 or per cm3 of calcium" if math.isfinite(factor) else ""
    return Finding(
        code="mass_factor",
        severity=Severity.NOTE,
        sentence=f"{source}{given or ' cannot be used'}: the mass is not calibrated with it",
        measured=factor if math.isfinite(factor) else None,
        unit=None,
    )
