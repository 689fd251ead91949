"""Foreign peers: DCMTK pushes, Orthanc receives, the judges read what it kept."""

import json
import re
from pathlib import Path

import pydicom
import pytest

from tests.conftest import WrittenPhantom
from tests.support.peers import dciodvfy_errors, needs, orthanc, run
from tests.support.running_node import RunningNode
from tests.support.shared import needs_shared, shared_folder

pytestmark = [pytest.mark.peer, needs("storescu", "echoscu", "dsrdump", "dciodvfy", "Orthanc")]

SR = "1.2.840.10008.5.1.4.1.1.88.34"


def test_storescu_pushes_and_the_results_are_read_back_from_orthanc(
    tmp_path: Path, phantom_series: WrittenPhantom
) -> None:
    with orthanc(tmp_path) as pacs:
        there = [{"name": "pacs", "ae_title": pacs.ae_title, "port": pacs.port}]
        with RunningNode(tmp_path / "node", destinations=there, callers=["STORESCU", "ECHOSCU"]) as node:
            run("echoscu", "-aec", "CALCIUM", "127.0.0.1", str(node.dicom_port))
            port = str(node.dicom_port)
            run("storescu", "-aec", "CALCIUM", "+sd", "+r", "127.0.0.1", port, str(phantom_series.folder))
            (row,) = node.settled(1)
            sent = node.ask("deliveries", "list")
        assert row["state"] == "scored"
        assert {one["state"] for one in sent} == {"delivered"}
        files = []
        for number, instance in enumerate(pacs.instances()):
            files.append(tmp_path / f"back-{number:03}.dcm")
            files[-1].write_bytes(pacs.file(instance))
    assert len(files) == len(sent)
    assert dciodvfy_errors(files) == []
    reports = [path for path in files if pydicom.dcmread(path, stop_before_pixels=True).SOPClassUID == SR]
    said = run("dsrdump", str(reports[0]))
    numbers = [float(value) for value in re.findall(r'Coronary artery calcium score"\)="([0-9.]+)"', said)]
    assert numbers[0] == pytest.approx(row["agatston"], abs=0.01)


EXPECTED = {
    "qrm-canon": ({"refused"}, {"no_heart", "coverage"}),
    "chest-philips-5mm": ({"scored"}, {"scored"}),
    "chest-philips-5mm-sharp": ({"alternative"}, {"alternative"}),  # the soft kernel of the same acquisition is scored
    "chest-siemens-8mm": ({"refused"}, {"thickness"}),
    "petct-siemens-overlap": ({"scored"}, {"scored"}),
    "apex-siemens-no-heart": ({"refused"}, {"no_heart", "coverage"}),
    "petct-ge-140kv-heart-cut": ({"refused"}, {"coverage", "kvp"}),
}
"""What the README of the data says that a correct node does."""


@needs_shared
@pytest.mark.slow
def test_real_series_pushed_as_jpeg_ls_are_scored_or_refused_for_the_stated_reason(tmp_path: Path) -> None:
    with orthanc(tmp_path) as pacs:
        there = [{"name": "pacs", "ae_title": pacs.ae_title, "port": pacs.port}]
        with RunningNode(tmp_path / "node", destinations=there, non_gated=True) as node:
            names = {}
            for name in EXPECTED:
                folder = shared_folder() / "data" / name
                first = pydicom.dcmread(next(iter(sorted(folder.glob("*.dcm")))), stop_before_pixels=True)
                names[str(first.SeriesInstanceUID)] = name
                run("storescu", "-xt", "-aec", "CALCIUM", "127.0.0.1", str(node.dicom_port), "+sd", str(folder))
            rows = node.settled(len(EXPECTED), seconds=240)
            shown = {row["series_uid"]: node.ask("jobs", "show", row["series_uid"]) for row in rows}
        came = {pacs.get(f"/instances/{one}/tags?simplify")["SeriesDescription"] for one in pacs.instances()}
    outcome = {names[row["series_uid"]]: (row["state"], shown[row["series_uid"]]["code"]) for row in rows}
    wrong = {
        name: outcome[name]
        for name, (states, codes) in EXPECTED.items()
        if outcome[name][0] not in states or outcome[name][1] not in codes
    }
    assert not wrong, json.dumps([wrong, rows], indent=1)
    agatston = {names[row["series_uid"]]: row["agatston"] for row in rows if row["state"] == "scored"}
    assert agatston == {"chest-philips-5mm": 0.0, "petct-siemens-overlap": 0.0}
    assert came
