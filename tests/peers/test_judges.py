"""Foreign judges over everything that a result is sent as; each judge is also shown to find a fault.

The judges themselves, and how their words are read, stand in tests/judges.py, which is a command too.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, uid

from node.delivery.forms import Form, data_set, other_classes
from node.facts import ReportRole
from tests import judges
from tests.judges import DCENTVFY, DCIODVFY, NotInstalledError, dsrdump_errors, pixelmed_errors, structure_errors
from tests.support import report_case as rc
from tests.support.report_tree import groups, items

pytestmark = pytest.mark.peer

TYPE_2 = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "ReferringPhysicianName")

LATER = replace(
    rc.CHOICES,
    version=2,
    created=rc.CREATED + timedelta(days=1),
    first_created=rc.CREATED,
    predecessors={ReportRole.SR: "1.2.826.0.1.3680043.9.9.1", ReportRole.TEXT: "1.2.826.0.1.3680043.9.9.2"},
)

CASES: dict[str, Callable[[], rc.ReportCase]] = {
    "positive": rc.positive,
    "zero": rc.zero,
    "uncalibrated": lambda: rc.positive(calibrated=False),
    "refused": rc.refused,
    "japanese": lambda: rc.positive(
        size=64,
        SpecificCharacterSet=["", "ISO 2022 IR 87"],
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "cyrillic": lambda: rc.positive(size=64, SpecificCharacterSet="ISO_IR 144", PatientName="Люкceмбypг"),
    "arabic": lambda: rc.positive(size=64, SpecificCharacterSet="ISO_IR 127", PatientName="قباني^لنزار"),
    "no demographics": lambda: rc.positive(size=64, **dict.fromkeys(TYPE_2, "")),
    "no type 2 attributes": lambda: rc.positive(size=64, without=(*TYPE_2, "StudyID", "PatientAge")),
    "300 slices": lambda: rc.positive(size=64, slices=300),
    "new version": rc.positive,
    "enhanced": lambda: rc.positive(size=64, enhanced=True),
    "no frame of reference": lambda: rc.positive(size=64, frame_of_reference_uid=None),
}


def found(judge: Callable[..., list[str]], *paths: Path) -> list[str]:
    """Errors; a judge that is absent finds nothing, so the test is skipped by its name."""
    try:
        return judge(*paths)
    except NotInstalledError as absent:
        pytest.skip(f"{absent} is not installed")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder with every object of a case, made once."""
    folders: dict[str, Path] = {}

    def folder_of(name: str) -> Path:
        if name not in folders:
            choices = LATER if name == "new version" else rc.CHOICES
            folders[name] = _write(tmp_path_factory.mktemp("case"), CASES[name](), choices)
        return folders[name]

    return folder_of


def _write(folder: Path, case: rc.ReportCase, choices: rc.ReportChoices) -> Path:
    for report in case.built(choices).reports:
        (folder / report.file_name).write_bytes(report.data)
    return folder


@pytest.mark.parametrize("build", DCIODVFY)
@pytest.mark.parametrize("name", CASES)
def test_dciodvfy_finds_no_error_in_any_object(written: Callable[[str], Path], name: str, build: str) -> None:
    errors = {path.name: found(DCIODVFY[build].errors, path) for path in _each_kind(written(name))}
    assert not {name: said for name, said in errors.items() if said}


def _each_kind(folder: Path) -> list[Path]:
    """Every object but all overlays save one: they differ by plane and pixels only."""
    overlays = sorted(folder.glob("overlay-*.dcm"))
    return [*(path for path in sorted(folder.glob("*.dcm")) if path not in overlays), *overlays[:1]]


@pytest.mark.parametrize("build", DCENTVFY)
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("enhanced", "no frame of reference")])
def test_dcentvfy_finds_the_objects_and_the_ct_to_agree(
    written: Callable[[str], Path], tmp_path: Path, name: str, build: str
) -> None:
    images = _images(tmp_path, CASES[name]())
    errors = found(DCENTVFY[build].errors, *sorted(written(name).glob("*.dcm")), *images)
    assert [error for error in errors if "3680043.9.9." not in error] == []  # the version before is not there


@pytest.mark.parametrize("build", DCENTVFY)
def test_dcentvfy_finds_two_versions_of_one_series_to_agree(
    written: Callable[[str], Path], tmp_path: Path, build: str
) -> None:
    first = written("positive")
    before = {ReportRole.SR: pydicom.dcmread(first / "sr.dcm").SOPInstanceUID}
    second = _write(tmp_path, CASES["positive"](), replace(LATER, predecessors=before))
    images = _images(tmp_path, CASES["positive"]())
    assert found(DCENTVFY[build].errors, first / "sr.dcm", second / "sr.dcm", *images) == []


def _images(folder: Path, case: rc.ReportCase) -> list[Path]:
    paths = []
    for number, data in enumerate(rc.ct_images(case)):
        paths.append(folder / f"ct-{number}.dcm")
        paths[-1].write_bytes(data)
    return paths


@pytest.mark.parametrize("document", ["sr.dcm", "text.dcm"])
@pytest.mark.parametrize("name", CASES)
def test_dsrdump_reads_every_report(written: Callable[[str], Path], name: str, document: str) -> None:
    assert found(dsrdump_errors, written(name) / document) == []


@pytest.mark.parametrize("name", CASES)
def test_every_group_has_what_viewers_need(written: Callable[[str], Path], name: str) -> None:
    assert structure_errors(written(name) / "sr.dcm") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["positive", "zero", "uncalibrated", "refused", "new version"])
def test_pixelmed_finds_the_template_and_no_error(written: Callable[[str], Path], name: str) -> None:
    """One process compiles its rules for ten seconds: names and the number of slices change nothing that it reads."""
    assert found(pixelmed_errors, written(name) / "sr.dcm") == []


# --------------------------------------------------- the same tree under the classes that an older PACS takes


@pytest.fixture(scope="session", params=other_classes(uid.Comprehensive3DSRStorage), ids=lambda one: uid.UID(one).name)
def rewritten(
    request: pytest.FixtureRequest, written: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The report of the positive case as delivery writes it for such a peer."""
    source, explicit = written("positive") / "sr.dcm", uid.ExplicitVRLittleEndian
    form = Form(
        path=source,
        sop_class=uid.UID(request.param),
        syntax=explicit,
        file_class=uid.Comprehensive3DSRStorage,
        file_syntax=explicit,
    )
    path = tmp_path_factory.mktemp("rewritten") / "sr.dcm"
    pydicom.dcmwrite(path, data_set(form), enforce_file_format=True)
    return path


@pytest.mark.parametrize("build", DCIODVFY)
def test_dciodvfy_finds_no_error_in_a_rewritten_report(rewritten: Path, build: str) -> None:
    assert found(DCIODVFY[build].errors, rewritten) == []


def test_dsrdump_reads_a_rewritten_report(rewritten: Path) -> None:
    assert found(dsrdump_errors, rewritten) == []
    assert structure_errors(rewritten) == []


@pytest.mark.slow
def test_pixelmed_finds_the_template_in_a_rewritten_report(rewritten: Path) -> None:
    assert found(pixelmed_errors, rewritten) == []


# ------------------------------------------------- a judge that finds nothing must be shown to find something


def _without_a_value(sr: Dataset) -> None:
    num = next(item for item in items(sr) if item.ValueType == "NUM")
    del num.MeasuredValueSequence[0].NumericValue


def _without_a_unit(sr: Dataset) -> None:
    num = next(item for item in items(sr) if item.ValueType == "NUM")
    del num.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue


def _without_regions(sr: Dataset) -> None:
    for group in groups(sr)[1:]:
        group.ContentSequence = [item for item in group.ContentSequence if item.ValueType != "SCOORD"]


def _broken(path: Path, break_it: Callable[[Dataset], None], folder: Path) -> Path:
    ds = pydicom.dcmread(path)
    break_it(ds)
    ds.save_as(folder / "broken.dcm")
    return folder / "broken.dcm"


@pytest.mark.parametrize("fault", [_without_a_value, _without_a_unit])
@pytest.mark.parametrize("build", DCIODVFY)
def test_dciodvfy_finds_a_number_without_value_or_unit(
    written: Callable[[str], Path], tmp_path: Path, build: str, fault: Callable[[Dataset], None]
) -> None:
    assert found(DCIODVFY[build].errors, _broken(written("positive") / "sr.dcm", fault, tmp_path))


@pytest.mark.parametrize("build", DCIODVFY)
def test_dciodvfy_finds_a_capture_without_its_body_part(
    written: Callable[[str], Path], tmp_path: Path, build: str
) -> None:
    def break_it(ds: Dataset) -> None:
        del ds.BodyPartExamined

    assert found(DCIODVFY[build].errors, _broken(written("positive") / "summary.dcm", break_it, tmp_path))


@pytest.mark.parametrize("fault", [_without_a_value, _without_a_unit])
def test_dsrdump_finds_a_number_without_value_or_unit(
    written: Callable[[str], Path], tmp_path: Path, fault: Callable[[Dataset], None]
) -> None:
    assert found(dsrdump_errors, _broken(written("positive") / "sr.dcm", fault, tmp_path))


@pytest.mark.parametrize("build", DCENTVFY)
def test_dcentvfy_finds_another_series_date(written: Callable[[str], Path], tmp_path: Path, build: str) -> None:
    def break_it(ds: Dataset) -> None:
        ds.SeriesDate, ds.SOPInstanceUID = "20260103", "1.2.3"

    whole, images = written("positive") / "sr.dcm", _images(tmp_path, CASES["positive"]())
    errors = found(DCENTVFY[build].errors, whole, _broken(whole, break_it, tmp_path), *images)
    assert any("SeriesDate" in error for error in errors)


@pytest.mark.slow
def test_pixelmed_finds_a_number_without_value(written: Callable[[str], Path], tmp_path: Path) -> None:
    assert found(pixelmed_errors, _broken(written("positive") / "sr.dcm", _without_a_value, tmp_path))


def test_a_crash_of_pixelmed_is_no_praise_although_it_ends_with_0(
    written: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Java's own limits on XPath it stops with a stack trace, and its exit status is 0."""
    monkeypatch.setattr(judges, "LIMITS", [])
    errors = found(pixelmed_errors, written("positive") / "sr.dcm")
    assert "it did not say: IOD validation complete" in errors


@pytest.mark.parametrize("build", DCIODVFY)
def test_a_group_without_regions_pleases_the_judges_and_not_our_own(
    written: Callable[[str], Path], tmp_path: Path, build: str
) -> None:
    broken = _broken(written("positive") / "sr.dcm", _without_regions, tmp_path)
    assert found(DCIODVFY[build].errors, broken) == []
    assert structure_errors(broken) == [f"measurement group {number} has no image region" for number in (2, 3, 4)]


# ------------------------------------------------------------------------------------------ the command


def test_the_command_ends_with_1_and_names_the_object_and_the_judge(
    written: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_it(ds: Dataset) -> None:
        del ds.BodyPartExamined

    _broken(written("positive") / "summary.dcm", break_it, tmp_path)
    monkeypatch.setattr("sys.argv", ["judges", str(tmp_path)])
    assert judges.main() == 1
    said = capsys.readouterr().out
    assert "broken.dcm, dciodvfy wheel: Error" in said
    assert "1 objects, " in said


def test_a_judge_that_is_absent_is_an_error_of_the_command(
    written: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "summary.dcm").write_bytes((written("positive") / "summary.dcm").read_bytes())
    monkeypatch.setitem(judges.ONE, "dciodvfy debian", judges.Tool(Path("/nowhere/dciodvfy")).errors)
    verdicts = {one.judge: one.errors for one in judges.judged(tmp_path)}
    assert verdicts["dciodvfy debian"] == ["not installed: /nowhere/dciodvfy"]


def test_a_folder_without_objects_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["judges", str(tmp_path)])
    assert judges.main() == 1
