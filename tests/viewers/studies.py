"""What is looked at: three pushed scans (calcium, none, contrast medium) and the results, in one Orthanc."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from node.delivery import Timeouts, objects_of_files, send
from node.demo.modality import Identity, write_series
from node.facts import Attempt, Destination, Outcome
from scoring.phantom import demo_spec, make_phantom
from tests.support.peers import Orthanc, orthanc
from tests.support.running_node import RunningNode

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
CASES = {
    "positive": demo_spec(),
    "zero": replace(demo_spec(), plaques=()),
    "refused": replace(demo_spec(), blood_hu=320.0),  # contrast medium
}
_SCANNED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """An Orthanc that holds the scans and the results, with what the node says of them."""

    pacs: Orthanc
    studies: dict[str, str]  # case -> Study Instance UID
    jobs: dict[str, dict[str, Any]]  # case -> row of `jobs list`


@contextmanager
def pushed(folder: Path) -> Iterator[Pushed]:
    """Push every case to a node that delivers to Orthanc; the scans go to Orthanc too."""
    with orthanc(folder, plugins=[PLUGIN]) as pacs:
        there = [{"name": "pacs", "ae_title": pacs.ae_title, "port": pacs.port}]
        studies, series = {}, {}
        with RunningNode(folder / "node", destinations=there) as node:
            for number, (case, spec) in enumerate(CASES.items(), start=1):
                written = write_series(
                    make_phantom(spec),
                    folder / case,
                    vendor="siemens",
                    created=_SCANNED,
                    uid_seed=f"viewers {case}",
                    identity=Identity(
                        name=f"SYNTHETIC^{case.upper()}",
                        patient_id=f"SYNTHETIC-000{number}",
                        accession_number=f"SYN000{number}",
                    ),
                )
                _push(written.paths, pacs.ae_title, pacs.port)
                _push(written.paths, "CALCIUM", node.dicom_port)
                studies[case], series[case] = written.study_instance_uid, written.series_instance_uid
            rows = {row["series_uid"]: row for row in node.settled(len(CASES), seconds=240)}
        yield Pushed(pacs=pacs, studies=studies, jobs={case: rows[uid] for case, uid in series.items()})


def _push(files: tuple[Path, ...], ae_title: str, port: int) -> None:
    objects, _ = objects_of_files(files)
    came: list[Attempt] = []
    there = Destination(name="there", ae_title=ae_title, host="127.0.0.1", port=port, objects=())
    send(there, "CT1", objects, Timeouts(connect_s=30, answer_s=120), came.append)
    assert [one.outcome for one in came] == [Outcome.DELIVERED] * len(files), came[:1]
