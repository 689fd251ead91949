"""References in every form: what is understood, and what is left out with one sentence."""

import contextlib
import json
import plistlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.acceptance import AcceptanceError, References, SeriesHere, read_references
from node.acceptance.compare import ComparisonError, contour_labels
from node.acceptance.contours import contours_of_file
from node.acceptance.reference import Contour, Gathered
from scoring.result import Vessel
from scoring.volume import Volume

HEAD = "series_uid,LM,LAD,LCX,RCA,total\n"
ONE, TWO, THREE = "1.2.3.1", "1.2.3.2", "1.2.3.3"
HERE = [
    SeriesHere(series_uid=uid, frame_of_reference_uid=f"{uid}.9", paths=(Path("/cases") / folder / "000.dcm",))
    for uid, folder in ((ONE, "11"), (TWO, "12"), (THREE, "13"))
]


def table(tmp_path: Path, *lines: str, head: str = HEAD) -> References:
    path = tmp_path / "reference.csv"
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return read_references(path, HERE)


def sentence(found: References, uid: str) -> str:
    reasons = [one.reason for one in found.left_out if one.series_uid == uid]
    assert len(reasons) == 1
    return reasons[0]


# ------------------------------------------------------------------------------------------ tables


def test_a_good_line_gives_total_and_vessels(tmp_path: Path) -> None:
    found = table(tmp_path, f"{ONE},1.5,20,0,3.5,25")
    assert found.by_series[ONE].total == 25.0
    assert found.by_series[ONE].vessels == {Vessel.LM: 1.5, Vessel.LAD: 20.0, Vessel.LCX: 0.0, Vessel.RCA: 3.5}
    assert not found.left_out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{ONE},0,-4,0,0,-4", "LAD is -4, and no score is negative"),
        (f"{ONE},0,many,0,0,12", "LAD is 'many', which is not a number"),
        (f"{ONE},0,nan,0,0,0", "LAD is 'nan', which is not a number"),
        (f"{ONE},0,inf,0,0,inf", "LAD is 'inf', which is not a number"),
        (f"{ONE},0,,0,0,12", "LAD is empty, which is not a number"),
        (f"{ONE},0,12", "LCX is empty, which is not a number"),
        (f"{ONE},0,100,0,0,102", "the total is 102 and its vessels add up to 100"),
        (f"{ONE},0,0,0,0,5", "the total is 5 and its vessels add up to 0"),
    ],
)
def test_a_line_that_cannot_be_right_costs_its_series_and_says_why(tmp_path: Path, line: str, words: str) -> None:
    found = table(tmp_path, line, f"{TWO},0,1,0,0,1")
    assert words in sentence(found, ONE)
    assert list(found.by_series) == [TWO]


def test_a_total_within_a_hundredth_of_its_vessels_is_rounding(tmp_path: Path) -> None:
    assert ONE in table(tmp_path, f"{ONE},0,100,0,0,100.9").by_series


def test_a_series_named_twice_is_not_used_at_all(tmp_path: Path) -> None:
    found = table(tmp_path, f"{ONE},0,1,0,0,1", f"{TWO},0,1,0,0,1", f"{ONE},0,2,0,0,2")
    assert "names this series 2 times" in sentence(found, ONE)
    assert list(found.by_series) == [TWO]


def test_a_series_named_once_rightly_and_once_wrongly_is_not_used(tmp_path: Path) -> None:
    found = table(tmp_path, f"{ONE},0,1,0,0,1", f"{ONE},0,x,0,0,1")
    assert "2 times" in sentence(found, ONE)
    assert not found.by_series


def test_a_series_of_which_no_image_is_here_is_said(tmp_path: Path) -> None:
    assert "no image of it lies in the folder" in sentence(table(tmp_path, "9.9.9,0,1,0,0,1"), "9.9.9")


def test_four_empty_vessels_mean_that_the_total_alone_is_known(tmp_path: Path) -> None:
    reference = table(tmp_path, f"{ONE},,,,,17").by_series[ONE]
    assert (reference.total, reference.vessels) == (17.0, None)


def test_a_spreadsheet_with_semicolons_decimal_commas_and_a_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "reference.csv"
    text = HEAD.replace(",", ";") + f"{ONE};0;1,5;0;0;1,5\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_references(path, HERE).by_series[ONE].total == 1.5


def test_columns_may_stand_in_another_order_and_more_of_them(tmp_path: Path) -> None:
    found = table(tmp_path, f"7,0,0,0,7,{ONE},AB", head="RCA,LM,LAD,LCX,total,series_uid,reader\n")
    assert found.by_series[ONE].vessels == {Vessel.LM: 0, Vessel.LAD: 0, Vessel.LCX: 0, Vessel.RCA: 7}


@pytest.mark.parametrize("text", ["", "uid,total\n1,2\n", HEAD.replace("LCX,", "")])
def test_a_table_without_its_columns_is_an_error_as_a_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "reference.csv"
    path.write_text(text)
    with pytest.raises(AcceptanceError, match="lacks the column"):
        read_references(path, HERE)


@given(st.text(max_size=300))
def test_whatever_stands_in_a_table_is_a_reference_or_a_sentence(text: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "reference.csv"
        path.write_text(HEAD + text, encoding="utf-8", errors="ignore")
        with contextlib.suppress(AcceptanceError):
            assert all(one.reason for one in read_references(path, HERE).left_out)


# ------------------------------------------------------------------------------------------ our own JSON


def truth(uid: str, **others: object) -> dict[str, object]:
    vessels = {"LM": 0.0, "LAD": 12.0, "LCX": 0.0, "RCA": 3.0}
    return {
        "series_uid": uid,
        "expect": "scored",
        "total": {"agatston": 15.0},
        "vessels": {name: {"agatston": value} for name, value in vessels.items()},
        "lesions": [
            {"vessel": "LAD", "centre_lps_mm": [1, 2, 3], "agatston": 12.0, "radius_mm": 2.0},
            {"vessel": "RCA", "centre_lps_mm": [1, 2, 3], "agatston": 0.0, "radius_mm": 2.0},
        ],
        **others,
    }


def test_truths_below_a_folder_are_found_and_deposits_that_the_image_does_not_show_are_no_lesions(
    tmp_path: Path,
) -> None:
    for number, uid in enumerate((ONE, TWO)):
        (tmp_path / f"case-{number}").mkdir()
        (tmp_path / f"case-{number}" / "truth.json").write_text(json.dumps(truth(uid)))
    (tmp_path / "case-0" / "other.json").write_text('{"something": "else"}')
    found = read_references(tmp_path, HERE)
    assert set(found.by_series) == {ONE, TWO}
    assert [lesion.vessel for lesion in found.by_series[ONE].lesions or ()] == [Vessel.LAD]


def test_a_truth_that_must_be_refused_carries_no_score(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(truth(ONE, expect="refused", reason_code="contrast")))
    reference = read_references(path, HERE).by_series[ONE]
    assert (reference.must_be_refused, reference.total) == (True, None)


def test_a_refused_result_is_no_reference(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results = {"schema": "calcium-node.score/1", "results": [truth(ONE, status="refused"), truth(TWO, status="scored")]}
    path.write_text(json.dumps(results))
    found = read_references(path, HERE)
    assert "itself was refused" in sentence(found, ONE)
    assert TWO in found.by_series


@pytest.mark.parametrize("broken", [{"total": 15}, {"vessels": {}}, {"lesions": [3]}, {"total": {"agatston": "x"}}])
def test_a_truth_of_another_form_costs_its_series(tmp_path: Path, broken: dict[str, object]) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps([truth(ONE, **broken), truth(TWO)]))
    found = read_references(path, HERE)
    assert "the form of the contract" in sentence(found, ONE)
    assert TWO in found.by_series


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "12", '{"a": 1}'])
def test_a_json_that_is_none_of_ours_is_an_error_as_a_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "reference.json"
    path.write_text(text)
    with pytest.raises(AcceptanceError, match=r"reference\.json"):
        read_references(path, HERE)


def test_a_folder_without_any_reference_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague")
    with pytest.raises(AcceptanceError, match="holds no reference"):
        read_references(tmp_path, HERE)


# ------------------------------------------------------------------------------------------ contours

SQUARE = [(10, 20), (16, 20), (16, 26), (10, 26)]
VOLUME = Volume(hu=np.zeros((8, 60, 50), np.int16), voxel_to_lps_mm=np.array(
    [[0, 0, 0.5, -40.0], [0, 0.5, 0, 12.0], [3.0, 0, 0, -100.0], [0, 0, 0, 1]], float
))  # fmt: skip
"""Column 10, row 20, slice k is (-35, 22, -100 + 3 k) mm."""


def roi(name: str = "Left Anterior Descending Artery", *, z: float = -94.0, **others: object) -> dict[str, object]:
    return {
        "Name": name,
        "Area": 0.1,
        "NumberOfPoints": len(SQUARE),
        "Point_px": [f"({x}.0, {y}.0)" for x, y in SQUARE],
        "Point_mm": [f"({-40 + x / 2}, {12 + y / 2}, {z})" for x, y in SQUARE],
        **others,
    }


def patient(tmp_path: Path, *rois: dict[str, object], number: str = "11", index: int = 2) -> References:
    path = tmp_path / f"{number}.xml"
    images = [{"ImageIndex": index, "NumberOfROIs": len(rois), "ROIs": list(rois)}]
    path.write_bytes(plistlib.dumps({"Images": images}))
    return read_references(path, HERE)


def contours(tmp_path: Path, *rois: dict[str, object], index: int = 2) -> tuple[Contour, ...]:
    return patient(tmp_path, *rois, index=index).by_series[ONE].contours or ()


def test_contours_belong_to_the_series_in_the_folder_of_their_number(tmp_path: Path) -> None:
    assert list(patient(tmp_path, roi(), number="12").by_series) == [TWO]
    assert "no series lies in a folder named 77" in patient(tmp_path, roi(), number="77").left_out[0].reason


def test_a_folder_above_all_series_tells_no_patient_apart(tmp_path: Path) -> None:
    assert not patient(tmp_path, roi(), number="cases").by_series


def test_the_only_series_needs_no_folder_of_the_number_where_the_file_is_the_whole_reference(tmp_path: Path) -> None:
    path = tmp_path / "77.xml"
    path.write_bytes(plistlib.dumps({"Images": [{"ImageIndex": 2, "ROIs": [roi()]}]}))
    assert list(read_references(path, HERE[:1]).by_series) == [ONE]
    assert not read_references(tmp_path, HERE[:1]).by_series


@pytest.mark.parametrize(
    ("name", "vessel"),
    [
        ("Left Coronary Artery", Vessel.LM),
        ("Left Anterior Descending Artery", Vessel.LAD),
        ("Left Circumflex Artery", Vessel.LCX),
        (" right  coronary artery ", Vessel.RCA),
    ],
)
def test_each_of_the_four_names_is_its_own_vessel(tmp_path: Path, name: str, vessel: Vessel) -> None:
    assert contours(tmp_path, roi(name))[0].vessel is vessel


@pytest.mark.parametrize("name", ["Left Circumflex Artert", "LAD", "", "Aorta"])
def test_any_other_name_refuses_the_patient_by_that_name(tmp_path: Path, name: str) -> None:
    found = patient(tmp_path, roi(), roi(name))
    assert repr(name) in sentence(found, ONE)
    assert not found.by_series


def test_empty_polygons_are_skipped_whatever_they_are_called(tmp_path: Path) -> None:
    found = contours(tmp_path, roi("Aorta", Area=0), roi("Aorta", Point_mm=[], Point_px=[]), roi())
    assert [one.vessel for one in found] == [Vessel.LAD]


@pytest.mark.parametrize(
    "point",
    ["__import__('os').system('true')", "(1, 2)", "(1, 2, 3, 4)", "(1; 2; 3)", "(nan, 1, 2)", "(1e9, 1, 2)", "(1,2,x)"],
)
def test_a_point_that_is_not_three_numbers_refuses_the_patient(tmp_path: Path, point: str) -> None:
    found = patient(tmp_path, roi(Point_mm=[point] * 4))
    assert "a point of image 2" in sentence(found, ONE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no plist",
        b"<plist><dict>",
        plistlib.dumps([1, 2]),
        plistlib.dumps({"Images": "none"}),
        plistlib.dumps({"Images": [{"ImageIndex": "x", "ROIs": []}]}),
        plistlib.dumps({"Images": [{"ImageIndex": 1, "ROIs": ["x"]}]}),
        b'<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "aa">]><plist><string>&a;</string></plist>',
    ],
)
def test_a_file_that_is_no_contour_list_costs_its_patient(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "11.xml"
    path.write_bytes(data)
    gathered = Gathered()
    contours_of_file(path, HERE, gathered, alone=True)
    assert [one.series_uid for one in gathered.left_out] == [ONE]
    assert gathered.left_out[0].reason.startswith("11.xml: ")


def test_a_polygon_fills_its_pixels_in_the_slice_of_its_height(tmp_path: Path) -> None:
    labels, notes = contour_labels(VOLUME, contours(tmp_path, roi(z=-94.0)))
    assert np.unique(np.nonzero(labels)[0]).tolist() == [2]
    assert (labels[2, 20:27, 10:17] == Vessel.LAD.label).all()
    assert (labels > 0).sum() == 49
    assert not notes


def test_the_height_decides_and_a_wrong_image_index_is_reported(tmp_path: Path) -> None:
    labels, notes = contour_labels(VOLUME, contours(tmp_path, roi(z=-94.9), index=4))
    assert np.unique(np.nonzero(labels)[0]).tolist() == [2]
    assert "ImageIndex and Point_mm disagree in 1 of 1 contours" in notes[0]


def test_an_image_index_that_counts_from_the_head_is_no_fault(tmp_path: Path) -> None:
    _, notes = contour_labels(VOLUME, contours(tmp_path, roi(z=-94.0), index=5))
    assert not notes


def test_two_polygons_of_a_vessel_add_up(tmp_path: Path) -> None:
    moved = roi(
        Point_px=[f"({x + 4}.0, {y}.0)" for x, y in SQUARE],
        Point_mm=[f"({-40 + (x + 4) / 2}, {12 + y / 2}, -94)" for x, y in SQUARE],
    )
    labels, notes = contour_labels(VOLUME, contours(tmp_path, roi(), moved))
    assert (labels == Vessel.LAD.label).sum() == 7 * 11
    assert not notes


def test_pixels_in_polygons_of_two_vessels_go_to_one_of_them_and_are_reported(tmp_path: Path) -> None:
    labels, notes = contour_labels(VOLUME, contours(tmp_path, roi(), roi("Left Coronary Artery")))
    assert np.unique(labels).tolist() == [0, Vessel.LM.label]
    assert "49 pixels lie in contours of two vessels" in notes[0]


@pytest.mark.parametrize("z", [-102.0, -77.0, 300.0])
def test_a_polygon_where_there_is_no_slice_refuses_the_patient(tmp_path: Path, z: float) -> None:
    with pytest.raises(ComparisonError, match=r"a contour lies at z .* has no slice"):
        contour_labels(VOLUME, contours(tmp_path, roi(z=z)))


def test_pixels_and_millimetres_that_contradict_each_other_refuse_the_patient(tmp_path: Path) -> None:
    astray = roi(Point_px=[f"({x + 30}, {y})" for x, y in SQUARE])
    with pytest.raises(ComparisonError, match="belong to another series"):
        contour_labels(VOLUME, contours(tmp_path, astray))
