"""Foreign judges over everything that a result is sent as; each judge is also shown to find a fault.

The exit status of dciodvfy, dcentvfy and PixelMed's validator says nothing: their words are read.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from node.facts import ReportRole
from tests.support import report_case as rc
from tests.support.report_tree import groups, items

pytestmark = pytest.mark.peer

BESIDE_PYTHON = Path(sys.executable).parent
PIXELMED = Path("/usr/share/java/pixelmed.jar")
LIMITS = [f"-Djdk.xml.{name}=0" for name in ("xpathExprGrpLimit", "xpathExprOpLimit", "xpathTotalOpLimit")]


@dataclass(frozen=True)
class Tool:
    """One program; the two builds of a judge have one name, so each is called by its path."""

    path: Path

    def said(self, *arguments: object) -> str:
        """All it printed; a judge that is absent finds nothing, so the test is skipped by name."""
        if not self.path.exists():
            pytest.skip(f"{self.path} is not installed")
        command = [str(self.path), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
        return (done.stdout + done.stderr).decode(errors="replace")

    def errors(self, *arguments: object) -> list[str]:
        """Lines that start with Error."""
        return [line for line in self.said(*arguments).splitlines() if line.startswith("Error")]


DCIODVFY = {"wheel": Tool(BESIDE_PYTHON / "dciodvfy"), "debian": Tool(Path("/usr/bin/dciodvfy"))}
DCENTVFY = {"wheel": Tool(BESIDE_PYTHON / "dcentvfy"), "debian": Tool(Path("/usr/bin/dcentvfy"))}

TYPE_2 = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "ReferringPhysicianName")

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
    "enhanced": lambda: rc.positive(size=64, enhanced=True),
    "no frame of reference": lambda: rc.positive(size=64, frame_of_reference_uid=None),
}


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder with every object of a case, made once."""
    folders: dict[str, Path] = {}

    def folder_of(name: str) -> Path:
        if name not in folders:
            case = CASES[name]()
            folders[name] = _write(tmp_path_factory.mktemp("case"), case, rc.CHOICES)
        return folders[name]

    return folder_of


def _write(folder: Path, case: rc.ReportCase, choices: rc.ReportChoices) -> Path:
    for report in case.built(choices).reports:
        (folder / report.file_name).write_bytes(report.data)
    return folder


@pytest.mark.parametrize("build", DCIODVFY)
@pytest.mark.parametrize("name", CASES)
def test_dciodvfy_finds_no_error_in_any_object(written: Callable[[str], Path], name: str, build: str) -> None:
    found = {path.name: DCIODVFY[build].errors(path) for path in _each_kind(written(name))}
    assert not {name: errors for name, errors in found.items() if errors}


def _each_kind(folder: Path) -> list[Path]:
    """Every object but all overlays save one: they differ by plane and pixels only."""
    overlays = sorted(folder.glob("overlay-*.dcm"))
    return [*(path for path in sorted(folder.glob("*.dcm")) if path not in overlays), *overlays[:1]]


@pytest.mark.parametrize("build", DCENTVFY)
@pytest.mark.parametrize("name", ["positive", "japanese"])
def test_dcentvfy_finds_the_objects_and_the_ct_to_agree(
    written: Callable[[str], Path], tmp_path: Path, name: str, build: str
) -> None:
    images = _images(tmp_path, CASES[name]())
    assert DCENTVFY[build].errors(*sorted(written(name).glob("*.dcm")), *images) == []


@pytest.mark.parametrize("build", DCENTVFY)
def test_dcentvfy_finds_two_versions_of_one_series_to_agree(
    written: Callable[[str], Path], tmp_path: Path, build: str
) -> None:
    first = written("positive")
    later = replace(
        rc.CHOICES,
        version=2,
        created=rc.CREATED + timedelta(days=1),
        first_created=rc.CREATED,
        predecessors={ReportRole.SR: pydicom.dcmread(first / "sr.dcm").SOPInstanceUID},
    )
    second = _write(tmp_path, CASES["positive"](), later)
    images = _images(tmp_path, CASES["positive"]())
    assert DCENTVFY[build].errors(first / "sr.dcm", second / "sr.dcm", *images) == []
    assert DCIODVFY[build].errors(second / "sr.dcm") == []


def _images(folder: Path, case: rc.ReportCase) -> list[Path]:
    paths = []
    for number, data in enumerate(rc.ct_images(case)):
        paths.append(folder / f"ct-{number}.dcm")
        paths[-1].write_bytes(data)
    return paths


@pytest.mark.parametrize("document", ["sr.dcm", "text.dcm"])
@pytest.mark.parametrize("name", CASES)
def test_dsrdump_reads_every_report(written: Callable[[str], Path], name: str, document: str) -> None:
    assert _dsrdump(written(name) / document) == 0


def _dsrdump(path: Path) -> int:
    if not shutil.which("dsrdump"):
        pytest.skip("dsrdump is not installed")
    return subprocess.run(["dsrdump", "-q", path], capture_output=True, check=False, timeout=60).returncode


@pytest.mark.parametrize("name", ["positive", "refused"])
def test_pixelmed_finds_the_template_and_no_error(written: Callable[[str], Path], name: str) -> None:
    said = _pixelmed(written(name) / "sr.dcm")
    assert not [line for line in said.splitlines() if line.startswith("Error")]
    for sentence in (
        "Found Root Template TID_1500 (MeasurementReport)",
        "Root Template Validation Complete",
        "IOD validation complete",
    ):
        assert sentence in said


def _pixelmed(path: Path) -> str:
    java = shutil.which("java")
    if not (PIXELMED.exists() and java):
        pytest.skip("PixelMed's validator is not installed")
    return Tool(Path(java)).said(*LIMITS, "-cp", PIXELMED, "com.pixelmed.validate.DicomSRValidator", path)


# ------------------------------------------------- a judge that finds nothing must be shown to find something


def _without_a_value(sr: Dataset) -> None:
    num = next(item for item in items(sr) if item.ValueType == "NUM")
    del num.MeasuredValueSequence[0].NumericValue


def _without_a_unit(sr: Dataset) -> None:
    num = next(item for item in items(sr) if item.ValueType == "NUM")
    del num.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue


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
    assert DCIODVFY[build].errors(_broken(written("positive") / "sr.dcm", fault, tmp_path))


@pytest.mark.parametrize("build", DCIODVFY)
def test_dciodvfy_finds_a_capture_without_its_body_part(
    written: Callable[[str], Path], tmp_path: Path, build: str
) -> None:
    def break_it(ds: Dataset) -> None:
        del ds.BodyPartExamined

    assert DCIODVFY[build].errors(_broken(written("positive") / "summary.dcm", break_it, tmp_path))


@pytest.mark.parametrize("fault", [_without_a_value, _without_a_unit])
def test_dsrdump_finds_a_number_without_value_or_unit(
    written: Callable[[str], Path], tmp_path: Path, fault: Callable[[Dataset], None]
) -> None:
    assert _dsrdump(_broken(written("positive") / "sr.dcm", fault, tmp_path)) != 0


@pytest.mark.parametrize("build", DCENTVFY)
def test_dcentvfy_finds_another_series_date(written: Callable[[str], Path], tmp_path: Path, build: str) -> None:
    def break_it(ds: Dataset) -> None:
        ds.SeriesDate, ds.SOPInstanceUID = "20260103", "1.2.3"

    whole, images = written("positive") / "sr.dcm", _images(tmp_path, CASES["positive"]())
    found = DCENTVFY[build].errors(whole, _broken(whole, break_it, tmp_path), *images)
    assert any("SeriesDate" in error for error in found)


def test_pixelmed_finds_a_number_without_value(written: Callable[[str], Path], tmp_path: Path) -> None:
    said = _pixelmed(_broken(written("positive") / "sr.dcm", _without_a_value, tmp_path))
    assert [line for line in said.splitlines() if line.startswith("Error")]


def test_what_no_judge_notices_our_own_tests_do(written: Callable[[str], Path], tmp_path: Path) -> None:
    """A group that lost its regions pleases every judge: hence the structural tests in tests/node/reports."""

    def break_it(ds: Dataset) -> None:
        for group in groups(ds)[1:]:
            group.ContentSequence = [item for item in group.ContentSequence if item.ValueType != "SCOORD"]

    assert DCIODVFY["wheel"].errors(_broken(written("positive") / "sr.dcm", break_it, tmp_path)) == []
