import functools
import io
from dataclasses import replace

import highdicom as hd
import numpy as np
import pytest
from PIL import Image, ImageDraw
from pydicom import Dataset
from pydicom.sr._concepts_dict import concepts

from node.reports import document
from scoring.result import Finding, Measures, Percentile, Score, Severity, Unfit, Vessel, printed_agatston
from tests.support import report_case as rc
from tests.support.report_tree import (
    children,
    coded_items,
    concept,
    groups,
    items,
    number,
    site,
    unit,
)

AGATSTON, VOLUME, MASS, LESIONS, PEAK = "450360000", "122660", "122661", "111038", "112180"
SITES = {"3227004": "LM", "59438005": "LAD", "57396003": "LCX", "13647002": "RCA"}
CASES = {"positive": rc.positive, "zero": rc.zero, "refused": rc.refused}

NOT_IN_THE_DICTIONARY = {
    ("{Agatston}", "UCUM"): "UCUM has no Agatston unit: an annotation",
    ("mg", "UCUM"): "the dictionary holds only units that some context group lists",
    ("mg{uncalibrated}", "UCUM"): "an annotation that warns the reader of the unit alone",
    ("{lesion}", "UCUM"): "an annotation",
    ("{percentile}", "UCUM"): "an annotation",
    ("en-US", "RFC5646"): "languages are no part of the dictionary",
    ("260753009", "SCT"): "the library writes Source, the dictionary lists Source (attribute)",
}


def sr_of(case: rc.ReportCase) -> Dataset:
    return rc.datasets(case.built())["sr.dcm"]


@functools.cache
def standard(name: str) -> Dataset:
    """The SR of a case that many tests look at and none changes."""
    return sr_of(CASES[name]())


def told_by(case: rc.ReportCase) -> dict:
    return document(
        case.result,
        study_uid=case.source.study_instance_uid,
        series_uid=case.source.series_instance_uid,
        frame_of_reference_uid=case.source.frame_of_reference_uid,
        timings_s={},
    )


def values(group: Dataset) -> dict[str, float]:
    """Numbers of a group but those of the vessels without calcium."""
    return {concept(c): number(c) for c in group.ContentSequence if c.ValueType == "NUM" and site(c) is None}


def test_numbers_read_from_the_report_equal_the_json() -> None:
    """Mutation: writing the volume of voxels where the protocol prints the isotropic one is seen here."""
    case = rc.positive()
    total, *vessels = groups(sr_of(case))
    told = told_by(case)
    expected = {"LM": told["vessels"]["LM"]} | {name: told["vessels"][name] for name in ("LAD", "LCX", "RCA")}
    read = {SITES[site(group)]: values(group) for group in vessels}
    read |= {SITES[site(n)]: {AGATSTON: number(n)} for n in children(total, AGATSTON) if site(n)}
    assert set(read) == set(expected)
    for name, numbers in {**read, "total": values(total)}.items():
        wanted = told["total"] if name == "total" else expected[name]
        assert numbers[AGATSTON] == wanted["agatston"]
        if VOLUME in numbers:
            assert numbers[VOLUME] == wanted["volume_isotropic_mm3"]
            assert numbers[MASS] == wanted["mass_mg"]
            assert numbers[LESIONS] == wanted["lesions"]
            assert numbers[PEAK] == wanted["peak_hu"]


def test_the_voxel_volume_is_printed_where_the_protocol_says_so() -> None:
    case = rc.positive()
    case = rc.scored(case, protocol=replace(rc.PROTOCOL, printed_volume="voxel"))
    total = groups(sr_of(case))[0]
    assert values(total)[VOLUME] == case.result.total.volume_mm3


def test_the_total_is_the_same_number_everywhere() -> None:
    case = rc.positive()
    built = case.built()
    read = rc.datasets(built)
    printed = printed_agatston(told_by(case)["total"]["agatston"])
    lines = [item.TextValue for item in items(read["text.dcm"]) if item.ValueType == "TEXT"]
    assert f"Total Agatston score: {printed}" in lines
    first = groups(read["sr.dcm"])[0].ContentSequence
    assert printed_agatston(number(next(item for item in first if item.ValueType == "NUM"))) == printed


@pytest.mark.parametrize("name", CASES)
def test_every_group_has_an_image_region_and_a_tracking_uid_of_its_own(name: str) -> None:
    """A group without a region leaves a widely used viewer black, and no judge says a word."""
    found = groups(standard(name))
    assert found
    assert all(children(group, "111030", "SCOORD") for group in found)
    assert all(region.ContentSequence[0].ValueType == "IMAGE" for g in found for region in children(g, "111030"))
    uids = [children(group, "112040")[0].UID for group in found]
    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize("name", CASES)
def test_title_template_and_separate_containers(name: str) -> None:
    sr = standard(name)
    assert concept(sr) == "126000"
    assert sr.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    containers = [sr, *(item for item in items(sr) if item.ValueType == "CONTAINER")]
    assert {item.ContinuityOfContent for item in containers} == {"SEPARATE"}


def test_no_unit_is_a_digit_and_the_threshold_stands_last() -> None:
    """A viewer prints a value of 0 as nothing and then the unit: a unit "1" would read as a score of 1."""
    for sr in (standard("positive"), standard("zero")):
        nums = [item for item in items(sr) if item.ValueType == "NUM"]
        assert not any(unit(num).strip().isdigit() for num in nums)
        total = [item for item in groups(sr)[0].ContentSequence if item.ValueType == "NUM"]
        assert concept(total[0]) == AGATSTON
        assert concept(total[-1]) == "122657"
        assert len(total) > 5


def test_zero_stands_as_a_value_with_all_four_vessels_in_the_total_group() -> None:
    sr = standard("zero")
    (total,) = groups(sr)
    zeros = {SITES[site(num)]: number(num) for num in children(total, AGATSTON) if site(num)}
    assert zeros == {"LM": 0.0, "LAD": 0.0, "LCX": 0.0, "RCA": 0.0}
    assert values(total)[AGATSTON] == 0.0
    assert PEAK not in values(total)
    assert sr.CompletionFlag == "COMPLETE"


def test_an_uncalibrated_mass_is_never_called_calcium_mass() -> None:
    total = groups(sr_of(rc.positive(calibrated=False)))[0]
    (mass,) = children(total, "MASS_UNCAL")
    assert unit(mass) == "mg{uncalibrated}"
    assert not children(total, MASS)


def test_a_refusal_is_partial_with_its_reason_and_holds_no_number() -> None:
    sr = standard("refused")
    (group,) = groups(sr)
    assert not [item for item in items(sr) if item.ValueType == "NUM"]
    assert children(group, "RESULT")[0].ConceptCodeSequence[0].CodeValue == "NOT_SCORED"
    assert [item.ConceptCodeSequence[0].CodeValue for item in children(group, "REASON")] == ["CONTRAST"]
    assert "312 HU" in children(group, "121106")[0].TextValue
    assert (sr.CompletionFlag, sr.PreliminaryFlag, sr.VerificationFlag) == ("PARTIAL", "PRELIMINARY", "UNVERIFIED")
    assert sr.CompletionFlagDescription == "Contrast medium in the heart"


def test_a_refusal_before_any_measurement_still_has_a_report() -> None:
    case = rc.refused()
    bare = replace(case, result=Unfit(reason=rc.CONTRAST))
    built = rc.build(bare.result, None, bare.source, rc.CHOICES)
    assert [report.file_name for report in built.reports] == ["summary.dcm", "sr.dcm", "text.dcm"]


def test_a_refusal_shows_the_heart_where_one_was_found_else_a_box_on_the_middle_image() -> None:
    (found,) = groups(sr_of(rc.refused(heart=True)))
    (boxed,) = groups(standard("refused"))
    assert len(children(found, "111030")) == 6
    (box,) = children(boxed, "111030")
    corners = np.reshape(box.GraphicData, (-1, 2))
    assert corners[::2].tolist() == [[32, 32], [96, 32], [96, 96], [32, 96], [32, 32]]
    assert len(corners) == 9  # a viewer takes five points for a rectangle of its own


def test_regions_filled_again_are_the_scored_pixels_and_the_busiest_slice_stands_first() -> None:
    case = rc.positive()
    for group in groups(sr_of(case))[1:]:
        label = Vessel(SITES[site(group)]).label
        by_image: dict[str, np.ndarray] = {}
        for region in children(group, "111030"):
            image = region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
            by_image.setdefault(image, np.zeros(case.hu.shape[1:], bool))
            by_image[image] ^= filled(region.GraphicData, case.hu.shape[1:])
        expected = {
            case.source.slices[index].sop_instance_uid: plane == label
            for index, plane in enumerate(case.result.labels)
            if (plane == label).any()
        }
        assert set(by_image) == set(expected)
        assert all((by_image[image] == mask).all() for image, mask in expected.items())
        assert next(iter(by_image.values())).sum() == max(mask.sum() for mask in expected.values())


def filled(graphic_data: list[float], shape: tuple[int, int]) -> np.ndarray:
    """Pixels whose centre lies inside a polygon: drawn four times as large, looked up at the centres."""
    points = [(4 * x - 0.5, 4 * y - 0.5) for x, y in zip(graphic_data[::2], graphic_data[1::2], strict=True)]
    image = Image.new("1", (4 * shape[1], 4 * shape[0]))
    ImageDraw.Draw(image).polygon(points, fill=1)
    return np.asarray(image)[2::4, 2::4]


def test_findings_become_caveats_with_their_sentence() -> None:
    total = groups(standard("positive"))[0]
    assert [item.ConceptCodeSequence[0].CodeValue for item in children(total, "CAVEAT")] == ["NOISE", "GATING"]
    assert [item.TextValue for item in children(total, "121106")][:2] == [rc.NOISE.sentence, rc.GATING.sentence]
    assert children(total, "122739")[0].ConceptCodeSequence[0].CodeValue == "122742"


def test_a_scan_without_findings_that_weaken_it_has_good_quality() -> None:
    total = groups(standard("zero"))[0]
    assert children(total, "122739")[0].ConceptCodeSequence[0].CodeValue == "122741"


def test_the_percentile_names_its_population_and_its_source() -> None:
    total = groups(standard("positive"))[0]
    (rank,) = children(total, "121415")
    assert number(rank) == 84
    assert {concept(child): child.TextValue for child in rank.ContentSequence} == {
        "121405": "MESA, men, white, 55 years",
        "121406": "McClelland 2006",
    }


def test_a_withheld_percentile_says_why() -> None:
    case = rc.positive()
    risk = replace(case.result.risk, percentile=None, percentile_withheld="the age is outside MESA (45 to 84 years)")
    total = groups(sr_of(rc.scored(case, risk=risk)))[0]
    assert not children(total, "121415")
    assert children(total, "CAVEAT")[-1].ConceptCodeSequence[0].CodeValue == "PCTL_WITHHELD"
    assert any("outside MESA" in item.TextValue for item in children(total, "121106"))


def test_a_band_of_percentiles_is_a_code_and_no_invented_number() -> None:
    case = rc.positive()
    hoff = Percentile(value=None, band=(75, 90), population="Hoff, men 55 to 59", source="Hoff 2001")
    total = groups(sr_of(rc.scored(case, risk=replace(case.result.risk, percentile=hoff))))[0]
    assert not children(total, "121415")
    assert children(total, "PERCENTILE_BAND")[0].ConceptCodeSequence[0].CodeMeaning == "75th to 90th percentile"


def test_uncertain_lesions_are_counted_beside_the_total() -> None:
    case = rc.positive()
    numbers = values(groups(sr_of(case))[0])
    assert numbers["UNCERTAIN_N"] == 1
    assert numbers["UNCERTAIN_A"] == case.result.uncertain.agatston


def test_the_repeat_interval_stands_beside_the_total_and_each_vessel() -> None:
    case = rc.positive()
    total, *vessels = groups(sr_of(case))
    assert (values(total)["INT_LOW"], values(total)["INT_HIGH"]) == pytest.approx(case.result.interval.agatston)
    bounds = [(values(vessel)["INT_LOW"], values(vessel)["INT_HIGH"]) for vessel in vessels]
    wanted = [i.agatston for i in case.result.vessel_intervals.values() if i.agatston[1] > 0]
    assert np.allclose(bounds, wanted)
    words = [item.TextValue for item in children(total, "121106")]
    assert "Repeat interval: 247 to 348 (95 %, noise and sampling of this scan); >=400 with 75 %" in words
    assert "Published rescan limit: +/- 140 (Chung 2008, BMI 27)" in words


def test_spread_and_population_stand_once_as_comments_of_the_total() -> None:
    total, *vessels = groups(standard("positive"))
    words = [item.TextValue for item in children(total, "121106")]
    assert "Spread: 3 of 4 vessels, diffusivity 0.40 (1 - largest vessel / total), left main free" in words
    assert sum("6,110 US adults" in line for line in words) == 1
    assert not [item for vessel in vessels for item in children(vessel, "121106")]


def test_a_score_without_an_interval_states_none() -> None:
    case = rc.scored(rc.positive(), interval=None, vessel_intervals={})
    assert not {"INT_LOW", "INT_HIGH"} & values(groups(sr_of(case))[0]).keys()


def test_category_and_cac_drs_are_coded() -> None:
    total = groups(standard("positive"))[0]
    category = children(total, "CATEGORY")[0].ConceptCodeSequence[0]
    assert (category.CodeValue, category.CodeMeaning) == ("CAT_100_399", "100-399: moderate")
    assert children(total, "CACDRS")[0].ConceptCodeSequence[0].CodeMeaning == "CAC-DRS A3/N3"


def test_all_our_text_is_ascii_whatever_the_sentences_hold() -> None:
    finding = Finding(code="kvp", severity=Severity.NOTE, sentence="Tube voltage 100 kVp ≥ 80; naïve µ² – done")
    case = rc.scored(rc.positive(), quality=(finding,))
    texts = [item.TextValue for item in items(sr_of(case)) if item.ValueType == "TEXT"]
    assert all(text.isascii() for text in texts)
    assert "Tube voltage 100 kVp >= 80; naive u2 - done" in texts


@pytest.mark.parametrize("name", CASES)
def test_every_coded_triplet_is_the_standards_or_declared_as_ours(name: str) -> None:
    """Mutation: any other meaning, such as LCX coded 75902001 (the groove's part), is seen here."""
    for ds in rc.datasets(CASES[name](size=64).built()).values():
        for value, scheme, meaning in coded_items(ds):
            if scheme == "99CALCIUM":
                assert len(value) <= 16
                assert len(meaning) <= 64
                continue
            if (value, scheme) in NOT_IN_THE_DICTIONARY:
                continue
            known = {entry[value][0] for entry in concepts[scheme].values() if value in entry}
            assert meaning in known, (value, scheme, meaning)


def test_the_private_scheme_is_declared_in_every_object_that_uses_it() -> None:
    for ds in rc.datasets(rc.positive(size=64).built()).values():
        declared = {item.CodingSchemeDesignator for item in ds.get("CodingSchemeIdentificationSequence", ())}
        assert {scheme for _, scheme, _ in coded_items(ds) if scheme.startswith("99")} <= declared


def test_a_foreign_reader_finds_the_same_groups() -> None:
    report = next(r for r in rc.positive(size=64).built().reports if r.file_name == "sr.dcm")
    read = hd.sr.srread(io.BytesIO(report.data))
    found = read.content.get_volumetric_roi_measurement_groups()
    assert [group.tracking_identifier for group in found] == [
        "Calcium total",
        "Calcium LAD",
        "Calcium LCX",
        "Calcium RCA",
    ]


def test_the_document_equals_the_one_the_library_would_write() -> None:
    """The document's modules are written here, not by highdicom: they must say the same."""
    case = rc.positive()
    ours = sr_of(case)
    theirs = hd.sr.Comprehensive3DSR(
        evidence=[hd_stand_in(data) for data in rc.ct_images(case)],
        content=hd_content(ours),
        series_instance_uid=ours.SeriesInstanceUID,
        series_number=8001,
        sop_instance_uid=ours.SOPInstanceUID,
        instance_number=1,
        manufacturer="calcium-node",
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    for keyword in (
        "SOPClassUID",
        "CurrentRequestedProcedureEvidenceSequence",
        "ContentTemplateSequence",
        "ConceptNameCodeSequence",
        "CompletionFlag",
        "PreliminaryFlag",
        "VerificationFlag",
        "ValueType",
        "Modality",
    ):
        assert ours[keyword] == theirs[keyword]
    assert set(theirs.dir()) <= set(ours.dir()) | {"PertinentOtherEvidenceSequence"}


def hd_stand_in(data: bytes) -> Dataset:
    return hd.imread(io.BytesIO(data))


def hd_content(ours: Dataset) -> Dataset:
    root = Dataset()
    for keyword in (
        "ValueType",
        "ConceptNameCodeSequence",
        "ContinuityOfContent",
        "ContentTemplateSequence",
        "ContentSequence",
    ):
        root[keyword] = ours[keyword]
    return root


def test_frames_of_an_enhanced_ct_are_named() -> None:
    sr = sr_of(rc.positive(enhanced=True))
    region = children(groups(sr)[1], "111030")[0]
    image = region.ContentSequence[0].ReferencedSOPSequence[0]
    assert image.ReferencedFrameNumber == 5
    evidence = sr.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert len(evidence.ReferencedSOPSequence) == 1


def test_a_vessel_with_a_number_and_no_pixels_stands_in_the_total_group() -> None:
    """Nothing is dropped: a group would need a region, which a vessel without pixels cannot have."""
    case = rc.positive()
    vessels = {**case.result.vessels, Vessel.LM: Measures(agatston=3.5, lesions=1)}
    (lm,) = [
        number(num)
        for num in children(groups(sr_of(rc.scored(case, vessels=vessels)))[0], AGATSTON)
        if site(num) == "3227004"
    ]
    assert lm == 3.5


def test_a_score_with_a_number_that_is_none_is_no_report() -> None:
    case = rc.positive()
    assert isinstance(case.result, Score)
    broken = rc.scored(case, total=replace(case.result.total, agatston=float("nan")))
    with pytest.raises(ValueError, match="nan"):
        broken.built()
