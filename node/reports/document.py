"""One result as the JSON of contract calcium-node.score/1 (`calcium-node score --json`): unrounded, finite."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from node.reports.identity import PRODUCT
from scoring.result import (
    Demographics,
    Excluded,
    Finding,
    Interval,
    Lesion,
    Measures,
    ProtocolUsed,
    Risk,
    Score,
    Severity,
    Spread,
    Unfit,
    Vessel,
)

SCHEMA = "calcium-node.score/1"

Document = dict[str, Any]  # a JSON object: its shape is the published schema, which a test applies to every one

_SEXES = ("M", "F", "O")
_GROUPS = ("black", "white", "hispanic", "chinese")
_NO_MEASURES: Document = {
    "agatston": None,
    "volume_mm3": None,
    "volume_isotropic_mm3": None,
    "mass_mg": None,
    "mass_calibrated": None,
    "density_score": None,
    "lesions": None,
    "peak_hu": None,
    "mean_hu": None,
    "interval": None,
}
_NO_PROTOCOL: Document = dict.fromkeys(
    (
        "preset",
        "threshold_hu",
        "connectivity",
        "minimum_area_mm2",
        "minimum_pixels",
        "slice_increment_mm",
        "slice_thickness_mm",
        "kvp",
        "printed_volume",
        "weight_steps_hu",
        "volume_threshold_hu",
    )
)
_NO_SPREAD: Document = dict.fromkeys(("vessels_involved", "diffusivity", "left_main", "left_main_share"))
_NO_RISK: Document = dict.fromkeys(
    (
        "category",
        "category_scheme",
        "cac_drs",
        "very_high",
        "percentile",
        "percentile_withheld",
        "arterial_age_years",
        "mesa_chd_risk_percent",
        "category_classic",
        "arterial_age_withheld",
    )
)


def document(
    result: Score | Unfit,
    *,
    study_uid: str | None,
    series_uid: str,
    frame_of_reference_uid: str | None,
    timings_s: Mapping[str, float],
) -> Document:
    """One element of `results`.

    Raises
    ------
    ValueError
        When the result holds a number that is not finite: JSON has none, and no reader should meet one.
    """
    uids = {"study_uid": study_uid, "series_uid": series_uid, "frame_of_reference_uid": frame_of_reference_uid}
    timings = {stage: _number(seconds) for stage, seconds in timings_s.items()}
    if isinstance(result, Score):
        return {"patient": _patient(result.demographics), **uids, **_scored(result), "timings_s": timings}
    return {"patient": _patient(result.demographics), **uids, **_refused(result), "timings_s": timings}


def failed_document(*, series_uid: str, study_uid: str | None, code: str, sentence: str) -> Document:
    """Element of `results` for a series on which the node itself failed: every key is there, no number is."""
    return {
        "patient": _patient(Demographics()),
        "study_uid": study_uid,
        "series_uid": series_uid,
        "frame_of_reference_uid": None,
        "status": "failed",
        "reason": {"code": code, "sentence": sentence, "measured": None, "unit": None},
        **_without_numbers(None),
        "quality": [],
        "timings_s": {},
    }


def envelope(results: Iterable[Document], version: str) -> Document:
    """The whole answer of `calcium-node score --json`."""
    return {"schema": SCHEMA, "software": {"name": PRODUCT, "version": version}, "results": list(results)}


def _scored(score: Score) -> Document:
    return {
        "status": "scored",
        "reason": None,
        "protocol": _protocol(score.protocol),
        "total": _measures(score.total, score.interval),
        "vessels": {
            str(vessel): _measures(score.vessels[vessel], score.vessel_intervals.get(vessel)) for vessel in Vessel
        },
        "lesions": [_lesion(lesion) for lesion in score.lesions],
        "excluded": [_excluded(calcium) for calcium in score.excluded],
        "uncertain": {"lesions": int(score.uncertain.lesions), "agatston": _number(score.uncertain.agatston)},
        "interval": _interval(score.interval),
        "spread": _spread(score.spread),
        "risk": risk_document(score.risk),
        "quality": [_finding(finding) for finding in score.quality],
    }


def _refused(unfit: Unfit) -> Document:
    reason = _finding(unfit.reason)
    return {
        "status": "refused",
        "reason": {key: reason[key] for key in ("code", "sentence", "measured", "unit")},
        **_without_numbers(unfit.protocol),
        "quality": [_finding(finding) for finding in unfit.quality],
    }


def _without_numbers(protocol: ProtocolUsed | None) -> Document:
    return {
        "protocol": _protocol(protocol) if protocol else dict(_NO_PROTOCOL),
        "total": dict(_NO_MEASURES),
        "vessels": {str(vessel): dict(_NO_MEASURES) for vessel in Vessel},
        "lesions": [],
        "excluded": [],
        "uncertain": {"lesions": None, "agatston": None},
        "interval": None,
        "spread": dict(_NO_SPREAD),
        "risk": dict(_NO_RISK),
    }


def _patient(person: Demographics) -> Document:
    return {
        "age_years": None if person.age_years is None else int(person.age_years),
        "sex": person.sex if person.sex in _SEXES else None,
        "ethnic_group": person.ethnic_group if person.ethnic_group in _GROUPS else None,
    }


def _protocol(used: ProtocolUsed) -> Document:
    return {
        "preset": used.preset,
        "threshold_hu": _number(used.threshold_hu),
        "connectivity": int(used.connectivity),
        "minimum_area_mm2": _number(used.minimum_area_mm2),
        "minimum_pixels": int(used.minimum_pixels),
        "slice_increment_mm": _number(used.slice_increment_mm),
        "slice_thickness_mm": _or_none(used.slice_thickness_mm),
        "kvp": _or_none(used.kvp),
        "printed_volume": used.printed_volume,
        "weight_steps_hu": [_number(step) for step in used.weight_steps_hu],
        "volume_threshold_hu": _or_none(used.volume_threshold_hu),
    }


def _measures(measures: Measures, interval: Interval | None) -> Document:
    return {
        "agatston": _number(measures.agatston),
        "volume_mm3": _number(measures.volume_mm3),
        "volume_isotropic_mm3": _number(measures.volume_isotropic_mm3),
        "mass_mg": _number(measures.mass_mg),
        "mass_calibrated": bool(measures.mass_calibrated),
        "density_score": _or_none(measures.density_score),
        "lesions": int(measures.lesions),
        "peak_hu": _or_none(measures.peak_hu),
        "mean_hu": _or_none(measures.mean_hu),
        "interval": _interval(interval),
    }


def _interval(interval: Interval | None) -> Document | None:
    if interval is None:
        return None
    limit = interval.published_rescan_limit
    return {
        "level": _number(interval.level),
        "agatston": [_number(bound) for bound in interval.agatston],
        "covers": interval.covers,
        "published_rescan_limit": None
        if limit is None
        else {"agatston": _number(limit.agatston), "source": limit.source},
        "category_probability": {name: _number(share) for name, share in interval.category_probability.items()},
    }


def _spread(spread: Spread) -> Document:
    return {
        "vessels_involved": int(spread.vessels_involved),
        "diffusivity": _or_none(spread.diffusivity),
        "left_main": bool(spread.left_main),
        "left_main_share": _or_none(spread.left_main_share),
    }


def _lesion(lesion: Lesion) -> Document:
    return {
        "id": int(lesion.id),
        "vessel": str(lesion.vessel),
        "agatston": _number(lesion.agatston),
        "volume_mm3": _number(lesion.volume_mm3),
        "mass_mg": _number(lesion.mass_mg),
        "peak_hu": _number(lesion.peak_hu),
        "mean_hu": _number(lesion.mean_hu),
        "centre_lps_mm": [_number(coordinate) for coordinate in lesion.centre_lps_mm],
        "slices": [int(index) for index in lesion.slices],
        "confidence": _number(lesion.confidence),
        "evidence": list(lesion.evidence),
        "density_score": _or_none(lesion.density_score),
    }


def _excluded(calcium: Excluded) -> Document:
    return {
        "what": calcium.what,
        "agatston": _number(calcium.agatston),
        "centre_lps_mm": [_number(coordinate) for coordinate in calcium.centre_lps_mm],
        "confidence": _number(calcium.confidence),
        "evidence": list(calcium.evidence),
    }


def risk_document(risk: Risk) -> Document:
    """The `risk` object of the contract: also the answer of `calcium-node risk`."""
    percentile = risk.percentile
    return {
        "category": risk.category,
        "category_scheme": risk.category_scheme,
        "cac_drs": risk.cac_drs,
        "very_high": bool(risk.very_high),
        "percentile": None
        if percentile is None
        else {
            "value": None if percentile.value is None else int(percentile.value),
            "band": None if percentile.band is None else [int(edge) for edge in percentile.band],
            "population": percentile.population,
            "source": percentile.source,
        },
        "percentile_withheld": risk.percentile_withheld,
        "arterial_age_years": _or_none(risk.arterial_age_years),
        "mesa_chd_risk_percent": _or_none(risk.mesa_chd_risk_percent),
        "category_classic": risk.category_classic or None,
        "arterial_age_withheld": risk.arterial_age_withheld,
    }


def _finding(finding: Finding) -> Document:
    # A figure that could not be measured is no figure; the finding itself still stands.
    measured = finding.measured if finding.measured is not None and math.isfinite(finding.measured) else None
    return {
        "code": finding.code,
        "severity": str(Severity(finding.severity)),
        "measured": _or_none(measured),
        "unit": finding.unit,
        "sentence": finding.sentence,
    }


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"a result cannot be written as JSON: it holds {value} where a number must stand")
    return float(value)


def _or_none(value: float | None) -> float | None:
    return None if value is None else _number(value)
