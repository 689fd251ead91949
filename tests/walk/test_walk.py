"""The whole way, with processes as in a hospital: scanner, node, PACS."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
import jsonschema
import pydicom
import pytest

from node.delivery import Timeouts, objects_of_files, send
from node.demo.pacs import DemoPacs
from node.facts import Attempt, Destination, ObjectToSend, Outcome
from node.registry import instances, open_registry
from tests.conftest import WrittenPhantom
from tests.support.running_node import RunningNode, free_port, until
from tests.support.shared import needs_shared, shared_folder

NUMBERS = ("total", "vessels", "lesions", "excluded", "risk")


def push(files: list[Path], port: int, calling: str = "CT1") -> list[Attempt]:
    """C-STORE the files as a scanner does; every one must be answered with Success."""
    objects, unfit = objects_of_files(files)
    assert not unfit
    came: list[Attempt] = []
    node = Destination(name="node", ae_title="CALCIUM", host="127.0.0.1", port=port, objects=())
    reached = send(node, calling, objects, Timeouts(connect_s=10, answer_s=60), came.append)
    assert reached.reached, reached.sentence
    return came


def scan(phantom: WrittenPhantom) -> list[Path]:
    return sorted(path for path in phantom.folder.rglob("*") if path.is_file())


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[DemoPacs]:
    with DemoPacs(tmp_path / "pacs", "PACS") as peer:
        yield peer


def to(pacs: DemoPacs) -> list[dict[str, Any]]:
    return [{"name": "pacs", "ae_title": "PACS", "port": pacs.port}]


def score_command(*words: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "node.cli", "score", *words, "--json", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_a_pushed_series_comes_back_with_the_numbers_that_the_command_gives(
    tmp_path: Path, pacs: DemoPacs, phantom_series: WrittenPhantom
) -> None:
    with RunningNode(tmp_path / "node", destinations=to(pacs)) as node:
        came = push(scan(phantom_series), node.dicom_port)
        assert {attempt.outcome for attempt in came} == {Outcome.DELIVERED}
        (row,) = node.settled(1)
        shown = node.ask("jobs", "show", phantom_series.series_uid)["result"]
        assert node.stop() == 0
    assert row["state"] == "scored"
    config = tmp_path / "score.toml"
    config.write_text('[risk]\nethnic_group = "white"\n')
    status, answer = score_command(str(phantom_series.folder), "--config", str(config))
    assert status == 0
    (result,) = answer["results"]
    assert {name: result[name] for name in NUMBERS} == {name: shown[name] for name in NUMBERS}
    kinds = Counter(pydicom.dcmread(one.path, stop_before_pixels=True).SOPClassUID.name for one in pacs.received())
    assert kinds["Comprehensive 3D SR Storage"] == 1
    assert kinds["Basic Text SR Storage"] == 1
    assert kinds["Segmentation Storage"] == 1
    assert kinds["Secondary Capture Image Storage"] > 1


def test_every_vessel_of_the_phantom_is_right_and_the_total_within_a_tenth(phantom_series: WrittenPhantom) -> None:
    _, answer = score_command(str(phantom_series.folder))
    (result,) = answer["results"]
    truth = phantom_series.truth
    assert result["total"]["agatston"] == pytest.approx(truth["total"]["agatston"], rel=0.1)
    for vessel, true in truth["vessels"].items():
        assert result["vessels"][vessel]["agatston"] == pytest.approx(true["agatston"], rel=0.1, abs=1.0), vessel


@needs_shared
def test_the_answer_of_the_command_fits_the_published_schema(phantom_series: WrittenPhantom) -> None:
    schema = json.loads((shared_folder() / "contracts" / "score-1.schema.json").read_text())
    _, answer = score_command(str(phantom_series.folder))
    jsonschema.validate(answer, schema)


def test_a_node_killed_after_the_last_response_delivers_the_result_once(
    tmp_path: Path, pacs: DemoPacs, phantom_series: WrittenPhantom
) -> None:
    node = RunningNode(tmp_path / "node", destinations=to(pacs)).start()
    push(scan(phantom_series), node.dicom_port)
    node.kill()
    with RunningNode(tmp_path / "node", destinations=to(pacs)) as again:
        (row,) = again.settled(1)
        sent = again.ask("deliveries", "list")
    assert (row["state"], row["version"]) == ("scored", 1)
    arrived = Counter(one.sop_instance_uid for one in pacs.received())
    assert set(arrived.values()) == {1}
    assert len(arrived) == len(sent)


def test_a_lost_registry_is_written_again_from_the_spool_and_the_series_scored(
    tmp_path: Path, phantom_series: WrittenPhantom
) -> None:
    """Seen red with `register_unknown` doing nothing."""
    node = RunningNode(tmp_path / "node").start()
    push(scan(phantom_series), node.dicom_port)
    node.kill()
    for file in node.data.glob("registry.sqlite*"):
        file.unlink()
    with RunningNode(tmp_path / "node") as again:
        (row,) = again.settled(1)
    assert row["state"] == "scored"


def test_the_same_series_sent_again_gives_no_second_result(
    tmp_path: Path, pacs: DemoPacs, phantom_series: WrittenPhantom
) -> None:
    with RunningNode(tmp_path / "node", destinations=to(pacs)) as node:
        push(scan(phantom_series), node.dicom_port)
        (first,) = node.settled(1)
        count = len(pacs.received())
        push(scan(phantom_series), node.dicom_port)
        text = until(lambda: _duplicates(node) == len(scan(phantom_series)), 60, node.words)
        (second,) = node.settled(1)
    assert text
    assert (second["version"], len(pacs.received())) == (first["version"], count)


def _may_send(node: Destination, objects: Sequence[ObjectToSend]) -> bool:
    return send(node, "STRANGER", objects, Timeouts(connect_s=10, answer_s=10), lambda _: None).reached


def _duplicates(node: RunningNode) -> int:
    registry = open_registry("sqlite", node.data)
    try:
        with registry.read() as connection:
            return instances.counts(connection).get("duplicate", 0)
    finally:
        registry.close()


def test_a_series_with_a_missing_image_is_not_scored_and_says_where_the_gap_is(
    tmp_path: Path, pacs: DemoPacs, phantom_series: WrittenPhantom
) -> None:
    with RunningNode(tmp_path / "node", destinations=to(pacs)) as node:
        by_place = sorted(scan(phantom_series), key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]))
        push(by_place[:20] + by_place[21:], node.dicom_port)
        (row,) = node.settled(1)
    assert row["agatston"] is None
    assert row["state"] in ("incomplete", "refused")
    assert "6.0 mm apart" in row["reason"]


def test_an_unknown_caller_is_rejected_and_listed(
    tmp_path: Path, pacs: DemoPacs, phantom_series: WrittenPhantom
) -> None:
    with RunningNode(tmp_path / "node", destinations=to(pacs), callers=["CT1"]) as node:
        objects, _ = objects_of_files(scan(phantom_series)[:1])
        peer = Destination(name="node", ae_title="CALCIUM", host="127.0.0.1", port=node.dicom_port, objects=())
        reached = send(peer, "STRANGER", objects, Timeouts(connect_s=10, answer_s=10), lambda _: None)
        assert not reached.reached
        assert "rejected" in reached.sentence
        assert node.jobs() == []
        (refused,) = until(lambda: node.ask("peers", "list")["refused"], 30, node.words)
        assert refused["calling_ae_title"] == "STRANGER"
        assert refused["reason"].endswith("run: calcium-node peers allow STRANGER")
        command = [sys.executable, "-m", "node.cli", "peers", "allow", "STRANGER", "--config", str(node.config)]
        subprocess.run(command, check=True, capture_output=True)
        until(lambda: _may_send(peer, objects), 30, node.words)


def test_readiness_and_metrics_are_answered_over_http(tmp_path: Path, pacs: DemoPacs) -> None:
    with RunningNode(tmp_path / "node", destinations=to(pacs), callers=["CT1"], web_port=free_port()) as node:
        page = f"http://127.0.0.1:{node.web_port}"
        ready = until(lambda: httpx.get(f"{page}/readyz", timeout=10), 30, node.words)
        assert ready.status_code == 200, ready.text
        assert "calcium_build_info" in httpx.get(f"{page}/metrics").text
        assert "No series has arrived yet" in httpx.get(page).text


@pytest.mark.peer
@pytest.mark.slow
def test_four_roles_in_four_processes_on_postgresql_do_what_one_does(
    tmp_path: Path, pacs: DemoPacs, phantom_series: WrittenPhantom, postgres_url: str
) -> None:
    folder = tmp_path / "node"
    nodes = [RunningNode(folder, destinations=to(pacs), url=postgres_url, roles=[role]) for role in ("score", "send")]
    receiver = RunningNode(folder, destinations=to(pacs), url=postgres_url, roles=["receive"])
    try:
        for one in (*nodes, receiver):
            one.start()
        push(scan(phantom_series), receiver.dicom_port)
        (row,) = receiver.settled(1)
        assert [one.stop() for one in (*nodes, receiver)] == [0, 0, 0]
    finally:
        for one in (*nodes, receiver):
            one.__exit__()
    assert row["state"] == "scored"
    assert set(Counter(one.sop_instance_uid for one in pacs.received()).values()) == {1}


def test_the_demo_ends_by_itself_with_the_truth_beside_the_score(tmp_path: Path) -> None:
    environment = os.environ | {"COLUMNS": "160"}
    command = [sys.executable, "-m", "node.cli", "demo", "--keep", str(tmp_path / "kept")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "truth Agatston" in done.stdout
    assert "Structured Report" in done.stdout
    assert any((tmp_path / "kept").glob("*.png"))


def test_the_demo_says_in_one_line_what_is_wrong_with_its_input(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no scan")
    command = [sys.executable, "-m", "node.cli", "demo", "--input", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("The demo went wrong: none of the 1 files is a DICOM object")


def test_a_rerun_is_a_new_version_whose_report_names_the_one_before(
    tmp_path: Path, pacs: DemoPacs, phantom_series: WrittenPhantom
) -> None:
    with RunningNode(tmp_path / "node", destinations=to(pacs)) as node:
        push(scan(phantom_series), node.dicom_port)
        node.settled(1)
        rerun = [sys.executable, "-m", "node.cli", "jobs", "rerun", phantom_series.series_uid, "--config"]
        subprocess.run([*rerun, str(node.config)], check=True, capture_output=True)
        until(lambda: node.jobs()[0]["version"] == 2, 60, node.words)
        node.settled(1)
    reports = [pydicom.dcmread(one.path) for one in pacs.received() if one.sop_class_uid.endswith(".88.34")]
    first, second = reports
    named = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert (second.SeriesInstanceUID, second.SeriesDate) == (first.SeriesInstanceUID, first.SeriesDate)


def test_a_pacs_that_is_down_gets_the_result_when_it_is_up_again(
    tmp_path: Path, phantom_series: WrittenPhantom
) -> None:
    port = free_port()
    there = [{"name": "pacs", "ae_title": "PACS", "port": port}]
    with RunningNode(tmp_path / "node", destinations=there) as node:
        push(scan(phantom_series), node.dicom_port)
        waiting = until(lambda: [d for d in node.ask("deliveries", "list") if d["state"] == "retrying"], 90, node.words)
        assert f"127.0.0.1:{port}" in waiting[0]["answer"]
        with DemoPacs(tmp_path / "pacs", "PACS", port=port) as pacs:
            node.settled(1)
            arrived = Counter(one.sop_instance_uid for one in pacs.received())
    assert set(arrived.values()) == {1}
