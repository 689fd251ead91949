"""Segmentations from outside on the grid of the CT: placed by their own planes, known by their codes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from node.reading import ReadingError, SeriesRead, read_masks, read_series
from scoring.result import Vessel
from tests.conftest import WrittenPhantom
from tests.support import segmented as seg


@pytest.fixture(scope="module")
def series(phantom_series: WrittenPhantom) -> SeriesRead:
    return read_series(sorted(phantom_series.folder.glob("*.dcm")))


@pytest.fixture(scope="module")
def images(phantom_series: WrittenPhantom) -> list[pydicom.Dataset]:
    return seg.images_of(phantom_series.folder)


def a_box(shape: tuple[int, ...], *, at: int = 60) -> np.ndarray:
    """Something that no flip or turn leaves in place."""
    mask = np.zeros(shape, bool)
    mask[10:14, at : at + 20, 100:130] = True
    mask[12, at + 5, 140] = True
    return mask


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_every_kind_of_segmentation_gives_the_voxels_that_were_drawn(
    kind: str, series: SeriesRead, images: list[pydicom.Dataset], tmp_path: Path
) -> None:
    drawn = {seg.LAD: a_box(series.volume.hu.shape), seg.HEART: a_box(series.volume.hu.shape, at=120)}
    given = read_masks(seg.write_segmentation(tmp_path / "seg.dcm", images, drawn, kind), series)
    assert np.array_equal(given.vessels[Vessel.LAD], drawn[seg.LAD])
    assert given.heart is not None
    assert np.array_equal(given.heart, drawn[seg.HEART])
    assert given.source == "made with ACME Segmenter"


def test_a_frame_stored_with_turned_axes_lands_in_the_same_place(
    series: SeriesRead, images: list[pydicom.Dataset], tmp_path: Path
) -> None:
    drawn = a_box(series.volume.hu.shape)
    turned = [pydicom.dcmread(image.filename) for image in images]
    for image in turned:
        image.ImageOrientationPatient = [0, 1, 0, 1, 0, 0]
    mask = np.transpose(drawn, (0, 2, 1))
    given = read_masks(seg.write_segmentation(tmp_path / "seg.dcm", turned, {seg.RCA: mask}), series)
    assert np.array_equal(given.vessels[Vessel.RCA], drawn)


def test_a_coarser_grid_of_the_same_frame_of_reference_covers_the_same_place(
    series: SeriesRead, images: list[pydicom.Dataset], tmp_path: Path
) -> None:
    coarse = [pydicom.dcmread(image.filename) for image in images[::2]]
    step = float(coarse[0].PixelSpacing[0])
    for image in coarse:
        x, y, z = (float(value) for value in image.ImagePositionPatient)
        image.ImagePositionPatient = [x + step / 2, y + step / 2, z]
        image.PixelSpacing, image.SliceThickness = [2 * step, 2 * step], 6
        image.Rows, image.Columns = image.Rows // 2, image.Columns // 2
    mask = np.zeros((len(coarse), coarse[0].Rows, coarse[0].Columns), bool)
    mask[5:8, 30:40, 50:60] = True
    given = read_masks(seg.write_segmentation(tmp_path / "seg.dcm", coarse, {seg.AORTA: mask}), series)
    assert given.aorta is not None
    slices, rows, columns = (np.flatnonzero(given.aorta.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1)))
    assert (slices[0], slices[-1]) == (9, 15)
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (60, 79, 100, 119)


def test_codes_of_the_older_scheme_are_the_same_arteries(
    series: SeriesRead, images: list[pydicom.Dataset], tmp_path: Path
) -> None:
    drawn = {seg.OLD_RCA: a_box(series.volume.hu.shape)}
    assert set(read_masks(seg.write_segmentation(tmp_path / "seg.dcm", images, drawn), series).vessels) == {Vessel.RCA}


def test_structures_without_use_are_named(series: SeriesRead, images: list[pydicom.Dataset], tmp_path: Path) -> None:
    drawn = {seg.HEART: a_box(series.volume.hu.shape), seg.LIVER: a_box(series.volume.hu.shape, at=20)}
    assert read_masks(seg.write_segmentation(tmp_path / "seg.dcm", images, drawn), series).unused == ("Liver",)


def only_a_liver(masks: dict, _images: list[pydicom.Dataset]) -> None:
    masks[seg.LIVER] = masks.pop(seg.LAD)


def two_at_one_place(masks: dict, _images: list[pydicom.Dataset]) -> None:
    masks[seg.RCA] = masks[seg.LAD]


def another_frame(_masks: dict, images: list[pydicom.Dataset]) -> None:
    series_uid, frame_uid = generate_uid(), generate_uid()
    for image in images:
        image.SeriesInstanceUID, image.FrameOfReferenceUID = series_uid, frame_uid


def other_planes(_masks: dict, images: list[pydicom.Dataset]) -> None:
    for image in images:
        image.ImageOrientationPatient = [1, 0, 0, 0, 0.8, 0.6]


def test_a_plane_that_claims_a_metre_of_thickness_does_not_fill_the_heart(
    series: SeriesRead, images: list[pydicom.Dataset], tmp_path: Path
) -> None:
    mask = np.zeros(series.volume.hu.shape, bool)
    mask[20, 50:60, 50:60] = True
    path = seg.write_segmentation(tmp_path / "seg.dcm", images, {seg.LAD: mask})
    written = pydicom.dcmread(path)
    written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = 1000
    written.SpacingBetweenSlices = 1000
    written.save_as(path)
    marked = read_masks(path, series).vessels[Vessel.LAD]
    assert np.flatnonzero(marked.any(axis=(1, 2))).tolist() == [19, 20, 21]  # 5 mm either way


def test_a_plane_without_extent_is_told_in_one_sentence(
    series: SeriesRead, images: list[pydicom.Dataset], tmp_path: Path
) -> None:
    path = seg.write_segmentation(tmp_path / "seg.dcm", images, {seg.LAD: a_box(series.volume.hu.shape)})
    written = pydicom.dcmread(path)
    written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0, 0]
    written.save_as(path)
    with pytest.raises(ReadingError, match="does not say where it lies"):
        read_masks(path, series)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (only_a_liver, "no_segments"),
        (two_at_one_place, "overlap"),
        (another_frame, "other_frame"),
        (other_planes, "geometry"),
    ],
)
def test_a_segmentation_that_cannot_be_used_is_told_in_one_sentence(
    fault: Callable[[dict, list], None],
    code: str,
    series: SeriesRead,
    images: list[pydicom.Dataset],
    tmp_path: Path,
) -> None:
    drawn = {seg.LAD: a_box(series.volume.hu.shape)}
    changed = [pydicom.dcmread(image.filename) for image in images]
    fault(drawn, changed)
    path = seg.write_segmentation(tmp_path / "seg.dcm", changed, drawn)
    with pytest.raises(ReadingError) as raised:
        read_masks(path, series)
    assert raised.value.code == code


def test_a_ct_image_is_no_segmentation(series: SeriesRead, images: list[pydicom.Dataset]) -> None:
    with pytest.raises(ReadingError, match="no DICOM Segmentation") as raised:
        read_masks(Path(images[0].filename), series)
    assert raised.value.code == "not_seg"
