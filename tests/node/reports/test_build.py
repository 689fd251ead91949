from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from node.facts import ReportRole
from node.reports import ReportChoices
from scoring.result import EXCLUDED_LABEL
from tests.support import report_case as rc
from tests.support.report_tree import items


def test_a_positive_result_comes_as_all_objects_in_sending_order() -> None:
    roles = [report.role for report in rc.positive(size=64).built().reports]
    assert roles[:3] == [ReportRole.SUMMARY, ReportRole.SR, ReportRole.TEXT]
    assert set(roles[3:-1]) == {ReportRole.SC}
    assert roles[-1] is ReportRole.SEG


def test_a_zero_comes_without_overlay_and_without_segmentation() -> None:
    assert [report.role for report in rc.zero().built().reports] == [
        ReportRole.SUMMARY,
        ReportRole.SR,
        ReportRole.TEXT,
    ]


def test_a_site_that_wants_no_refusal_page_still_gets_the_report() -> None:
    built = rc.refused().built(replace(rc.CHOICES, refusal_page=False))
    assert [report.role for report in built.reports] == [ReportRole.SR, ReportRole.TEXT]
    assert built.pictures == ()


@pytest.mark.parametrize("make", [rc.positive, rc.zero, rc.refused])
def test_the_same_input_gives_the_same_bytes(make: Callable[..., rc.ReportCase]) -> None:
    """Mutation: leaving the library's random Dimension Organization UID in the SEG is seen here."""
    once, again = make(size=64).built(), make(size=64).built()
    assert [report.data for report in once.reports] == [report.data for report in again.reports]
    assert [picture.data for picture in once.pictures] == [picture.data for picture in again.pictures]


def test_every_object_has_a_uid_of_its_own_and_the_header_says_the_same() -> None:
    case = rc.positive(size=64)
    built, read = case.built(), rc.datasets(case.built())
    assert len({report.sop_instance_uid for report in built.reports}) == len(built.reports)
    for report in built.reports:
        ds = read[report.file_name]
        assert (ds.SOPClassUID, ds.SOPInstanceUID) == (report.sop_class_uid, report.sop_instance_uid)
        assert ds.SeriesInstanceUID == report.series_instance_uid
        assert ds.file_meta.MediaStorageSOPInstanceUID == report.sop_instance_uid


def uids(case: rc.ReportCase, choices: ReportChoices = rc.CHOICES) -> set[str]:
    return {report.sop_instance_uid for report in case.built(choices).reports}


def moved_heart(case: rc.ReportCase) -> np.ndarray:
    heart = case.result.heart.copy()
    heart[2][np.nonzero(heart[2])[0][0]] = False
    return heart


def relabelled(case: rc.ReportCase) -> np.ndarray:
    labels = case.result.labels.copy()
    labels[labels == EXCLUDED_LABEL] = 0
    return labels


@pytest.mark.parametrize(
    "change",
    [
        lambda case: rc.scored(case, total=replace(case.result.total, agatston=case.result.total.agatston + 0.01)),
        lambda case: rc.scored(case, protocol=replace(case.result.protocol, connectivity=4)),
        lambda case: rc.scored(case, quality=()),
        lambda case: rc.scored(case, heart=moved_heart(case)),
        lambda case: rc.scored(case, labels=relabelled(case)),
    ],
    ids=["a number", "a parameter", "a caveat", "the region", "the labels"],
)
def test_whatever_changes_a_result_changes_its_uids(change: Callable[[rc.ReportCase], rc.ReportCase]) -> None:
    """One UID with two contents would be kept by a PACS in whichever form came first."""
    case = rc.positive(size=64)
    assert not uids(case) & uids(change(case))


@pytest.mark.parametrize(
    "choices",
    [
        replace(rc.CHOICES, version=2),
        replace(rc.CHOICES, software_version="0.2.0"),
        replace(rc.CHOICES, content_qualification="PRODUCT"),
        replace(rc.CHOICES, device_serial_number="SITE-2"),
    ],
    ids=["version", "software", "qualification", "serial"],
)
def test_a_choice_that_changes_the_objects_changes_their_uids(choices: ReportChoices) -> None:
    case = rc.positive(size=64)
    assert not uids(case) & uids(case, choices)


def test_a_new_version_joins_the_report_series_and_opens_new_image_series() -> None:
    case = rc.positive(size=64)
    first = rc.datasets(case.built())
    later = replace(
        rc.CHOICES,
        version=2,
        created=rc.CREATED + timedelta(days=1),
        first_created=rc.CREATED,
        predecessors={ReportRole.SR: first["sr.dcm"].SOPInstanceUID},
    )
    second = rc.datasets(case.built(later))
    old, new = first["sr.dcm"], second["sr.dcm"]
    assert new.SeriesInstanceUID == old.SeriesInstanceUID
    assert (new.SeriesDate, new.SeriesTime) == (old.SeriesDate, old.SeriesTime)
    assert (new.ContentDate, new.InstanceNumber) == ("20260103", 2)
    named = new.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == old.SOPInstanceUID
    assert first["seg.dcm"].SeriesInstanceUID != second["seg.dcm"].SeriesInstanceUID
    assert first["overlay-0005.dcm"].SeriesInstanceUID != second["overlay-0005.dcm"].SeriesInstanceUID


def test_times_are_told_on_the_clock_of_the_ct_where_it_names_one() -> None:
    """The offset is copied from the CT, so a time of another zone beside it would be a lie."""
    case = rc.zero(size=64, TimezoneOffsetFromUTC="+0900")
    choices = replace(rc.CHOICES, created=datetime(2026, 1, 2, 20, 0, tzinfo=UTC))
    sr = rc.datasets(case.built(choices))["sr.dcm"]
    assert (sr.TimezoneOffsetFromUTC, sr.ContentDate, sr.ContentTime) == ("+0900", "20260103", "050000")


def test_times_are_told_as_given_where_the_ct_names_no_zone() -> None:
    choices = replace(rc.CHOICES, created=datetime(2026, 1, 2, 20, 0, tzinfo=timezone(timedelta(hours=1))))
    sr = rc.datasets(rc.zero(size=64).built(choices))["sr.dcm"]
    assert (sr.ContentDate, sr.ContentTime) == ("20260102", "200000")
    assert "TimezoneOffsetFromUTC" not in sr


def test_a_moment_without_a_zone_is_not_taken() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(rc.CHOICES, created=datetime(2026, 1, 2))  # noqa: DTZ001 - the fault that is tested


def test_an_enhanced_ct_comes_without_segmentation_and_says_so() -> None:
    built = rc.positive(size=64, enhanced=True).built()
    assert ReportRole.SEG not in {report.role for report in built.reports}
    assert "enhanced" in built.left_out[0]


def test_a_ct_without_frame_of_reference_comes_without_segmentation_and_says_so() -> None:
    built = rc.positive(size=64, frame_of_reference_uid=None).built()
    assert ReportRole.SEG not in {report.role for report in built.reports}
    assert "Frame of Reference" in built.left_out[0]


def test_a_volume_of_another_shape_is_not_drawn() -> None:
    case = rc.positive(size=64)
    with pytest.raises(ValueError, match=r"volume has shape \(3, 64, 64\)"):
        rc.build(case.result, case.hu[:3], case.source, rc.CHOICES)


def test_a_score_without_its_volume_is_not_drawn() -> None:
    case = rc.positive(size=64)
    with pytest.raises(ValueError, match="needs its volume"):
        rc.build(case.result, None, case.source, rc.CHOICES)


def test_pictures_are_the_page_and_the_busiest_slice_of_each_vessel() -> None:
    built = rc.positive(size=64).built()
    assert [picture.file_name for picture in built.pictures] == [
        "summary.png",
        "overlay-0005.png",
        "overlay-0006.png",
        "overlay-0007.png",
    ]
    assert all(picture.data.startswith(b"\x89PNG") for picture in built.pictures)


def test_every_object_names_us_and_the_scanner() -> None:
    for ds in rc.datasets(rc.positive(size=64).built()).values():
        assert (ds.Manufacturer, ds.ManufacturerModelName) == ("calcium-node", "calcium-node")
        assert (ds.DeviceSerialNumber, ds.SoftwareVersions) == ("SITE-1", "0.1.0")
        assert ds.ContentQualification == "RESEARCH"
        scanner = ds.ContributingEquipmentSequence[0]
        assert scanner.PurposeOfReferenceCodeSequence[0].CodeValue == "109101"
        assert (scanner.Manufacturer, scanner.StationName) == ("ACME", "CT1")
        assert scanner.ContributionDateTime == "20260102030100"


def test_the_text_report_says_a_zero_in_words() -> None:
    text = rc.datasets(rc.zero().built())["text.dcm"]
    lines = [item.TextValue for item in items(text) if item.ValueType == "TEXT"]
    assert lines[0] == "Total Agatston score: 0"
    assert "LM: Agatston 0.0, volume 0.0 mm3, mass 0.00 mg (uncalibrated), lesions 0" in lines
    assert any("to be verified by a physician" in line for line in lines)


def test_the_text_report_says_how_far_a_repeat_may_lie() -> None:
    text = rc.datasets(rc.positive().built())["text.dcm"]
    lines = [item.TextValue.replace("\r\n ", "") for item in items(text) if item.ValueType == "TEXT"]
    assert "Repeat interval: 247 to 348 (95 %, noise and sampling of this scan); >=400 with 75 %" in lines
    assert next(line for line in lines if line.startswith("Total: ")).endswith(", repeat 247 to 348")


def test_the_text_report_tells_the_population_once_and_how_the_calcium_is_spread() -> None:
    lines = [
        item.TextValue for item in items(rc.datasets(rc.positive().built())["text.dcm"]) if item.ValueType == "TEXT"
    ]
    (population,) = [line for line in lines if "US adults" in line]
    assert population.startswith("Population: MESA: 6,110 US adults of 45-84 years")
    assert "Spread: 3 of 4 vessels, diffusivity 0.40 (1 - largest vessel / total), left main free" in lines


def test_a_zero_has_no_spread() -> None:
    text = rc.datasets(rc.zero().built())["text.dcm"]
    assert not [item for item in items(text) if item.ValueType == "TEXT" and item.TextValue.startswith("Spread")]


def test_no_line_of_the_text_report_is_longer_than_a_viewer_shows() -> None:
    text = rc.datasets(rc.positive().built())["text.dcm"]
    lines = [line for item in items(text) if item.ValueType == "TEXT" for line in item.TextValue.split("\r\n")]
    assert max(map(len, lines)) <= 96


def test_the_text_report_of_a_refusal_gives_the_reason_with_its_figure() -> None:
    text = rc.datasets(rc.refused().built())["text.dcm"]
    lines = [item.TextValue for item in items(text) if item.ValueType == "TEXT"]
    assert lines[0] == "Result: Not scored"
    assert "312 HU" in lines[1]
    assert text.CompletionFlag == "PARTIAL"
