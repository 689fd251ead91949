"""The command line: exit status, answers on standard output, sentences on standard error."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import WrittenPhantom

HEAVY = ("numpy", "pydicom", "pynetdicom", "sqlalchemy", "dbos", "structlog", "highdicom", "scipy")


def calcium(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "node.cli", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3]), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False, timeout=120)


def test_help_loads_no_heavy_library() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "node.cli", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in said.splitlines()}
    assert not loaded & set(HEAVY)


def test_an_unknown_word_is_a_usage_error() -> None:
    assert calcium("scroe").returncode == 2


@pytest.mark.parametrize(
    ("words", "percentile"),
    [
        (("--score", "0", "--age", "55", "--sex", "M", "--ethnic-group", "white"), 0),
        (("--score", "35", "--age", "46", "--sex", "F", "--ethnic-group", "chinese"), 97),
        (("--score", "120", "--age", "62", "--sex", "F", "--ethnic-group", "black"), 91),
    ],
    ids=["no calcium is the 0th", "46 F Chinese 35 is the 97th", "62 F black 120 is the 91st"],
)
def test_risk_answers_with_the_percentile_of_the_population(words: tuple[str, ...], percentile: int) -> None:
    answer = json.loads(calcium("risk", *words, "--json", "-").stdout)
    assert answer["percentile"]["value"] == percentile


def test_risk_outside_the_table_is_withheld_with_the_reason() -> None:
    answer = json.loads(calcium("risk", "--score", "50", "--age", "30", "--sex", "M", "--json", "-").stdout)
    assert answer["percentile"] is None
    assert "45" in answer["percentile_withheld"]


@pytest.mark.parametrize(
    ("words", "percentile"),
    [
        (("--score", "450", "--age", "70", "--sex", "M", "--ethnic-group", "hispanic"), "84th (MESA, men, Hispanic"),
        (("--score", "1200", "--age", "72", "--sex", "M", "--ethnic-group", "white"), "85th (MESA, men, white"),
        (("--score", "15", "--age", "52", "--sex", "M", "--percentile", "hoff"), "50th to 75th (Hoff, men of 50–54"),
        (("--score", "50", "--age", "30", "--sex", "M"), "no percentile: the age of 30 years is outside MESA (45–84)"),
        (("--score", "50", "--age", "60", "--sex", "O"), "no percentile: the sex is not stated as M or F"),
    ],
)
def test_risk_tells_a_person_the_percentile_or_why_there_is_none(words: tuple[str, ...], percentile: str) -> None:
    done = calcium("risk", *words)
    assert done.returncode == 0
    assert percentile in done.stdout
    assert "not for people with diabetes" in done.stdout
    assert "no advice" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--score", "-1"), "an Agatston score is a number of 0 or more, got -1"),
        (("--score", "nan"), "an Agatston score is a number of 0 or more, got nan"),
        (("--score", "10", "--age", "200"), "an age is 0 to 120 years, got 200"),
        (("--score", "10", "--sex", "X"), "X is none of M, F and O"),
        (("--score", "10", "--ethnic-group", "martian"), "martian is none of black, white, hispanic, chinese"),
        (("--score", "10", "--percentile", "javaid"), "javaid is none of mesa, hoff, none"),
    ],
)
def test_risk_tells_a_wrong_input_in_a_sentence(words: tuple[str, ...], says: str) -> None:
    done = calcium("risk", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr


CLINICAL = (
    "--total-cholesterol", "190", "--hdl", "50", "--systolic", "130", "--no-lipid-medication", "--bp-medication",
    "--no-smoker", "--no-family-history",
)  # fmt: skip
HISPANIC_70 = ("--score", "0", "--age", "70", "--sex", "M", "--ethnic-group", "hispanic")


def test_risk_gives_the_mesa_risk_only_with_all_of_its_inputs() -> None:
    whole = json.loads(calcium("risk", *HISPANIC_70, *CLINICAL, "--no-diabetes", "--json", "-").stdout)
    assert whole["mesa_chd_risk_percent"] == pytest.approx(3.059, abs=6e-4)
    short = json.loads(calcium("risk", *HISPANIC_70, *CLINICAL, "--json", "-").stdout)
    assert short["mesa_chd_risk_percent"] is None
    assert short["mesa_chd_risk_withheld"].endswith("--diabetes is missing")
    none = json.loads(calcium("risk", *HISPANIC_70, "--json", "-").stdout)
    assert (none["mesa_chd_risk_percent"], none["mesa_chd_risk_withheld"]) == (None, None)


def test_risk_takes_no_cholesterol_in_another_unit() -> None:
    done = calcium("risk", *HISPANIC_70, *CLINICAL, "--no-diabetes", "--hdl", "1.3")
    assert done.returncode == 2
    assert "hdl_mg_dl is 1.3" in done.stderr


def test_risk_gives_no_arterial_age_to_a_person_with_diabetes() -> None:
    answer = json.loads(calcium("risk", *HISPANIC_70, *CLINICAL, "--diabetes", "--json", "-").stdout)
    assert answer["arterial_age_years"] is None
    assert "diabetes" in answer["arterial_age_withheld"]
    assert answer["mesa_chd_risk_percent"] > 3.059


def test_an_empty_folder_fails_with_a_sentence(tmp_path: Path) -> None:
    done = calcium("score", str(tmp_path))
    assert done.returncode == 1
    assert "No CT series found" in done.stderr


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = calcium("score", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "there is no such file or folder" in done.stderr


def test_a_file_that_is_no_dicom_fails_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "letter.dcm").write_text("Dear colleague")
    done = calcium("score", str(tmp_path))
    assert done.returncode == 1
    assert "letter.dcm" in done.stderr


def test_config_check_says_which_key_is_near(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text("[intake]\nquiet_second = 3\n")
    done = calcium("config", "check", str(file))
    assert done.returncode == 1
    assert "quiet_second is not a key that calcium-node knows; did you mean quiet_seconds?" in done.stderr


def test_a_missing_calibration_file_is_told_by_config_check_and_at_start(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text(f'[node]\ndata = "{tmp_path / "data"}"\n[score]\ncalibration = "{tmp_path / "gone.json"}"\n')
    for words in (("config", "check", str(file)), ("serve", "--config", str(file))):
        done = calcium(*words)
        assert done.returncode == 1
        assert "[score] calibration, file gone.json: there is no such file" in done.stderr
        assert "Traceback" not in done.stderr


def test_config_check_finds_no_fault_in_the_shipped_file() -> None:
    shipped = Path(__file__).parents[3] / "config" / "node.toml"
    assert calcium("config", "check", str(shipped)).returncode == 0


def test_config_show_keeps_the_password_to_itself(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text('[database]\nurl = "postgresql+psycopg://calcium:secret@127.0.0.1/x"\n')
    done = calcium("config", "show", str(file))
    assert done.returncode == 0
    assert "secret" not in done.stdout


def test_serve_on_a_taken_port_says_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file = tmp_path / "node.toml"
        file.write_text(
            f'[node]\ndata = "{tmp_path / "data"}"\n[receive]\nhost = "127.0.0.1"\nport = {port}\n[web]\nport = 0\n'
        )
        done = calcium("serve", "--config", str(file))
    assert done.returncode == 1
    assert str(port) in done.stderr.strip().splitlines()[-1]


def test_serve_on_a_data_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    file = tmp_path / "node.toml"
    file.write_text(f'[node]\ndata = "{tmp_path / "file" / "data"}"\n')
    done = calcium("serve", "--config", str(file))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_an_unknown_role_is_a_usage_error() -> None:
    assert calcium("serve", "--role", "scorer").returncode == 2


def test_echo_to_a_port_where_nothing_answers_fails_with_the_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = calcium("echo", f"PACS@127.0.0.1:{port}")
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr


def test_a_peer_of_the_wrong_form_is_a_usage_error() -> None:
    done = calcium("echo", "127.0.0.1:104")
    assert done.returncode == 2
    assert "AE@host:port" in done.stderr


def test_jobs_of_a_new_node_are_an_empty_list(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text(f'[node]\ndata = "{tmp_path / "data"}"\n')
    assert json.loads(calcium("jobs", "list", "--config", str(file), "--json", "-").stdout) == []
    assert json.loads(calcium("deliveries", "list", "--config", str(file), "--json", "-").stdout) == []


def test_doctor_names_what_is_wrong_and_what_is_well(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead, free = probe.getsockname()[1], tmp_path / "node.toml"
    free.write_text(
        f'[node]\ndata = "{tmp_path / "data"}"\nminimum_free_megabytes = 1\n'
        f'[receive]\nhost = "127.0.0.1"\nport = {dead}\n'
        f'[[destinations]]\nname = "pacs"\nae_title = "PACS"\nhost = "127.0.0.1"\nport = {dead}\n'
    )
    done = calcium("doctor", "--config", str(free), "--json", "-")
    checks = {check["check"]: check for check in json.loads(done.stdout)}
    assert done.returncode == 1
    assert checks["data folder"]["ok"]
    assert not checks["pacs: C-ECHO"]["ok"]


def test_phantom_writes_cases_with_their_truth(tmp_path: Path) -> None:
    done = calcium("phantom", "--out", str(tmp_path / "cases"), "--seed", "3")
    assert done.returncode == 0, done.stderr
    truth = json.loads((tmp_path / "cases" / "case-000" / "truth.json").read_text())
    assert set(truth["vessels"]) == {"LM", "LAD", "LCX", "RCA"}
    assert any((tmp_path / "cases" / "case-000" / "dicom").iterdir())


def test_score_explains_each_series_in_a_folder_of_its_own(tmp_path: Path, phantom_series: WrittenPhantom) -> None:
    done = calcium("score", str(phantom_series.folder), "--explain", str(tmp_path / "why"), "--json", "-")
    assert done.returncode == 0
    pages = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.png"))
    assert pages[0] == Path("why", phantom_series.series_uid, "explain-01.png")


def test_the_segmentation_that_came_back_gives_the_same_numbers(tmp_path: Path, phantom_series: WrittenPhantom) -> None:
    folder = str(phantom_series.folder)
    first = json.loads(calcium("score", folder, "--out", str(tmp_path), "--json", "-").stdout)["results"][0]
    seg = str(tmp_path / phantom_series.series_uid / "seg.dcm")
    second = json.loads(calcium("score", folder, "--seg", seg, "--json", "-").stdout)["results"][0]
    assert _scores(second) == pytest.approx(_scores(first))
    assert all("marked as" in lesion["evidence"][0] for lesion in second["lesions"])


def _scores(document: dict) -> dict[str, float]:
    return {name: vessel["agatston"] for name, vessel in document["vessels"].items()}


def test_a_segmentation_that_is_none_fails_with_a_sentence(phantom_series: WrittenPhantom) -> None:
    image = next(phantom_series.folder.glob("*.dcm"))
    done = calcium("score", str(phantom_series.folder), "--seg", str(image), "--json", "-")
    assert done.returncode == 1
    assert "no DICOM Segmentation" in json.loads(done.stdout)["results"][0]["reason"]["sentence"]
