"""Faults of storage, rescale, padding and geometry in the files of a whole scan: the right score, or the reason."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from pydicom.dataset import FileDataset

from node.facts import CalciumNodeError
from node.reading import read_series
from scoring.protocol import ScoringChoices
from scoring.result import Score, UnfitError
from scoring.score import score
from tests.conftest import WrittenPhantom

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns of what the faults are about

Image = FileDataset


def images(phantom: WrittenPhantom) -> list[Image]:
    """The phantom's images, from foot to head."""
    read = [pydicom.dcmread(path) for path in sorted(phantom.folder.glob("*.dcm"))]
    return sorted(read, key=lambda image: float(image.ImagePositionPatient[2]))


def written(folder: Path, headers: list[Image]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number:04d}.dcm" for number in range(len(headers))]
    for path, header in zip(paths, headers, strict=True):
        header.save_as(path)
    return paths


def answer(paths: list[Path]) -> tuple[str, str] | float:
    """Agatston score, or code and sentence of the reason."""
    try:
        read = read_series(paths)
    except UnfitError as fault:
        return fault.finding.code, fault.finding.sentence
    except CalciumNodeError as fault:
        return fault.code, str(fault)
    found = score(read.volume, read.acquisition, read.demographics, ScoringChoices())
    return found.total.agatston if isinstance(found, Score) else (found.reason.code, found.reason.sentence)


@pytest.fixture(scope="module")
def expected(phantom_series: WrittenPhantom) -> float:
    found = answer(sorted(phantom_series.folder.glob("*.dcm")))
    assert isinstance(found, float)
    return found


def store(image: Image, values: npt.NDArray[np.int64], dtype: str) -> None:
    """Write stored values of another type."""
    image.PixelData = values.astype(dtype).tobytes()
    image.PixelRepresentation = int(dtype == "<i2")
    image.BitsStored, image.HighBit = 16, 15


def rescaled(image: Image, slope: float, intercept: float) -> None:
    """The same HU by another rescale."""
    hu = image.pixel_array.astype(np.int64) + int(image.RescaleIntercept)
    store(image, np.rint((hu - intercept) / slope).astype(np.int64), "<i2")
    image.RescaleSlope, image.RescaleIntercept = str(slope), str(intercept)


def corners(image: Image) -> npt.NDArray[np.bool_]:
    row, column = np.ogrid[: image.Rows, : image.Columns]
    middle = (image.Rows - 1) / 2
    return np.asarray((row - middle) ** 2 + (column - middle) ** 2 > (image.Rows / 2) ** 2)


def padded(image: Image, *, stated: bool) -> None:
    """-2000 stored outside the circle, -3024 HU after rescale."""
    values = image.pixel_array.astype(np.int64)
    values[corners(image)] = -2000
    store(image, values, "<i2")
    if stated:
        image.add_new(0x00280120, "SS", -2000)


def two_slopes(headers: list[Image]) -> None:
    for number, header in enumerate(headers):
        rescaled(header, *((0.5, -1000.0) if number % 2 else (1.0, -500.0)))


def each(change: Callable[[Image], None]) -> Callable[[list[Image]], None]:
    def change_all(headers: list[Image]) -> None:
        for header in headers:
            change(header)

    return change_all


SAME: dict[str, Callable[[list[Image]], None]] = {
    "signed, without an intercept": each(lambda image: rescaled(image, 1.0, 0.0)),
    "an intercept of -8192, as some scanners write": each(lambda image: rescaled(image, 1.0, -8192.0)),
    "another slope and intercept in every other slice": two_slopes,
    "padding outside the circle, stated": each(lambda image: padded(image, stated=True)),
    "padding outside the circle, not stated": each(lambda image: padded(image, stated=False)),
    "12 bits, of which 4095 is the end": each(
        lambda image: store(image, np.minimum(image.pixel_array.astype(np.int64), 4095), "<u2")
    ),
}


@pytest.mark.parametrize("change", sorted(SAME))
def test_however_hu_are_stored_the_score_is_the_same(
    change: str, phantom_series: WrittenPhantom, expected: float, tmp_path: Path
) -> None:
    """Broken by hand: the rescale of the first slice for all."""
    headers = images(phantom_series)
    SAME[change](headers)
    assert answer(written(tmp_path / "scan", headers)) == pytest.approx(expected, rel=1e-4)


def test_a_series_in_two_folders_under_shuffled_names_is_the_same_volume(
    phantom_series: WrittenPhantom, tmp_path: Path
) -> None:
    headers = images(phantom_series)
    places = np.random.default_rng(4).permutation(len(headers))
    shuffled = [headers[place] for place in places]
    paths = [*written(tmp_path / "one", shuffled[:20]), *written(tmp_path / "other", shuffled[20:])]
    found = read_series(paths).volume
    together = read_series(sorted(phantom_series.folder.glob("*.dcm"))).volume
    assert np.array_equal(found.hu, together.hu)
    assert np.array_equal(found.voxel_to_lps_mm, together.voxel_to_lps_mm)


def test_pixels_that_are_no_squares_count_by_their_area(
    phantom_series: WrittenPhantom, expected: float, tmp_path: Path
) -> None:
    """Every column twice, half as wide: rows and columns change places in no formula."""
    headers = images(phantom_series)
    for header in headers:
        row, column = header.PixelSpacing
        values = np.repeat(header.pixel_array, 2, axis=1)
        header.PixelData, header.Columns = values.tobytes(), values.shape[1]
        header.PixelSpacing = [row, column / 2]
    found = answer(written(tmp_path / "scan", headers))
    assert found == pytest.approx(expected, rel=0.05)


def holes(image: Image) -> None:
    values = image.pixel_array.astype(np.int64)
    middle = image.Rows // 2
    values[middle - 8 : middle + 8, middle - 8 : middle + 8] = -2000
    store(image, values, "<i2")


FAULTS: dict[str, tuple[Callable[[list[Image]], None], str, str]] = {
    "slope 0": (each(lambda image: setattr(image, "RescaleSlope", "0")), "rescale", "Rescale Slope 0"),
    "slope -1": (each(lambda image: setattr(image, "RescaleSlope", "-1")), "rescale", "Rescale Slope -1"),
    "slope 1e6": (each(lambda image: setattr(image, "RescaleSlope", "1e6")), "rescale", "Rescale Slope 1e+06"),
    "slope 40": (each(lambda image: setattr(image, "RescaleSlope", "40")), "rescale", "shifted or stretched"),
    "slope in one slice": (
        lambda headers: setattr(headers[20], "RescaleSlope", "0"),
        "rescale",
        "Rescale Slope 0",
    ),
    "intercept 1e9": (each(lambda image: setattr(image, "RescaleIntercept", "1e9")), "rescale", "1e+09"),
    "intercept 0": (each(lambda image: setattr(image, "RescaleIntercept", "0")), "rescale", "Intercept missing"),
    "intercept twice": (
        each(lambda image: setattr(image, "RescaleIntercept", "-2048")),
        "rescale",
        "shifted or stretched",
    ),
    "no rescale": (each(lambda image: delattr(image, "RescaleIntercept")), "rescale", "none are assumed"),
    "padding in the heart": (each(holes), "padding", "hold no measured value"),
    "one slice": (lambda headers: headers.__delitem__(slice(1, None)), "too_few", "1 slice"),
    "two slices": (lambda headers: headers.__delitem__(slice(2, None)), "too_few", "2 slices"),
    "a gap": (lambda headers: headers.__delitem__(20), "gap", "1 image is missing"),
    "two slices at one position": (
        lambda headers: setattr(headers[20], "ImagePositionPatient", headers[19].ImagePositionPatient),
        "duplicate_position",
        "more than one slice",
    ),
    "all slices at one position": (
        each(lambda image: setattr(image, "ImagePositionPatient", [0, 0, 0])),
        "duplicate_position",
        "more than one slice",
    ),
    "no spacing": (each(lambda image: setattr(image, "PixelSpacing", [0, 0])), "geometry", "Pixel Spacing 0 x 0"),
    "negative spacing": (
        each(lambda image: setattr(image, "PixelSpacing", [-0.4, 0.4])),
        "geometry",
        "Pixel Spacing -0.4 x 0.4",
    ),
    "spacing of a centimetre": (
        each(lambda image: setattr(image, "PixelSpacing", [8.6, 8.6])),
        "geometry",
        "field of view of 2202 mm",
    ),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_in_the_files_is_refused_for_itself(fault: str, phantom_series: WrittenPhantom, tmp_path: Path) -> None:
    headers = images(phantom_series)
    spoil, code, words = FAULTS[fault]
    spoil(headers)
    found = answer(written(tmp_path / "scan", headers))
    assert isinstance(found, tuple), found
    assert (found[0], words in found[1]) == (code, True), found


@pytest.mark.parametrize("words", ["NaN", "inf", "-inf", "1e999", "one", ""])
def test_a_slope_that_is_no_number_is_none(words: str, phantom_series: WrittenPhantom, tmp_path: Path) -> None:
    """Written into the bytes: a decimal string of sixteen characters may hold anything."""
    headers = images(phantom_series)[:4]
    for header in headers:
        header.RescaleSlope = "9.87654321"
    paths = written(tmp_path / "scan", headers)
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"9.87654321", words.encode().ljust(10)))
    found = answer(paths)
    assert isinstance(found, tuple)
    assert found[0] == "rescale"


def test_the_command_answers_each_fault_with_its_sentence(phantom_series: WrittenPhantom, tmp_path: Path) -> None:
    """One folder with several broken scans: none stops the others, and none is an exception."""
    wanted = {"intercept 0": "rescale", "a gap": "gap", "slope 1e6": "rescale", "padding in the heart": "padding"}
    codes = {}
    for number, (fault, code) in enumerate(wanted.items()):
        headers = images(phantom_series)
        FAULTS[fault][0](headers)
        for place, header in enumerate(headers):
            header.StudyInstanceUID = f"1.2.826.0.1.3680043.10.7.{number}"
            header.SeriesInstanceUID = f"1.2.826.0.1.3680043.10.8.{number}"
            header.SOPInstanceUID = f"1.2.826.0.1.3680043.10.9.{number}.{place}"
            header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
        codes[headers[0].SeriesInstanceUID] = code
        written(tmp_path / f"scan-{number}", headers)
    command = [sys.executable, "-m", "node.cli", "score", str(tmp_path), "--json", "-"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    results = {one["series_uid"]: one for one in json.loads(done.stdout)["results"]}
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert {uid: one["reason"]["code"] for uid, one in results.items()} == codes
    assert all(one["status"] == "refused" and len(one["reason"]["sentence"]) > 40 for one in results.values())
