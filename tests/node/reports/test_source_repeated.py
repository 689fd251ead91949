"""The CT's person and study come back byte for byte; nothing is invented where the CT is silent."""

import io
import warnings
from collections.abc import Callable

import pydicom
import pytest
from pydicom import Dataset

from tests.support import report_case as rc

NAMES = {
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "cyrillic": ("ISO_IR 144", "Люкceмбypг"),
    "arabic": ("ISO_IR 127", "قباني^لنزار"),
    "utf-8": ("ISO_IR 192", "Müller^Zoë"),
}
TYPE_2 = (
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
)


def raw_value(data: bytes, keyword: str) -> bytes:
    """Value bytes of an element, as they stand in the file."""
    ds = pydicom.dcmread(io.BytesIO(data))
    return ds.get_item(keyword).value


@pytest.mark.parametrize("state", ["undecoded", "decoded"])
@pytest.mark.parametrize("alphabet", NAMES)
def test_a_name_in_any_script_comes_back_byte_for_byte(alphabet: str, state: str) -> None:
    """Mutation: assigning str(name) under our own character set is seen here."""
    charset, name = NAMES[alphabet]
    case = rc.positive(size=64, SpecificCharacterSet=charset, PatientName=name, StudyDescription="CT")
    before = case.source.context.get_item("PatientName").value
    if state == "decoded":
        case.source.context.decode()
    for report in case.built().reports:
        assert raw_value(report.data, "PatientName") == before
        assert str(pydicom.dcmread(io.BytesIO(report.data)).PatientName) == name


def test_bytes_that_fit_no_character_set_come_back_as_they_were() -> None:
    source = rc.source_header(slices=8, size=64)
    source.context["PatientName"] = source.context.get_item("PatientName")._replace(
        value=b"M\xfcller^\xff\xfe ", length=10
    )
    case = rc.ReportCase(result=rc.zero(size=64).result, hu=rc.zero(size=64).hu, source=source)
    for report in case.built().reports:
        assert raw_value(report.data, "PatientName") == b"M\xfcller^\xff\xfe "


def test_a_character_set_that_nobody_knows_is_repeated_and_breaks_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns where the test writes and reads
        case = rc.zero(size=64, SpecificCharacterSet="ISO_IR 999")
    built = case.built()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = {ds.SpecificCharacterSet for ds in rc.datasets(built).values()}
    assert written == {"ISO_IR 999"}


@pytest.mark.parametrize("make", [rc.positive, rc.refused])
def test_attributes_that_the_ct_lacks_are_empty_and_never_invented(make: Callable[..., rc.ReportCase]) -> None:
    case = make(size=64, without=(*TYPE_2, "SpecificCharacterSet", "PatientAge", "StudyDescription"))
    for ds in rc.datasets(case.built()).values():
        assert all(keyword in ds and not ds[keyword].value for keyword in TYPE_2)
        assert not {"PatientAge", "StudyDescription", "TimezoneOffsetFromUTC", "EthnicGroup"} & set(ds.dir())


def test_missing_demographics_come_back_empty() -> None:
    blank = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"), "")
    for ds in rc.datasets(rc.positive(size=64, **blank).built()).values():
        assert all(not ds[keyword].value for keyword in blank)
        assert ds.StudyDescription == "CT cardiac calcium score"


def test_requests_go_to_images_and_not_to_reports() -> None:
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepID = "RP1", "SPS1"
    read = rc.datasets(rc.positive(size=64, RequestAttributesSequence=[request]).built())
    assert read["summary.dcm"].RequestAttributesSequence[0].RequestedProcedureID == "RP1"
    assert read["seg.dcm"].RequestAttributesSequence[0].RequestedProcedureID == "RP1"
    assert "RequestAttributesSequence" not in read["sr.dcm"]
    assert "RequestAttributesSequence" not in read["text.dcm"]


def test_the_scanner_is_named_in_the_character_set_of_the_ct() -> None:
    source = rc.source_header(slices=8, size=64, SpecificCharacterSet="ISO_IR 144", PatientName="Люкceмбypг")
    written = "Больница".encode("iso8859_5")
    source.equipment["InstitutionName"] = source.equipment.get_item("InstitutionName")._replace(
        value=written, length=len(written)
    )
    case = rc.ReportCase(result=rc.zero(size=64).result, hu=rc.zero(size=64).hu, source=source)
    for ds in rc.datasets(case.built()).values():
        assert ds.ContributingEquipmentSequence[0].InstitutionName == "Больница"


def test_no_name_is_in_a_file_name() -> None:
    assert not any("Sample" in report.file_name for report in rc.positive(size=64).built().reports)
