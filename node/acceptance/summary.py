"""All outcomes as one answer: the JSON of `calcium-node evaluate`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from node.acceptance.outcome import CaseOutcome
from node.acceptance.reference import LeftOut
from scoring.evaluate import Agreement, CaseScores, agreement
from scoring.evaluate.agreement import LM_AND_LAD
from scoring.result import Vessel

SCHEMA = "calcium-node.evaluation/1"

Document = dict[str, Any]  # a JSON object


def compared_cases(outcomes: Sequence[CaseOutcome]) -> list[CaseScores]:
    """Outcomes with a reference that were scored, or refused although they could have been scored."""
    return [
        CaseScores(
            name=one.series_uid,
            reference_total=one.reference_total,
            reference_vessels=one.reference_vessels,
            total=one.total,
            vessels=one.vessels,
        )
        for one in outcomes
        if one.reference_total is not None and not one.must_be_refused and one.status in ("scored", "refused")
    ]


def evaluation_document(
    outcomes: Sequence[CaseOutcome], left_out: Sequence[LeftOut], *, preset: str, software: Document
) -> Document:
    """The answer: agreement of all outcomes; None where a figure is not defined.

    `n` counts the series that were scored and have a reference; every other one stands in `excluded` with its reason.
    """
    agreed = agreement(compared_cases(outcomes))
    limits = agreed.bland_altman
    return {
        "schema": SCHEMA,
        "software": software,
        "preset": preset,
        "n": agreed.n,
        "excluded": [
            *_not_compared(outcomes),
            *({"series_uid": one.series_uid, "reason": one.reason} for one in left_out),
        ],
        "icc": {name: agreed.icc[name] for name in ("total", *map(str, Vessel))},
        "icc_lm_and_lad": agreed.icc[LM_AND_LAD],
        "kappa": agreed.kappa,
        "category_agreement": agreed.category_agreement,
        "categories": list(agreed.categories),
        "category_table": [list(row) for row in agreed.category_table],
        "bland_altman": {key: getattr(limits, key) if limits else None for key in ("mean", "low", "high")},
        "bland_altman_of_roots": _limits(agreed),
        "lesions": _lesions(outcomes),
        "refused": _refusals(outcomes, agreed),
        "zeros": asdict(agreed.zeros),
        "cases": [_case(one) for one in outcomes if one.status in ("scored", "refused")],
        "notes": [{"series_uid": one.series_uid, "note": note} for one in outcomes for note in one.notes],
    }


def _not_compared(outcomes: Sequence[CaseOutcome]) -> list[Document]:
    excluded = []
    for one in outcomes:
        if one.status != "scored":
            before = {"refused": "refused: ", "failed": "failed: "}.get(one.status, "")
            excluded.append({"series_uid": one.series_uid, "reason": f"{before}{one.reason}"})
        elif one.must_be_refused:
            excluded.append({"series_uid": one.series_uid, "reason": "it was scored although it must be refused"})
    return excluded


def _limits(agreed: Agreement) -> Document | None:
    limits = agreed.bland_altman_root
    return {"mean": limits.mean, "low": limits.low, "high": limits.high} if limits else None


def _lesions(outcomes: Sequence[CaseOutcome]) -> Document | None:
    """Lesions of the scored series whose lesions are known; None where there is none."""
    counts = [one.lesions for one in outcomes if one.lesions is not None and one.status == "scored"]
    if not counts:
        return None
    reference, found = (sum(getattr(one, key) for one in counts) for key in ("reference", "found"))
    false = sum(one.false for one in counts)
    marked = [one for one in counts if one.known_mm3 is not None]
    both = sum(one.both_mm3 or 0.0 for one in marked)
    known, scored = sum(one.known_mm3 or 0.0 for one in marked), sum(one.scored_mm3 or 0.0 for one in marked)
    return {
        "scans": len(counts),
        "reference": reference,
        "found": found,
        "false": false,
        "sensitivity": found / reference if reference else None,
        "false_per_scan": false / len(counts),
        "volume_sensitivity": both / known if known else None,
        "volume_ppv": both / scored if scored else None,
        "volume_f1": 2 * both / (known + scored) if known + scored else None,
    }


def _refusals(outcomes: Sequence[CaseOutcome], agreed: Agreement) -> Document:
    must = [one for one in outcomes if one.must_be_refused and one.status in ("scored", "refused")]
    return {
        "n": agreed.refused,
        "kappa_refusals_wrong": agreed.kappa_refusals_wrong,
        "category_agreement_refusals_wrong": agreed.category_agreement_refusals_wrong,
        "must_be_refused": len(must),
        "rightly_refused": sum(one.status == "refused" for one in must),
    }


def _case(one: CaseOutcome) -> Document:
    return {
        "series_uid": one.series_uid,
        "status": one.status,
        "reference": _scores(one.reference_total, one.reference_vessels),
        "score": _scores(one.total, one.vessels),
        "lesions": one.lesions.model_dump() if one.lesions else None,
    }


def _scores(total: float | None, vessels: dict[Vessel, float] | None) -> Document | None:
    if total is None:
        return None
    return {"total": total, **{str(vessel): vessels[vessel] if vessels else None for vessel in Vessel}}
