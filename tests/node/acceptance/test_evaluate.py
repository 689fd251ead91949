"""The acceptance test on two written series: scored in the sandbox, compared in each form of reference."""

import json
import plistlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from typer.testing import CliRunner

from node.acceptance import (
    CaseOutcome,
    Reference,
    SeriesHere,
    evaluate_series,
    evaluation_document,
    outcome_key,
    read_references,
)
from node.cli.app import app
from node.demo.modality import SeriesWritten, truth_document, write_series
from node.pipeline.series_job import JobRequest, request_for, score_images
from node.settings import Settings
from scoring.result import Vessel
from tests.support.phantoms import demo_phantom, empty_phantom

CREATED = datetime(2026, 1, 2, 8, 30, tzinfo=UTC)
LIMITS = Settings().score
NAMES = {
    Vessel.LM: "Left Coronary Artery",
    Vessel.LAD: "Left Anterior Descending Artery",
    Vessel.LCX: "Left Circumflex Artery",
    Vessel.RCA: "Right Coronary Artery",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SeriesWritten]:
    """A patient with calcium, and one without."""
    folder = tmp_path_factory.mktemp("site")
    return {
        name: write_series(phantom, folder / name, created=CREATED, uid_seed=name)
        for name, phantom in (("11", demo_phantom()), ("12", empty_phantom()))
    }


@pytest.fixture(scope="module")
def here(site: dict[str, SeriesWritten]) -> list[SeriesHere]:
    return [
        SeriesHere(
            series_uid=one.series_instance_uid,
            frame_of_reference_uid=str(pydicom.dcmread(one.paths[0]).FrameOfReferenceUID),
            paths=one.paths,
        )
        for one in site.values()
    ]


def request(written: SeriesWritten, **others: object) -> JobRequest:
    return request_for(
        Settings(),
        paths=written.paths,
        study_instance_uid=written.study_instance_uid,
        series_instance_uid=written.series_instance_uid,
        created=CREATED,
        software_version="test",
        **others,
    )


def outcome(written: SeriesWritten, path: Path, here: list[SeriesHere]) -> CaseOutcome:
    reference = read_references(path, here).by_series[written.series_instance_uid]
    return evaluate_series(request(written), reference, LIMITS, keep=None)[0]


def assert_like_truth(found: CaseOutcome) -> None:
    truth = demo_phantom().truth
    assert found.status == "scored", found
    assert found.reference_total == pytest.approx(truth.agatston, rel=0.02)
    assert found.reference_vessels == pytest.approx(dict(truth.vessels), rel=0.05, abs=1.0)


def test_contours_of_a_reader_become_scores_of_vessels_and_lesions(
    tmp_path: Path, site: dict[str, SeriesWritten], here: list[SeriesHere]
) -> None:
    path = tmp_path / "11.xml"
    path.write_bytes(plistlib.dumps({"Images": list(_images_of_truth())}))
    found = outcome(site["11"], path, here)
    assert_like_truth(found)
    assert found.lesions is not None
    assert found.lesions.reference >= 4
    assert found.lesions.found == found.lesions.reference


def _images_of_truth() -> Iterator[dict[str, object]]:
    """Generous rectangles round the known calcium of each slice, as a reader draws them."""
    phantom = demo_phantom()
    for index, plane in enumerate(phantom.truth.labels):
        rois = []
        for vessel in Vessel:
            rows, columns = np.nonzero(plane == vessel.label)
            if len(rows):
                low, high = (columns.min(), rows.min()), (columns.max(), rows.max())
                corners = [low, (high[0], low[1]), high, (low[0], high[1])]
                lps = phantom.volume.to_lps_mm(np.array([(index, row, column) for column, row in corners]))
                rois.append(
                    {
                        "Name": NAMES[vessel],
                        "Area": 1.0,
                        "Point_px": [f"({column}, {row})" for column, row in corners],
                        "Point_mm": [f"({x:.4f}, {y:.4f}, {z:.4f})" for x, y, z in lps],
                    }
                )
        yield {"ImageIndex": index, "NumberOfROIs": len(rois), "ROIs": rois}


def test_a_segmentation_of_the_arteries_is_a_reference_by_its_codes(
    tmp_path: Path, site: dict[str, SeriesWritten], here: list[SeriesHere]
) -> None:
    made = tmp_path / "objects"
    reply = score_images(request(site["11"], folder=made), wall_seconds=120, memory_megabytes=4096)
    file = next(made / one.file_name for one in reply.objects if one.role == "seg")
    reader = pydicom.dcmread(file)
    reader.Manufacturer = "A reader's workstation"
    path = tmp_path / "reader.dcm"
    reader.save_as(path)
    found = outcome(site["11"], path, here)
    assert_like_truth(found)
    assert found.reference_total == pytest.approx(found.total)
    assert found.lesions is not None
    assert (found.lesions.found, found.lesions.false) == (found.lesions.reference, 0)


def test_a_lesion_that_is_not_where_the_truth_says_is_missed_and_ours_is_false(
    site: dict[str, SeriesWritten],
) -> None:
    truth = truth_document(demo_phantom(), site["11"].series_instance_uid)
    lesions = [
        {"vessel": one["vessel"], "centre_lps_mm": one["centre_lps_mm"], "radius_mm": one["radius_mm"] + 1.5}
        for one in truth["lesions"]
        if one["agatston"] > 0
    ]
    lesions[0]["centre_lps_mm"] = [150.0, 150.0, lesions[0]["centre_lps_mm"][2]]
    reference = Reference.model_validate(
        {
            "series_uid": site["11"].series_instance_uid,
            "source": "truth",
            "total": demo_phantom().truth.agatston,
            "vessels": dict(demo_phantom().truth.vessels),
            "lesions": lesions,
        }
    )
    found, _ = evaluate_series(request(site["11"]), reference, LIMITS, keep=None)
    assert found.lesions is not None
    assert found.lesions.reference - found.lesions.found == 1
    assert found.lesions.false >= 1


def test_a_segmentation_of_something_else_leaves_the_series_out_with_its_reason(
    site: dict[str, SeriesWritten], here: list[SeriesHere]
) -> None:
    reference = Reference(series_uid=here[0].series_uid, source="image", segmentation=site["12"].paths[0])
    # four slices are refused at once; their reference is looked at all the same
    part = request(site["11"]).model_copy(update={"paths": site["11"].paths[:4]})
    found, _ = evaluate_series(part, reference, LIMITS, keep=None)
    assert found.status == "unusable"
    assert "no DICOM Segmentation" in str(found.reason)
    document = evaluation_document([found], [], preset="literature", software={})
    assert document["n"] == 0
    assert [one["series_uid"] for one in document["excluded"]] == [here[0].series_uid]


def test_the_token_of_an_outcome_changes_with_images_reference_version_and_preset(
    site: dict[str, SeriesWritten],
) -> None:
    first = request(site["12"])
    known = Reference(series_uid=first.series_instance_uid, source="line 2", total=0.0)
    tokens = {
        outcome_key(first, known),
        outcome_key(first.model_copy(update={"paths": first.paths[1:]}), known),
        outcome_key(first.model_copy(update={"software_version": "next"}), known),
        outcome_key(first.model_copy(update={"preset": "ge"}), known),
        outcome_key(first, known.model_copy(update={"total": 1.0})),
    }
    assert len(tokens) == 5
    later = first.model_copy(update={"created": CREATED.replace(year=2027), "paths": first.paths[::-1]})
    assert outcome_key(later, known.model_copy(update={"source": "line 9"})) == outcome_key(first, known)


def test_the_command_answers_with_the_keys_of_its_contract_and_goes_on_where_it_stopped(
    tmp_path: Path, site: dict[str, SeriesWritten]
) -> None:
    vessels = demo_phantom().truth.vessels
    reference = tmp_path / "reference.csv"
    rows = [
        "series_uid,LM,LAD,LCX,RCA,total",
        ",".join([site["11"].series_instance_uid, *map(str, vessels.values()), str(demo_phantom().truth.agatston)]),
        f"{site['12'].series_instance_uid},0,0,0,0,0",
        "1.2.840.99,0,0,0,0,0",
    ]
    reference.write_text("\n".join(rows))
    words = [
        "evaluate",
        str(site["11"].paths[0].parents[1]),
        "--reference",
        str(reference),
        "--out",
        str(tmp_path / "out"),
    ]
    first = CliRunner().invoke(app, [*words, "--json", "-"])
    assert first.exit_code == 0, first.output
    answer = json.loads(first.stdout)
    assert set(answer) >= {
        "n", "excluded", "icc", "kappa", "category_agreement", "category_table", "bland_altman", "lesions",
    }  # fmt: skip
    assert (answer["n"], answer["category_agreement"], answer["lesions"]) == (2, 1.0, None)
    assert set(answer["icc"]) == {"total", "LM", "LAD", "LCX", "RCA"}
    assert answer["icc"]["total"] > 0.99
    assert set(answer["bland_altman"]) == {"mean", "low", "high"}
    assert sum(map(sum, answer["category_table"])) == 2
    assert [one["series_uid"] for one in answer["excluded"]] == ["1.2.840.99"]
    assert (tmp_path / "out" / "bland_altman.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "summary.png").read_bytes().startswith(b"\x89PNG")

    kept = sorted((tmp_path / "out" / "cases").iterdir())
    kept[0].unlink()
    again = CliRunner().invoke(app, [*words, "--json", str(tmp_path / "again.json")])
    assert "1 of 2 series were finished by an earlier run" in again.stderr
    assert json.loads((tmp_path / "again.json").read_text()) == answer


def test_a_refused_series_is_excluded_with_its_reason_and_counts_as_wrong_where_that_is_asked(
    tmp_path: Path,
) -> None:
    bright = write_series(
        replace_blood(demo_phantom()), tmp_path / "bright", created=CREATED, uid_seed="bright", vendor="ge"
    )
    reference = Reference(
        series_uid=bright.series_instance_uid, source="line 2", total=12.0, vessels=dict.fromkeys(Vessel, 3.0)
    )
    found, _ = evaluate_series(request(bright), reference, LIMITS, keep=None)
    document = evaluation_document([found], [], preset="literature", software={})
    assert document["excluded"][0]["reason"].startswith("refused: ")
    assert (document["n"], document["refused"]["n"]) == (0, 1)
    assert document["refused"]["category_agreement_refusals_wrong"] == 0.0


def replace_blood(phantom):
    hu = phantom.volume.hu.copy()
    hu[(hu > 0) & (hu < 110)] += 250
    volume = replace(phantom.volume, hu=hu)
    return replace(phantom, volume=volume)
