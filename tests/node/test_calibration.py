"""The site's calibration file: read, checked in sentences, and carried to the score by the one way through."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from node.calibration import SCHEMA, calibrations_of, read_calibrations
from node.pipeline.series_job import JobRequest, request_for
from node.settings import Settings, SettingsError, load
from scoring.protocol import CalibrationEntry, CalibrationSource

ENTRY: dict[str, Any] = {
    "manufacturer": "TOSHIBA",
    "model": "Aquilion ONE",
    "station": None,
    "kvp": 120,
    "kernel": "FC12",
    "patient_size": "large",
    "mg_per_mm3_hu": 0.000722,
    "measured_on": "2026-03-01",
    "source": "phantom QA",
}


def put(folder: Path, entries: list[dict[str, Any]], **more: Any) -> Path:
    path = folder / "calibration.json"
    path.write_text(json.dumps({"schema": SCHEMA, "entries": entries} | more))
    return path


def test_an_entry_comes_over_whole(tmp_path: Path) -> None:
    (entry,) = read_calibrations(put(tmp_path, [ENTRY]))
    assert entry == CalibrationEntry(
        manufacturer="TOSHIBA",
        model="Aquilion ONE",
        kvp=120.0,
        kernel="FC12",
        patient_size="large",
        mg_per_mm3_hu=0.000722,
        measured_on=date(2026, 3, 1),
        source=CalibrationSource.PHANTOM_QA,
    )


def test_a_factor_per_cm3_is_understood_and_an_empty_list_is_no_fault(tmp_path: Path) -> None:
    (entry,) = read_calibrations(put(tmp_path, [ENTRY | {"mg_per_mm3_hu": 0.722}]))
    assert entry.mg_per_mm3_hu == pytest.approx(0.000722)
    assert read_calibrations(put(tmp_path, [])) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mg_per_mm3_hu": 722}, "entry 2, mg_per_mm3_hu: 722 is no factor per mm3"),
        ({"mg_per_mm3_hu": float("nan")}, "entry 2, mg_per_mm3_hu: nan is no factor"),
        ({"kvp": 1.2}, "entry 2, kvp: "),
        ({"kernel": ""}, "entry 2, kernel: "),
        ({"model": "  "}, "entry 2, model: "),
        ({"patient_size": "huge"}, "entry 2, patient_size: "),
        ({"measured_on": "01.03.2026"}, "entry 2, measured_on: "),
        ({"source": "hearsay"}, "entry 2, source: "),
        ({"factor": 1}, "entry 2, factor: "),
    ],
)
def test_what_is_wrong_with_an_entry_is_one_sentence(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as fault:
        read_calibrations(put(tmp_path, [ENTRY, ENTRY | change]))
    (sentence,) = fault.value.sentences
    assert sentence.startswith("[score] calibration, file calibration.json: ")
    assert says in sentence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no such file"),
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "valid dictionary"),
        ('{"schema": "calcium-node.calibration/2", "entries": []}', "schema: "),
        ('{"entries": []}', "schema: "),
        ('{"schema": "calcium-node.calibration/1"}', "entries: "),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "calibration.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError) as fault:
        read_calibrations(path)
    (sentence,) = fault.value.sentences
    assert says in sentence


def settings(tmp_path: Path, path: Path | str) -> Settings:
    file = tmp_path / "node.toml"
    file.write_text(f'[score]\ncalibration = "{path}"\n')
    return load(file, {})


def request(chosen: Settings) -> JobRequest:
    return request_for(
        chosen,
        paths=(),
        study_instance_uid=None,
        series_instance_uid="1.2",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        software_version="0",
    )


def test_without_the_key_there_is_no_calibration(tmp_path: Path) -> None:
    assert calibrations_of(settings(tmp_path, "")) == ()
    assert request(settings(tmp_path, "")).calibrations == ()


def test_the_entries_reach_the_child_that_scores(tmp_path: Path) -> None:
    made = request(settings(tmp_path, put(tmp_path, [ENTRY])))
    assert JobRequest.model_validate_json(made.model_dump_json()) == made
    assert [entry.mg_per_mm3_hu for entry in made.calibrations] == [0.000722]
    assert made.calibration_fault is None


def test_a_file_that_broke_since_the_start_does_not_stop_a_job_and_is_said(tmp_path: Path) -> None:
    made = request(settings(tmp_path, tmp_path / "gone.json"))
    assert made.calibrations == ()
    assert made.calibration_fault is not None
    assert "gone.json: there is no such file" in made.calibration_fault
