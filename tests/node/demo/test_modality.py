"""What the imitation modality writes: valid objects, the phantom's HU in every make, the truth beside them."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from node.demo.modality import VENDOR_NAMES, Identity, VendorName, truth_document, write_cases, write_series
from scoring.phantom import Phantom, PhantomSpec, Plaque, make_phantom
from scoring.result import Vessel

CREATED = datetime(2026, 11, 2, 8, 3, 7, tzinfo=UTC)
SPEC = PhantomSpec(
    seed=3,
    fov_mm=150.0,
    matrix=64,
    slice_increment_mm=5.0,
    slice_thickness_mm=5.0,
    age_years=61,
    sex="F",
    plaques=(Plaque(vessel=Vessel.LAD, along=0.3, radius_mm=1.5, length_mm=8.0, density_hu=900.0),),
)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(SPEC)


def read(paths: tuple[Path, ...]) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in paths]


def hu_of(images: list[pydicom.Dataset]) -> np.ndarray:
    return np.stack([i.pixel_array.astype(int) * int(i.RescaleSlope) + int(i.RescaleIntercept) for i in images])


@pytest.mark.parametrize("vendor", VENDOR_NAMES)
def test_every_make_decodes_to_the_phantoms_hu_at_its_places(
    phantom: Phantom, tmp_path: Path, vendor: VendorName
) -> None:
    """Red when the intercept is applied with the wrong sign, or the rows' spacing stands second."""
    written = write_series(phantom, tmp_path, created=CREATED, uid_seed="x", vendor=vendor)
    images = read(written.paths)
    assert (hu_of(images) == phantom.volume.hu).all()
    positions = np.array([image.ImagePositionPatient for image in images], float)
    assert positions == pytest.approx(phantom.volume.to_lps_mm(np.array([[k, 0, 0] for k in range(len(images))])))
    assert images[0].PixelSpacing == pytest.approx(phantom.volume.pixel_spacing_mm)
    assert {image.SeriesInstanceUID for image in images} == {written.series_instance_uid}
    assert len({image.SOPInstanceUID for image in images}) == len(images)


def test_instance_numbers_fall_as_z_rises_and_file_names_tell_no_order(phantom: Phantom, tmp_path: Path) -> None:
    written = write_series(phantom, tmp_path, created=CREATED, uid_seed="x")
    numbers = [int(image.InstanceNumber) for image in read(written.paths)]
    assert numbers == list(range(len(numbers), 0, -1))
    assert sorted(written.paths) != list(written.paths)
    assert sorted(written.paths) != list(written.paths)[::-1]


@pytest.mark.parametrize(
    ("vendor", "keyword", "expected"),
    [
        ("siemens", "ScanOptions", ["TP70PC1300", "OSCRATEMIN044BPM"]),
        ("siemens", "CalciumScoringMassFactorDevice", [0.743, 0.779, 0.812]),
        ("siemens", "SeriesDescription", "CaScSeq  5.0  B35f  70%"),
        ("siemens", "PixelRepresentation", 0),
        ("ge", "PixelRepresentation", 1),
        ("philips", "ConvolutionKernel", "XCA"),
        ("canon", "ImageType", ["DERIVED", "PRIMARY", "MPR"]),
        ("canon", "RescaleIntercept", 0),
        ("canon", "Manufacturer", "TOSHIBA"),
    ],
)
def test_a_make_writes_what_real_series_of_it_hold(
    phantom: Phantom, tmp_path: Path, vendor: VendorName, keyword: str, expected: object
) -> None:
    image = read(write_series(phantom, tmp_path, created=CREATED, uid_seed="x", vendor=vendor).paths)[0]
    value = image[keyword].value
    if isinstance(expected, list):
        expected_values = [pytest.approx(e, rel=1e-6) if isinstance(e, float) else e for e in expected]
        assert list(value)[: len(expected)] == expected_values
    else:
        assert value == expected


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, RLELossless, JPEG2000Lossless, JPEGLSLossless])
@pytest.mark.parametrize("vendor", ["siemens", "canon"])
def test_other_encodings_hold_the_same_pixels_and_uids(
    phantom: Phantom, tmp_path: Path, syntax: pydicom.uid.UID, vendor: VendorName
) -> None:
    plain = write_series(phantom, tmp_path / "plain", created=CREATED, uid_seed="x", vendor=vendor)
    other = write_series(
        phantom, tmp_path / "other", created=CREATED, uid_seed="x", vendor=vendor, transfer_syntax_uid=syntax
    )
    images = read(other.paths)
    assert images[0].file_meta.TransferSyntaxUID == syntax
    assert (hu_of(images) == phantom.volume.hu).all()
    assert [i.SOPInstanceUID for i in images] == [i.SOPInstanceUID for i in read(plain.paths)]


def test_padding_is_written_as_each_make_does(tmp_path: Path) -> None:
    padded = make_phantom(replace(SPEC, padding_hu=-3024))
    image = read(write_series(padded, tmp_path / "ge", created=CREATED, uid_seed="x", vendor="ge").paths)[0]
    assert (image.PixelPaddingValue, image.pixel_array[0, 0]) == (-2000, -2000)
    image = read(write_series(padded, tmp_path / "c", created=CREATED, uid_seed="x", vendor="canon").paths)[0]
    assert "PixelPaddingValue" not in image
    assert image.pixel_array[0, 0] == -3024
    with pytest.raises(ValueError, match=r"siemens stores -1024 to 3071 HU, the phantom holds -3024 to .* HU"):
        write_series(padded, tmp_path / "s", created=CREATED, uid_seed="x", vendor="siemens")


def test_the_person_is_plainly_invented_and_as_old_as_the_phantom_says(phantom: Phantom, tmp_path: Path) -> None:
    image = read(write_series(phantom, tmp_path, created=CREATED, uid_seed="x").paths)[0]
    assert "SYNTHETIC" in str(image.PatientName)
    assert "SYNTHETIC" in image.PatientID
    assert (image.PatientSex, image.PatientAge) == ("F", "061Y")
    born = datetime.strptime(image.PatientBirthDate, "%Y%m%d").replace(tzinfo=UTC)
    had_birthday = (CREATED.month, CREATED.day) >= (born.month, born.day)
    assert CREATED.year - born.year - (not had_birthday) == 61


def test_the_same_seed_of_uids_gives_the_same_bytes(phantom: Phantom, tmp_path: Path) -> None:
    one = write_series(phantom, tmp_path / "1", created=CREATED, uid_seed="x")
    two = write_series(phantom, tmp_path / "2", created=CREATED, uid_seed="x")
    third = write_series(phantom, tmp_path / "3", created=CREATED, uid_seed="y")
    assert [p.read_bytes() for p in one.paths] == [p.read_bytes() for p in two.paths]
    assert one.series_instance_uid != third.series_instance_uid
    assert all(uid.startswith("2.25.") for uid in (one.study_instance_uid, one.series_instance_uid))


def test_truth_has_every_key_of_its_contract(phantom: Phantom) -> None:
    document = json.loads(json.dumps(truth_document(phantom, "1.2.3")))
    assert set(document) == {"series_uid", "expect", "caveats", "total", "vessels", "lesions", "distractors"}
    assert (document["series_uid"], document["expect"], document["caveats"]) == ("1.2.3", "scored", ["thickness"])
    assert set(document["vessels"]) == {"LM", "LAD", "LCX", "RCA"}
    assert document["total"]["agatston"] == document["vessels"]["LAD"]["agatston"] > 0
    assert set(document["lesions"][0]) == {"vessel", "centre_lps_mm", "agatston", "radius_mm"}
    assert len(document["lesions"][0]["centre_lps_mm"]) == 3


def test_a_scan_with_contrast_medium_is_expected_to_be_refused() -> None:
    document = truth_document(make_phantom(replace(SPEC, blood_hu=310.0)), "1.2.3")
    assert (document["expect"], document["reason_code"]) == ("refused", "contrast")


def test_cases_are_folders_with_a_series_and_its_truth(tmp_path: Path) -> None:
    (folder,) = write_cases(tmp_path, seed=17, cases=1, created=CREATED)
    assert folder == tmp_path / "case-000"
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    files = sorted((folder / "dicom").glob("*.dcm"))
    images = [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
    assert {image.SeriesInstanceUID for image in images} == {truth["series_uid"]}
    assert len(files) > 40


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not on the path")
@pytest.mark.parametrize("vendor", VENDOR_NAMES)
def test_dciodvfy_finds_no_error(phantom: Phantom, tmp_path: Path, vendor: VendorName) -> None:
    identity = Identity(ethnic_group="white")
    written = write_series(phantom, tmp_path, created=CREATED, uid_seed="x", vendor=vendor, identity=identity)
    told = subprocess.run(["dciodvfy", str(written.paths[0])], capture_output=True, text=True, check=False).stderr
    assert "CTImage" in told
    assert [line for line in told.splitlines() if line.startswith("Error")] == []
