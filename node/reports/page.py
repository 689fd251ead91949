"""The words of the summary page and of the refusal page."""

import numpy as np

from node.pictures import (
    Curve,
    CurveWords,
    Note,
    RefusalWords,
    Rgb,
    SummaryWords,
    TableRow,
    Tile,
    refusal_page,
    summary_page,
)
from node.reports.captures import Overlays
from node.reports.doubt import population_words, repeat_words, uncertain_words
from node.reports.identity import PRODUCT
from node.reports.plan import COLOURS, UNCALIBRATED, Line, Numbers, ReportPlan, percentile_words
from node.reports.spelling import one_decimal, ordinal
from scoring.result import Vessel
from scoring.risk import Withheld, percentile_curves

_CROP_MM = 50.0
_SMALLEST_CROP_PX = 32


def summary(plan: ReportPlan, numbers: Numbers, overlays: Overlays) -> Rgb:
    """The page of a scored series."""
    found = [vessel for vessel in Vessel if numbers.has_voxels(vessel)]
    return summary_page(
        SummaryWords(
            total=str(numbers.total.printed),
            headline=_headline(numbers),
            details=_details(numbers),
            gauge=_gauge(numbers),
            curve=_curve(numbers),
            heads=(
                "Agatston",
                "volume mm³",
                "mass mg*" if _mass_needs_a_word(numbers) else "mass mg",
                "lesions",
                "peak HU",
            ),
            rows=tuple(_row(line) for line in (*numbers.vessels, numbers.total)),
            notes=_notes(plan, numbers),
            tiles=tuple(_tile(plan, numbers, overlays, vessel) for vessel in found),
            without_tiles="No coronary calcium found.",
            foot=_foot(plan),
        )
    )


def refusal(plan: ReportPlan) -> Rgb:
    """The page of a series that is not scored."""
    return refusal_page(
        RefusalWords(
            reasons=tuple((said.code.meaning, _sentence(said.sentence)) for said in plan.reasons),
            notes=tuple(Note(words=_sentence(said.sentence), warns=said.warns) for said in plan.caveats),
            foot=_foot(plan),
        )
    )


def _headline(numbers: Numbers) -> tuple[str, ...]:
    very_high = " (very high)" if numbers.score.risk.very_high else ""
    category = numbers.category.meaning.replace(">= ", "≥ ")
    return "Agatston score", f"{category}{very_high}", f"CAC-DRS {numbers.score.risk.cac_drs}"


def _details(numbers: Numbers) -> tuple[str, ...]:
    out = []
    repeat = repeat_words(numbers.score)
    if repeat:
        out.append(f"Repeat interval: {repeat}")
    if numbers.percentile:
        out.append(f"Percentile: {percentile_words(numbers.percentile)}  ({numbers.percentile.population})")
    age = numbers.score.risk.arterial_age_years
    if age is not None:
        out.append(f"Arterial age {age:.0f} years (MESA; not for diabetes)")
    return tuple(out)


def _gauge(numbers: Numbers) -> int | tuple[int, int] | None:
    percentile = numbers.percentile
    if percentile is None:
        return None
    return percentile.band if percentile.value is None else percentile.value


def _curve(numbers: Numbers) -> CurveWords | None:
    """The table's curves with the person's point, where the person has a percentile in it."""
    person, percentile = numbers.score.demographics, numbers.percentile
    if percentile is None or person.age_years is None:
        return None
    try:
        curves = percentile_curves("hoff" if percentile.value is None else "mesa", person)
    except Withheld:
        return None
    return CurveWords(
        curves=tuple(
            Curve(name=ordinal(rank), points=tuple(zip(curves.ages, scores, strict=True)))
            for rank, scores in sorted(curves.scores.items())
        ),
        age_years=person.age_years,
        score=numbers.total.printed,
    )


def _row(line: Line) -> TableRow:
    measures = line.measures
    return TableRow(
        name=line.name,
        colour=COLOURS[line.vessel] if line.vessel else None,
        cells=(
            one_decimal(measures.agatston),
            one_decimal(line.volume_mm3),
            f"{measures.mass_mg:.2f}",
            str(measures.lesions),
            "-" if measures.peak_hu is None else f"{measures.peak_hu:.0f}",
        ),
    )


def _notes(plan: ReportPlan, numbers: Numbers) -> tuple[Note, ...]:
    """What weakens the result first: a page that runs out of room cuts from the end."""
    out = [Note(words=f"* {UNCALIBRATED}", warns=True)] if _mass_needs_a_word(numbers) else []
    out += [Note(words=f"Caveat: {said.sentence}", warns=True) for said in plan.caveats if said.warns]
    total = numbers.total.measures
    uncertain = uncertain_words(numbers.score.uncertain, total.lesions, total.agatston)
    if uncertain:
        out.append(Note(words=_sentence(uncertain), warns=True))
    out += [Note(words=f"Note: {said.sentence}", warns=False) for said in plan.caveats if not said.warns]
    population = population_words(numbers.percentile)
    if population:
        out.append(Note(words=f"Percentile among: {population}", warns=False))
    return tuple(out)


def _mass_needs_a_word(numbers: Numbers) -> bool:
    """Whether milligrams are printed that no calibration stands behind; 0 mg needs none."""
    return not numbers.mass.calibrated and numbers.total.measures.mass_mg > 0


def _tile(plan: ReportPlan, numbers: Numbers, overlays: Overlays, vessel: Vessel) -> Tile:
    """The slice with most of the vessel's calcium, cropped round it."""
    index = numbers.busiest_first(vessel)[0]
    rgb = overlays.plain(index)
    middle = np.argwhere(numbers.score.labels[index] == vessel.label).mean(axis=0)
    half = _half_crop_px(plan, index)
    top, left = (
        int(np.clip(round(at) - half, 0, max(size - 2 * half, 0)))
        for at, size in zip(middle, rgb.shape[:2], strict=True)
    )
    one = plan.source.slices[index]
    number = one.instance_number if one.frame_number is None else one.frame_number
    return Tile(
        rgb=np.ascontiguousarray(rgb[top : top + 2 * half, left : left + 2 * half]),
        caption=f"{vessel}  image {number}",
        colour=COLOURS[vessel],
    )


def _half_crop_px(plan: ReportPlan, index: int) -> int:
    spacing = plan.source.slices[index].plane.get("PixelSpacing") or [0.5, 0.5]
    wanted = max(round(_CROP_MM / float(spacing[0])), _SMALLEST_CROP_PX)
    return min(wanted, plan.source.rows, plan.source.columns) // 2


def _foot(plan: ReportPlan) -> tuple[str, ...]:
    made = [f"{PRODUCT} {plan.choices.software_version}", f"{plan.created:%Y-%m-%d %H:%M}", "not a diagnosis"]
    if plan.source.series_number is not None:
        made.insert(0, f"CT series {plan.source.series_number}")
    if plan.choices.content_qualification == "RESEARCH":
        made.append("research use")
    return (" · ".join(made), _method(plan))


def _method(plan: ReportPlan) -> str:
    """The protocol in one line of words."""
    used = plan.protocol
    if used is None:
        return ""
    thickness = "" if used.slice_thickness_mm is None else f", thickness {used.slice_thickness_mm:g} mm"
    kvp = "" if used.kvp is None else f", {used.kvp:g} kVp"
    kernel = f" {plan.source.kernel}" if plan.source.kernel else ""
    return (
        f"{used.preset}: ≥ {used.threshold_hu:g} HU, {used.connectivity}-connected, ≥ {used.minimum_area_mm2:g} mm², "
        f"increment {used.slice_increment_mm:g} mm{thickness}{kvp}{kernel}, {used.printed_volume} volume"
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
