"""The Basic Text SR: the same content as readable lines, for viewers that show no measurement tree.

It is also where a score of 0 can be read in a viewer that leaves zeros out. No template is claimed.
"""

from textwrap import wrap

from pydicom import Dataset
from pydicom.sr.coding import Code

from node.facts import TEXT_REPORT_FILE, Report, ReportRole
from node.reports import codes
from node.reports.doubt import bounds_words, population_words, repeat_words, rescan_words, spread_words, uncertain_words
from node.reports.identity import PRODUCT
from node.reports.plan import STATUS, UNCALIBRATED, Line, Numbers, ReportPlan, percentile_words
from node.reports.source import coded, dress, report
from node.reports.spelling import ascii_text, one_decimal
from node.reports.sr import sr_document

TEXT_SERIES_NUMBER = 8002

_LINE_CHARACTERS = 96  # the most common viewer does not wrap text items: what is longer is cut off at the edge


def text_report(plan: ReportPlan) -> Report:
    """Basic Text SR of a score or of a refusal."""
    ds = sr_document(plan, ReportRole.TEXT)
    ds.SeriesNumber, ds.SeriesDescription = TEXT_SERIES_NUMBER, "Calcium score text (preliminary)"
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [coded(codes.TEXT_TITLE)]
    language = _item("CODE", "HAS CONCEPT MOD", codes.LANGUAGE)
    language.ConceptCodeSequence = [coded(codes.ENGLISH)]
    ds.ContentSequence = [language, *(_line_item(line) for line in lines(plan))]
    dress(ds, plan)
    return report(ds, plan, ReportRole.TEXT, TEXT_REPORT_FILE)


def lines(plan: ReportPlan) -> tuple[str, ...]:
    """Every number and sentence of the result, one line each, ASCII."""
    told = _scored(plan.numbers) if plan.numbers else ["Result: Not scored"]
    told += [f"Reason: {said.sentence}" for said in plan.reasons]
    told += [f"{'Caveat' if said.warns else 'Note'}: {said.sentence}" for said in plan.caveats]
    if plan.parameters:
        told.append(f"Method: {', '.join(plan.parameters)}")
    told += [f"Software: {PRODUCT} {plan.choices.software_version}", f"Status: {STATUS}"]
    return tuple(ascii_text(line) for line in told)


def _scored(numbers: Numbers) -> list[str]:
    risk, total = numbers.score.risk, numbers.total
    very_high = ", very high (>= 1000)" if risk.very_high else ""
    told = [
        f"Total Agatston score: {total.printed}",
        f"Category: {numbers.category.meaning}{very_high}",
        f"CAC-DRS: {risk.cac_drs}",
    ]
    repeat, rescan = repeat_words(numbers.score), rescan_words(numbers.score)
    told += [f"Repeat interval: {repeat}"] if repeat else []
    told += [f"Published rescan limit: {rescan}"] if rescan else []
    if numbers.percentile:
        rank = percentile_words(numbers.percentile)
        told.append(f"Percentile: {rank} ({numbers.percentile.population}; {numbers.percentile.source})")
        told.append(f"Population: {population_words(numbers.percentile)}")
    if risk.arterial_age_years is not None:
        told.append(f"Arterial age (MESA): {risk.arterial_age_years:.0f} years; not for people with diabetes")
    if risk.mesa_chd_risk_percent is not None:
        told.append(f"MESA 10-year CHD risk with calcium score: {risk.mesa_chd_risk_percent:.1f} %")
    told += [f"{line.name}: {_measures(line, numbers)}" for line in (*numbers.vessels, total)]
    spread = spread_words(numbers.score.spread)
    told += [f"Spread: {spread}"] if spread else []
    if not numbers.mass.calibrated:
        told.append(f"Note: {UNCALIBRATED}")
    uncertain = uncertain_words(numbers.score.uncertain, total.measures.lesions, total.measures.agatston)
    return [*told, f"Uncertain: {uncertain}"] if uncertain else told


def _measures(line: Line, numbers: Numbers) -> str:
    measures = line.measures
    peak = "" if measures.peak_hu is None else f", peak {measures.peak_hu:.0f} HU"
    interval = numbers.interval(line)
    repeat = f", repeat {bounds_words(interval)}" if interval and measures.lesions else ""
    return (
        f"Agatston {one_decimal(measures.agatston)}, volume {one_decimal(line.volume_mm3)} mm3, "
        f"mass {measures.mass_mg:.2f} {numbers.mass.words}, lesions {measures.lesions}{peak}{repeat}"
    )


def _line_item(line: str) -> Dataset:
    item = _item("TEXT", "CONTAINS", codes.FINDING)
    item.TextValue = "\r\n".join(wrap(line, _LINE_CHARACTERS, subsequent_indent="  ", break_long_words=False))
    return item


def _item(value_type: str, relation: str, name: Code) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, value_type
    item.ConceptNameCodeSequence = [coded(name)]
    return item
