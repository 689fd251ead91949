"""`calcium-node qa`: answers, files that it writes, exit statuses."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from node.calibration import read_calibrations
from node.cli.app import app
from node.cli.qa_calibration import CalibrationNotWrittenError, entry_of, put_entry
from node.facts import CalciumNodeError
from node.settings import SettingsError
from scoring.volume import Volume
from tests.support.qrm_phantom import QrmScan, write_scan, write_volume
from tests.support.shared import needs_shared, shared_folder

SCAN = QrmScan(size="medium", noise_sd_hu=12.0, turned_degrees=10.0, pixel_mm=0.6, matrix=200)
CONTRACT = {
    "inserts", "noise_sd_hu", "calibration_mg_per_mm3_hu", "verdict", "sentences", "protocol", "scanner", "series_uid"
}  # fmt: skip
OF_AN_INSERT = {
    "density_mg_cm3", "diameter_mm", "agatston", "volume_mm3", "mass_mg", "mean_hu", "centre_lps_mm", "known_mass_mg",
    "mass_error_percent",
}  # fmt: skip


def qa(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["qa", *map(str, words)], env={"COLUMNS": "200"})


def answer_of(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One scan of the drawn phantom."""
    made = tmp_path_factory.mktemp("phantom")
    write_scan(SCAN, made)
    return made


@pytest.fixture(scope="module")
def answer(folder: Path) -> dict[str, Any]:
    """What the command says of it."""
    file = folder.parent / "answer.json"
    assert qa(folder, "--preset", "ge", "--json", file).exit_code == 0
    return answer_of(file)


@needs_shared
@pytest.mark.real_data
def test_the_published_scan_gives_table_picture_and_calibration(tmp_path: Path) -> None:
    json_file, png, calibration = (tmp_path / name for name in ("qa.json", "qa.png", "calibration.json"))
    done = qa(
        shared_folder() / "data" / "qrm-canon", "--preset", "ge", "--factor", "0.7220477e-3",
        "--json", json_file, "--png", png, "--calibration", calibration,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for figure in ("402.94", "302.20", "94.77", "78.54", "+20.7", "434.3", "0.0007220", "warn"):
        assert figure in done.stdout
    answer = answer_of(json_file)
    figures = [[round(one[key], 2) for key in ("agatston", "volume_mm3", "mass_mg")] for one in answer["inserts"]]
    assert figures == [
        [402.94, 302.20, 94.77], [88.11, 82.16, 20.90], [6.19, 9.29, 1.14],
        [238.38, 216.47, 47.79], [69.54, 58.58, 10.88], [0.0, 0.0, 0.0],
        [138.60, 167.18, 25.37], [22.86, 34.29, 4.75], [0.0, 0.0, 0.0],
    ]  # fmt: skip
    assert answer["calibration_mg_per_mm3_hu"] == pytest.approx(0.7220477e-3, rel=0.01)
    assert answer["scanner"] == {"manufacturer": "TOSHIBA", "model": "Aquilion ONE", "kvp": 120.0, "kernel": "FC12"}
    (entry,) = read_calibrations(calibration)
    assert (entry.model, entry.station, entry.patient_size) == ("Aquilion ONE", None, None)
    assert entry.measured_on.isoformat() == "2016-02-11"
    with Image.open(png) as picture:
        assert picture.size == (1480, 1200)


def test_the_json_has_every_key_of_the_contract(answer: dict[str, Any]) -> None:
    assert set(answer) >= CONTRACT
    assert [(one["density_mg_cm3"], one["diameter_mm"]) for one in answer["inserts"]] == [
        (density, diameter) for density in (800, 400, 200) for diameter in (5, 3, 1)
    ]
    assert all(set(one) >= OF_AN_INSERT for one in answer["inserts"])
    assert answer["verdict"] in ("pass", "warn", "fail")
    for insert in answer["inserts"]:
        wanted = SCAN.insert_lps_mm(insert["density_mg_cm3"], insert["diameter_mm"])
        assert np.linalg.norm(np.subtract(insert["centre_lps_mm"], wanted)) < 1.0


def test_json_on_standard_output_is_alone_there(folder: Path) -> None:
    done = qa(folder, "--json", "-")
    assert json.loads(done.stdout)["protocol"]["preset"] == "literature"


def test_the_series_with_the_phantom_is_taken_and_the_others_are_named(tmp_path: Path) -> None:
    both = tmp_path / "study"
    write_scan(SCAN, both / "phantom", SeriesInstanceUID="1.2.3.4")
    water = Volume(hu=np.full((5, 40, 40), 20, np.int16), voxel_to_lps_mm=np.eye(4)[[2, 1, 0, 3]].copy())
    write_volume(water, SCAN.acquisition, both / "water", SeriesInstanceUID="1.2.3.5")
    done = qa(both, "--json", tmp_path / "qa.json")
    assert done.exit_code == 0
    assert answer_of(tmp_path / "qa.json")["series_uid"] == "1.2.3.4"
    assert "measured in series 1.2.3.4" in done.stderr
    assert "1.2.3.5: left out: the images show no QRM" in done.stderr


def test_no_phantom_is_refused_in_words(tmp_path: Path) -> None:
    water = Volume(hu=np.full((5, 40, 40), 20, np.int16), voxel_to_lps_mm=np.eye(4)[[2, 1, 0, 3]].copy())
    write_volume(water, SCAN.acquisition, tmp_path)
    done = qa(tmp_path, "--json", tmp_path / "qa.json")
    assert done.exit_code == 3
    assert "no phantom found" in done.stderr
    assert not (tmp_path / "qa.json").exists()


def test_images_that_cannot_be_decoded_fail(tmp_path: Path) -> None:
    write_scan(SCAN, tmp_path, Rows=900)
    done = qa(tmp_path)
    assert done.exit_code == 1
    assert "not readable" in done.stderr


def test_a_folder_without_images_fails_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image here")
    done = qa(tmp_path)
    assert done.exit_code == 1
    assert "No CT series found" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--connectivity", "6"),
        ("--preset", "agatston"),
        ("--factor", "0.2"),
        ("--size", "huge"),
        ("--png", "no-such-folder/a.png"),
        ("--json", "no-such-folder/a.json"),
    ],
)
def test_a_wrong_word_is_a_usage_error_before_any_work(folder: Path, words: tuple[str, ...]) -> None:
    assert qa(folder, *words).exit_code == 2


def changed(answer: dict[str, Any], file: Path, **changes: Any) -> Path:
    file.write_text(json.dumps(answer | changes))
    return file


def test_the_same_scan_passes_against_itself(folder: Path, answer: dict[str, Any], tmp_path: Path) -> None:
    earlier, later = changed(answer, tmp_path / "earlier.json"), tmp_path / "later.json"
    assert qa(folder, "--preset", "ge", "--baseline", earlier, "--json", later).exit_code == 0
    assert answer_of(later)["verdict"] == "pass"
    assert answer_of(later)["compared_with_baseline"]


def test_a_scan_far_from_its_baseline_fails(folder: Path, answer: dict[str, Any], tmp_path: Path) -> None:
    inserts = [one | {"agatston": one["agatston"] * 1.5} for one in answer["inserts"]]
    earlier = changed(answer, tmp_path / "earlier.json", inserts=inserts)
    done = qa(folder, "--preset", "ge", "--baseline", earlier)
    assert done.exit_code == 1
    assert "-33.3 % against the baseline" in done.stdout


def test_a_baseline_of_another_scanner_is_refused_in_words(
    folder: Path, answer: dict[str, Any], tmp_path: Path
) -> None:
    other = changed(answer, tmp_path / "other.json", scanner=answer["scanner"] | {"kernel": "B20f"})
    later = tmp_path / "later.json"
    qa(folder, "--preset", "ge", "--baseline", other, "--json", later)
    said = answer_of(later)
    assert not said["compared_with_baseline"]
    assert "not compared with the baseline: kernel B20f then, B35f now" in said["sentences"]


@pytest.mark.parametrize("content", ["{}", "no json", '{"schema": "calcium-node.score/1", "results": []}'])
def test_a_file_that_is_no_baseline_is_said_so(folder: Path, tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content)
    done = qa(folder, "--baseline", file)
    assert done.exit_code == 1
    assert isinstance(done.exception, CalciumNodeError)
    assert "other.json is no answer of calcium-node qa" in done.exception.sentence


def test_a_mass_without_a_factor_is_called_uncalibrated(tmp_path: Path) -> None:
    write_scan(replace(SCAN, rods=False), tmp_path / "scan")
    done = qa(tmp_path / "scan", "--json", tmp_path / "qa.json", "--calibration", tmp_path / "calibration.json")
    assert done.exit_code == 1
    assert "does not show the rods" in done.stderr
    assert "uncalibrated" in done.stdout
    answer = answer_of(tmp_path / "qa.json")
    assert answer["calibration_mg_per_mm3_hu"] is None
    assert answer["mass_factor"] == {
        "mg_per_mm3_hu": 0.00075, "source": "none: uncalibrated equivalent", "calibrated": False
    }  # fmt: skip


def test_a_failed_scan_writes_no_calibration(tmp_path: Path) -> None:
    write_scan(QrmScan(missing=((200, 3),), pixel_mm=0.6, matrix=200), tmp_path / "scan")
    done = qa(tmp_path / "scan", "--calibration", tmp_path / "calibration.json")
    assert done.exit_code == 1
    assert "no calibration is written: the scan failed" in done.stderr
    assert not (tmp_path / "calibration.json").exists()


def test_an_entry_is_replaced_by_the_same_and_stands_beside_another(answer: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    first = entry_of(answer, date(2026, 1, 2))
    assert put_entry(file, first) == "added an entry"
    assert put_entry(file, first | {"kernel": "B20f"}) == "added an entry"
    assert put_entry(file, first | {"source": "scanner table"}) == "added an entry"
    assert put_entry(file, first | {"mg_per_mm3_hu": 0.0008}) == "replaced an earlier entry"
    entries = read_calibrations(file)
    assert [(entry.kernel, entry.mg_per_mm3_hu) for entry in entries][-1] == ("B35f", 0.0008)
    assert len(entries) == 3


def test_a_file_that_is_no_calibration_is_left_as_it_is(answer: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "precious.json"
    file.write_text('{"mine": 1}')
    with pytest.raises(SettingsError, match="precious"):
        put_entry(file, entry_of(answer, date(2026, 1, 2)))
    assert file.read_text() == '{"mine": 1}'


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": "fail"}, "the scan failed"),
        ({"calibration_mg_per_mm3_hu": None}, "does not show the rods"),
        (
            {"scanner": {"manufacturer": "", "model": "", "kvp": None, "kernel": "B35f"}},
            "manufacturer and model and kvp",
        ),
    ],
)
def test_there_is_no_entry_without_what_it_holds_for(
    answer: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(CalibrationNotWrittenError, match=said):
        entry_of(answer | changes, date(2026, 1, 2))
