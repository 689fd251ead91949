"""What the evaluation prints: a line a case, a line a wrong lesion, and the tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scoring.evaluate import (
    Agreement,
    CalibrationBin,
    LesionSummary,
    agreement,
    calibration_table,
    summarise_lesions,
)
from scoring.result import Point, Vessel
from tests.evaluation.judged import REFUSED, Judged
from tests.evaluation.phantoms import GROUP

QUIET_SD_HU = 25.0
"""Zero cases must be 0 at noise up to this."""
SURE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """What must be reached; None: printed without an aim."""

    total_icc: float
    vessel_icc: float | None
    both_icc: float | None  # LM and LAD together
    kappa: float
    category: float | None
    sensitivity: float
    false_per_scan: float | None
    look_alike: float
    wrong_vessel: float | None
    zeros: float


PHANTOM_AIMS = Aims(
    total_icc=0.98, vessel_icc=0.95, both_icc=0.97, kappa=0.93, category=0.95, sensitivity=0.92, false_per_scan=0.15,
    look_alike=0.02, wrong_vessel=0.05, zeros=1.0,
)  # fmt: skip
HEART_AIMS = Aims(
    total_icc=0.97, vessel_icc=None, both_icc=None, kappa=0.90, category=None, sensitivity=0.90, false_per_scan=None,
    look_alike=0.02, wrong_vessel=None, zeros=0.9,
)  # fmt: skip


def case_line(judged: Judged) -> str:
    """One case: truth, score, and what is remarkable."""
    scores = judged.scores
    truth = _figures(scores.reference_total, scores.reference_vessels or {})
    ours = "refused: " + str(judged.reason) if scores.total is None else _figures(scores.total, scores.vessels or {})
    wrong = len(judged.misses) + sum(not one.right for one in judged.comparison.scored) if judged.comparison else 0
    marks = [f"{wrong} wrong" if wrong else "", "" if judged.answered else f"MUST BE {judged.expect}"]
    marks += [",".join(judged.weakens)]
    return f"{judged.name:32s} {truth} | {ours:40s} {judged.about}; {' '.join(mark for mark in marks if mark)}"


def _figures(total: float, vessels: Mapping[Vessel, float]) -> str:
    return f"{total:7.1f} " + " ".join(f"{vessels[vessel]:7.1f}" for vessel in Vessel)


def wrong_lines(cases: Sequence[Judged]) -> Iterator[str]:
    """Per missed, false or misplaced lesion: case, where, what it is, our verdict, confidence, Agatston, evidence."""
    for judged in cases:
        for miss in judged.misses:
            verdict = f"truth {miss.vessel}, ours {miss.verdict}"
            yield _wrong("missed", judged, miss.centre_lps_mm, verdict, miss.confidence, miss.agatston, miss.evidence)
        for lesion in judged.comparison.scored if judged.comparison else ():
            if not lesion.right:
                kind = "vessel" if lesion.coronary else "false"
                verdict = f"truth {lesion.mostly}, ours {lesion.vessel}"
                yield _wrong(
                    kind, judged, lesion.centre_lps_mm, verdict, lesion.confidence, lesion.agatston, lesion.evidence
                )


def _wrong(
    kind: str,
    judged: Judged,
    centre: Point,
    verdict: str,
    confidence: float | None,
    agatston: float,
    evidence: Sequence[str],
) -> str:
    x, y, z = centre
    sure = "    " if confidence is None else f"{confidence:.2f}"
    place = f"({x:6.1f} {y:6.1f} {z:7.1f})"
    return f"{kind:6s} {judged.name:32s} {place} {verdict:48s} {sure} {agatston:7.1f}  {'; '.join(evidence)}"


# ------------------------------------------------------------------------------------------ tables


def table(title: str, cases: Sequence[Judged]) -> list[str]:
    """All figures of a set of cases, each with its target and whether it is met."""
    to_score = [one for one in cases if one.counts]
    agreed = agreement([one.scores for one in to_score])
    # A case with a fault may be scored with a caveat: it enters no figure but its own.
    lesions = summarise_lesions([one.comparison for one in to_score if one.comparison])
    below = sum(0 < one.scores.reference_total < 100 for one in to_score)
    zeros = sum(one.scores.reference_total == 0 for one in to_score)
    main = sum((one.scores.reference_vessels or {}).get(Vessel.LM, 0) > 0 for one in to_score)
    kinds = f"{zeros} zeros, {below} of 1 to 99, {main} with calcium in the left main"
    lines = [
        f"== {title}: {len(cases)} cases; {len(to_score)} to be scored ({kinds}), {agreed.refused} of them refused"
    ]
    aims = PHANTOM_AIMS if all(one.group == GROUP for one in cases) else HEART_AIMS
    lines += _agreement_lines(agreed, aims)
    lines += _lesion_lines(lesions, aims)
    lines += _zero_lines(to_score, agreed, aims)
    lines += _fault_lines(cases)
    lines += _calibration_lines(to_score)
    lines += ["reference (rows) against score (columns): " + ", ".join(agreed.categories)]
    return lines + ["   " + " ".join(f"{count:4d}" for count in row) for row in agreed.category_table]


def _agreement_lines(agreed: Agreement, aims: Aims) -> list[str]:
    lines = [_line("ICC total", agreed.icc["total"], at_least=aims.total_icc)]
    lines += [_line(f"ICC {name}", agreed.icc[name], at_least=aims.vessel_icc) for name in Vessel]
    lines += [_line("ICC LM+LAD", agreed.icc["LM+LAD"], at_least=aims.both_icc)]
    lines += [_line("kappa", agreed.kappa, at_least=aims.kappa)]
    lines += [_line("kappa, refusals wrong", agreed.kappa_refusals_wrong, at_least=aims.kappa)]
    lines += [_line("category agreement", agreed.category_agreement, at_least=aims.category)]
    same = agreed.category_agreement_refusals_wrong
    lines += [_line("category agreement, refusals wrong", same, at_least=aims.category)]
    for name, limits in (("Bland-Altman", agreed.bland_altman), ("Bland-Altman of roots", agreed.bland_altman_root)):
        if limits:
            lines += [f"  {name:38s} {limits.mean:+.2f} ({limits.low:+.2f} to {limits.high:+.2f})"]
    return lines


def _lesion_lines(lesions: LesionSummary, aims: Aims) -> list[str]:
    lines = [
        _line(
            f"lesion sensitivity ({lesions.found} of {lesions.reference})",
            lesions.sensitivity,
            at_least=aims.sensitivity,
        ),
        _line(f"false lesions per scan ({lesions.false})", lesions.false_per_scan, at_most=aims.false_per_scan),
        _line("wrong-vessel share", lesions.wrong_vessel_share, at_most=aims.wrong_vessel),
        _line("volume sensitivity", lesions.volume_sensitivity),
        _line("volume PPV", lesions.volume_ppv),
        _line("volume F1", lesions.volume_f1),
    ]
    worst = sorted(lesions.class_share.items(), key=lambda pair: -pair[1])
    return lines + [
        _line(f"share of the summed score: {name}", share, at_most=aims.look_alike) for name, share in worst
    ]


def _zero_lines(cases: Sequence[Judged], agreed: Agreement, aims: Aims) -> list[str]:
    zeros = [one for one in cases if one.scores.reference_total == 0 and one.scores.total is not None]
    quiet = [one for one in zeros if one.noise_sd_hu is None or one.noise_sd_hu <= QUIET_SD_HU]
    right = sum(one.scores.total == 0 for one in quiet)
    lines = [
        _line(
            f"zeros right, SD <= 25 HU ({right} of {len(quiet)})",
            right / len(quiet) if quiet else None,
            at_least=aims.zeros,
        )
    ]
    false = [one.scores.total or 0.0 for one in zeros if one.scores.total]
    said = ", ".join(f"{score:.1f}" for score in sorted(false)) or "none"
    lines += [f"  zero errors: {agreed.zeros.missed} with calcium scored 0; without calcium scored: {said}"]
    return lines


def _fault_lines(cases: Sequence[Judged]) -> list[str]:
    unfit = [one for one in cases if one.expect == REFUSED]
    faulty = [one for one in cases if one.expect != REFUSED and one.caveats]
    lines = []
    for mine, words in ((unfit, "unfit series refused"), (faulty, "faults refused or weakened")):
        if mine:
            kept = sum(one.answered for one in mine)
            lines += [_line(f"{words} ({kept} of {len(mine)})", kept / len(mine), at_least=1)]
            lines += [f"      not: {one.name}: {one.about}" for one in mine if not one.answered]
    if faulty:
        named = sum(one.named for one in faulty)
        lines += [_line(f"  with the finding of the fault itself ({named} of {len(faulty)})", named / len(faulty))]
        lines += [
            f"      not named: {one.name}: {one.about}; said {one.reason or ','.join(one.weakens)}"
            for one in faulty
            if not one.named
        ]
    return lines


def _calibration_lines(cases: Sequence[Judged]) -> list[str]:
    verdicts = confidences(cases)
    sure = [right for confidence, right in verdicts if confidence >= SURE]
    share = sum(sure) / len(sure) if sure else None
    lines = [_line(f"of confidence >= 0.9 right ({sum(sure)} of {len(sure)})", share, at_least=0.97)]
    return lines + [_bin(one) for one in calibration_table(verdicts) if one.count]


def _bin(one: CalibrationBin) -> str:
    right = f"{one.right:3d} of {one.count:3d} right ({one.share_right:.2f})"
    return f"      confidence {one.low:.2f} to {one.high:.2f}: {right}"


def confidences(cases: Sequence[Judged]) -> list[tuple[float, bool]]:
    """Confidence of each scored lesion, and whether it is coronary and of that vessel."""
    lesions = (lesion for one in cases if one.comparison for lesion in one.comparison.scored)
    return [(lesion.confidence, lesion.right) for lesion in lesions if lesion.confidence is not None]


def _line(name: str, value: float | None, *, at_least: float | None = None, at_most: float | None = None) -> str:
    said = "not defined" if value is None else f"{value:.3f}"
    target, met = "", ""
    if at_least is not None:
        target, met = f">= {at_least:g}", "" if value is None or value >= at_least else "MISSED"
    if at_most is not None:
        target, met = f"<= {at_most:g}", "" if value is None or value <= at_most else "MISSED"
    return f"  {name:48s} {said:>11s}  {target:8s} {met}".rstrip()
