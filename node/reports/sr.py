"""The Structured Report: TID 1500 by highdicom's templates, in a Comprehensive 3D SR document.

The templates check the content; the document round it is written here, shared with the Basic Text SR, because the
library's document classes read the clock, refuse character sets that are usual in Japan and cost half the time.
Every group has an image region: a group without one leaves a widely used viewer black.
"""

from collections.abc import Iterable, Sequence

from highdicom import sr
from highdicom.sr.value_types import ContentSequence
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import BasicTextSRStorage, Comprehensive3DSRStorage

from node.facts import Report, ReportRole
from node.reports import codes
from node.reports.doubt import population_words, repeat_words, rescan_words, spread_words
from node.reports.identity import PRODUCT
from node.reports.plan import Line, Numbers, ReportPlan, Said, percentile_words
from node.reports.regions import Region, outlined
from node.reports.source import coded, context_for, dress, report
from node.reports.spelling import ascii_text, decimal_string, shortened
from node.uids import derive

SR_SERIES_NUMBER = 8001

_UIDS = {ReportRole.SR: Comprehensive3DSRStorage, ReportRole.TEXT: BasicTextSRStorage}


def structured_report(plan: ReportPlan) -> Report:
    """Comprehensive 3D SR of a score or of a refusal."""
    ds = sr_document(plan, ReportRole.SR)
    ds.SeriesNumber, ds.SeriesDescription = SR_SERIES_NUMBER, "Calcium score SR (preliminary)"
    root = content(plan)
    for keyword in (
        "ValueType",
        "ConceptNameCodeSequence",
        "ContinuityOfContent",
        "ContentTemplateSequence",
        "ContentSequence",
    ):
        ds[keyword] = root[keyword]
    dress(ds, plan)
    return report(ds, plan, ReportRole.SR, "sr.dcm")


def sr_document(plan: ReportPlan, role: ReportRole) -> Dataset:
    """Everything of an SR document but its content: series, flags, evidence, predecessor (PS3.3 C.17.1, C.17.2)."""
    ds = context_for(plan, "SR")
    ds.SOPClassUID = _UIDS[role]
    ds.SOPInstanceUID = plan.instance_uid(str(role))
    ds.SeriesInstanceUID = plan.series_uid(str(role))
    ds.InstanceNumber = plan.choices.version
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = [coded(codes.PERFORMED)]
    ds.CompletionFlag = "COMPLETE" if plan.numbers else "PARTIAL"
    if plan.reasons:
        ds.CompletionFlagDescription = shortened("; ".join(said.code.meaning for said in plan.reasons), 64)
    ds.PreliminaryFlag, ds.VerificationFlag = "PRELIMINARY", "UNVERIFIED"
    ds.CurrentRequestedProcedureEvidenceSequence = [_evidence(plan)]
    predecessor = plan.choices.predecessors.get(role)
    if predecessor:
        ds.PredecessorDocumentsSequence = [_predecessor(plan, ds, predecessor)]
    return ds


def content(plan: ReportPlan) -> Dataset:
    """Root of the content tree: TID 1500 Imaging Measurement Report."""
    serial = plan.choices.device_serial_number
    observer = sr.DeviceObserverIdentifyingAttributes(
        uid=derive("device", serial),
        name=PRODUCT,
        manufacturer_name=PRODUCT,
        model_name=PRODUCT,
        serial_number=serial,
    )
    tree = sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_device_context=sr.ObserverContext(_concept(codes.DEVICE), observer)
        ),
        procedure_reported=codes.PROCEDURE,
        imaging_measurements=_groups(plan),
        title=codes.TITLE,
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(_concept(codes.ENGLISH)),
    )
    root: Dataset = tree[0]
    _tidy(root)
    return root


def _concept(code: Code) -> sr.CodedConcept:
    return sr.CodedConcept(code.value, code.scheme_designator, code.meaning)


def _groups(plan: ReportPlan) -> list[sr.VolumetricROIMeasurementsAndQualitativeEvaluations]:
    if plan.numbers is None:
        return [_refusal_group(plan)]
    found = [line for line in plan.numbers.vessels if line.vessel and plan.numbers.has_voxels(line.vessel)]
    return [_total_group(plan, plan.numbers), *(_vessel_group(plan, plan.numbers, line) for line in found)]


def _refusal_group(plan: ReportPlan) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    """Why there is no number. No NUM without a value: a viewer that meets one fails."""
    verdict = [_judged(codes.RESULT, codes.NOT_SCORED)]
    verdict += [_judged(codes.REASON, said.code) for said in plan.reasons]
    verdict += [_judged(codes.CAVEAT, said.code) for said in plan.caveats]
    group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        _tracking(derive(plan.source.series_instance_uid, "track", "total"), "Calcium total"),
        referenced_regions=_image_regions(plan, plan.regions),
        algorithm_id=_algorithm(plan),
        finding_sites=[sr.FindingSite(codes.CORONARIES)],
        qualitative_evaluations=verdict,
    )
    _comment(group, [*plan.reasons, *plan.caveats])
    return group


def _total_group(plan: ReportPlan, numbers: Numbers) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    total = numbers.total
    weakened = any(said.warns for said in plan.caveats)
    verdict = [
        _judged(codes.RESULT, codes.SCORED),
        _judged(codes.CATEGORY, numbers.category),
        _judged(codes.CACDRS, numbers.cac_drs),
        _judged(codes.QUALITY, codes.POOR_QUALITY if weakened else codes.GOOD_QUALITY),
        *_band(numbers),
        *(_judged(codes.CAVEAT, said.code) for said in plan.caveats),
    ]
    group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        _tracking(total.tracking_uid, total.tracking_id),
        referenced_regions=_image_regions(plan, plan.regions),
        algorithm_id=_algorithm(plan),
        finding_sites=[sr.FindingSite(total.site)],
        measurements=[*_measurements(numbers, total), *_of_the_total(numbers)],
        qualitative_evaluations=verdict,
        geometric_purpose=codes.BOUNDED_BY,
    )
    _comment(group, plan.caveats)
    _comment_words(group, [*_band_words(numbers), *_repeat_words(numbers), *_beside_words(numbers)])
    return group


def _vessel_group(
    plan: ReportPlan, numbers: Numbers, line: Line
) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    if line.vessel is None:
        raise ValueError("the total has a group of its own: only vessels have this one")
    outlines = outlined(numbers.score.labels, line.vessel.label, numbers.busiest_first(line.vessel))
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        _tracking(line.tracking_uid, line.tracking_id),
        referenced_regions=_image_regions(plan, outlines),
        finding_type=codes.CALCIFICATION,
        algorithm_id=_algorithm(plan),
        finding_sites=[sr.FindingSite(line.site)],
        measurements=_measurements(numbers, line),
    )


def _measurements(numbers: Numbers, line: Line) -> list[sr.Measurement]:
    """Score first: a viewer shows the first five values of a group as its label."""
    measures = line.measures
    out = [
        _num(codes.AGATSTON, measures.agatston, codes.U_AGATSTON, method=codes.AGATSTON_METHOD),
        _num(codes.VOLUME, line.volume_mm3, codes.U_MM3, method=codes.VOLUME_METHOD),
        _num(numbers.mass.concept, measures.mass_mg, numbers.mass.unit, method=codes.MASS_METHOD),
        _num(codes.LESIONS, measures.lesions, codes.U_LESION),
    ]
    if measures.peak_hu is not None:
        out.append(_num(codes.PEAK, measures.peak_hu, codes.U_HU))
    return [*out, *_bounds(numbers, line)]


def _bounds(numbers: Numbers, line: Line) -> list[sr.Measurement]:
    """The repeat interval, after what a viewer shows first."""
    interval = numbers.interval(line)
    if interval is None:
        return []
    low, high = interval.agatston
    return [
        _num(codes.INTERVAL_LOW, low, codes.U_AGATSTON),
        _num(codes.INTERVAL_HIGH, high, codes.U_AGATSTON),
    ]


def _of_the_total(numbers: Numbers) -> list[sr.Measurement]:
    """Values that only the total has: rank, doubt, the vessels without calcium, and last the threshold."""
    score = numbers.score
    out = []
    if numbers.percentile is not None and numbers.percentile.value is not None:
        out.append(_ranked(numbers))
    if score.total.lesions:
        out.append(_num(codes.UNCERTAIN_LESIONS, score.uncertain.lesions, codes.U_LESION))
        out.append(_num(codes.UNCERTAIN_AGATSTON, score.uncertain.agatston, codes.U_AGATSTON))
    out.extend(
        _num(
            codes.AGATSTON,
            line.measures.agatston,
            codes.U_AGATSTON,
            method=codes.AGATSTON_METHOD,
            site=line.site,  # tells it from the total; a group of its own would need a region, which nothing has
        )
        for line in numbers.vessels
        if line.vessel and not numbers.has_voxels(line.vessel)
    )
    out.append(_num(codes.THRESHOLD, score.protocol.threshold_hu, codes.U_HU))  # last: 130 must not look like a score
    return out


def _ranked(numbers: Numbers) -> sr.Measurement:
    percentile = numbers.percentile
    if percentile is None or percentile.value is None:
        raise ValueError("a percentile without a value has no number to report")
    item = _num(codes.PERCENTILE, percentile.value, codes.U_PERCENTILE)
    has = sr.RelationshipTypeValues.HAS_PROPERTIES
    item[0].ContentSequence = ContentSequence(
        [
            sr.TextContentItem(codes.POPULATION, ascii_text(percentile.population), has),
            sr.TextContentItem(codes.AUTHORITY, ascii_text(percentile.source), has),
        ]
    )
    return item


def _band(numbers: Numbers) -> list[sr.QualitativeEvaluation]:
    percentile = numbers.percentile
    if percentile is None or percentile.value is not None or percentile.band is None:
        return []
    return [_judged(codes.PERCENTILE_BAND, codes.band(*percentile.band))]


def _band_words(numbers: Numbers) -> list[str]:
    percentile = numbers.percentile
    if percentile is None or not _band(numbers):
        return []
    return [f"Percentile {percentile_words(percentile)}: {percentile.population}; {percentile.source}"]


def _repeat_words(numbers: Numbers) -> list[str]:
    repeat, rescan = repeat_words(numbers.score), rescan_words(numbers.score)
    told = [f"Repeat interval: {repeat}"] if repeat else []
    return [*told, f"Published rescan limit: {rescan}"] if rescan else told


def _beside_words(numbers: Numbers) -> list[str]:
    """What has no coded concept of its own: the spread over the vessels, and the percentile's population in full."""
    spread, population = spread_words(numbers.score.spread), population_words(numbers.percentile)
    told = [f"Spread: {spread}"] if spread else []
    return [*told, f"Population: {population}"] if population else told


def _num(
    concept: Code, value: float, unit: Code, *, method: Code | None = None, site: Code | None = None
) -> sr.Measurement:
    sites = [sr.FindingSite(site)] if site else None
    plain = int(value) if isinstance(value, int) else float(value)
    return sr.Measurement(concept, plain, unit, method=method, finding_sites=sites)


def _judged(name: Code, value: Code) -> sr.QualitativeEvaluation:
    return sr.QualitativeEvaluation(name, value)


def _tracking(uid: str, identifier: str) -> sr.TrackingIdentifier:
    return sr.TrackingIdentifier(uid, identifier)


def _algorithm(plan: ReportPlan) -> sr.AlgorithmIdentification:
    parameters = [ascii_text(parameter) for parameter in plan.parameters] or None
    return sr.AlgorithmIdentification(
        PRODUCT, plan.choices.software_version, parameters=parameters, manufacturer=PRODUCT
    )


def _image_regions(plan: ReportPlan, regions: Iterable[Region]) -> list[sr.ImageRegion]:
    out = []
    for region in regions:
        one = plan.source.slices[region.slice_index]
        frames = None if one.frame_number is None else [one.frame_number]
        image = sr.SourceImageForRegion(one.sop_class_uid, one.sop_instance_uid, frames)
        out.append(sr.ImageRegion(sr.GraphicTypeValues.POLYLINE, region.polygon, image))
    return out


def _comment(group: sr.VolumetricROIMeasurementsAndQualitativeEvaluations, findings: Sequence[Said]) -> None:
    _comment_words(group, [said.sentence for said in findings])


def _comment_words(group: sr.VolumetricROIMeasurementsAndQualitativeEvaluations, sentences: Sequence[str]) -> None:
    contains = sr.RelationshipTypeValues.CONTAINS
    for sentence in sentences:
        group[0].ContentSequence.append(sr.TextContentItem(codes.COMMENT, ascii_text(sentence), contains))


def _tidy(item: Dataset) -> None:
    """SEPARATE containers (the library writes CONTINUOUS, which viewers run together) and plain numbers."""
    if item.ValueType == "CONTAINER":
        item.ContinuityOfContent = "SEPARATE"
    for value in item.get("MeasuredValueSequence", ()):
        exact = value.get("FloatingPointValue")
        value.NumericValue = decimal_string(float(value.NumericValue if exact is None else exact))
    for child in item.get("ContentSequence", ()):
        _tidy(child)


def _evidence(plan: ReportPlan) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = plan.source.series_instance_uid
    images = {one.sop_instance_uid: one.sop_class_uid for one in plan.source.slices}
    series.ReferencedSOPSequence = [_instance(class_uid, uid) for uid, class_uid in images.items()]
    return _study(plan, series)


def _predecessor(plan: ReportPlan, ds: Dataset, sop_instance_uid: str) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = ds.SeriesInstanceUID
    series.ReferencedSOPSequence = [_instance(ds.SOPClassUID, sop_instance_uid)]
    return _study(plan, series)


def _study(plan: ReportPlan, series: Dataset) -> Dataset:
    study = Dataset()
    study.ReferencedSeriesSequence, study.StudyInstanceUID = [series], plan.source.study_instance_uid
    return study


def _instance(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class_uid, sop_instance_uid
    return item
