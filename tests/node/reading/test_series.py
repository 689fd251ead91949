"""Files → volume: HU as written, slices in order, and a sentence where the pixels cannot be trusted."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

from node.facts import CalciumNodeError
from node.reading import SeriesRead, read_series
from scoring.protocol import Gating
from scoring.result import UnfitError
from tests.support.ct_objects import GONE, SERIES, ct_object, ct_series, enhanced_ct, written


def read(folder: Path, headers: list[Dataset]) -> SeriesRead:
    return read_series(written(folder, headers))


def refusal(folder: Path, headers: list[Dataset]) -> tuple[str, str]:
    with pytest.raises((CalciumNodeError, UnfitError)) as caught:
        read(folder, headers)
    fault = caught.value
    return (fault.finding.code if isinstance(fault, UnfitError) else fault.code), str(fault)


def test_slices_ascend_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    headers = [ct_object(place, pixels=np.full((4, 6), 1024 + place, np.uint16)) for place in range(6)]
    headers = [headers[place] for place in (3, 0, 5, 1, 4, 2)]
    volume = read(tmp_path, headers).volume
    assert volume.hu[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert volume.slice_increment_mm == pytest.approx(3.0)
    assert volume.pixel_spacing_mm == pytest.approx((0.5, 0.4))
    assert volume.to_lps_mm(np.array([[2, 1, 3]]))[0] == pytest.approx([-100 + 3 * 0.4, -120 + 0.5, 56.0])


def test_rows_that_run_upwards_stay_so(tmp_path: Path) -> None:
    """Mirrored, the image must keep its rows and say so in its geometry."""
    pixels = np.arange(1024, 1024 + 24, dtype=np.uint16).reshape(4, 6)
    headers = ct_series(3, pixels=pixels, ImageOrientationPatient=[1, 0, 0, 0, -1, 0])
    volume = read(tmp_path, headers).volume
    assert volume.hu[0].ravel().tolist() == list(range(24))
    assert volume.to_lps_mm(np.array([[0, 1, 0]]))[0, 1] == pytest.approx(-120 - 0.5)
    # Rows x columns point to the feet then, and slices ascend along that normal.
    assert volume.to_lps_mm(np.array([[0, 0, 0]]))[0, 2] == pytest.approx(56.0)


def test_each_slice_has_its_own_rescale(tmp_path: Path) -> None:
    """A public tool takes slope and intercept of the first file for all."""
    headers = [
        ct_object(
            place, pixels=np.full((4, 4), 600, np.uint16), RescaleSlope=str(slope), RescaleIntercept=str(intercept)
        )
        for place, (slope, intercept) in enumerate([(1, -1024), (2, -1000), (1, 0)])
    ]
    volume = read(tmp_path, headers).volume
    assert volume.hu[:, 0, 0].tolist() == [-424, 200, 600]
    assert volume.hu.dtype == np.int16


def test_a_fractional_slope_gives_fractions(tmp_path: Path) -> None:
    volume = read(tmp_path, ct_series(3, pixels=np.full((4, 4), 301, np.uint16), RescaleSlope="0.5")).volume
    assert volume.hu.dtype == np.float32
    assert volume.hu[0, 0, 0] == np.float32(-1024 + 150.5)


@pytest.mark.parametrize(("dtype", "stored"), [(np.uint16, [0, 1154, 65535]), (np.int16, [-2000, 1154, 32767])])
def test_unsigned_and_signed_values_reach_their_ends(tmp_path: Path, dtype: type, stored: list[int]) -> None:
    volume = read(tmp_path, ct_series(3, pixels=np.array([stored], dtype))).volume
    assert volume.hu[0, 0].tolist()[:2] == [-1024, 130]
    assert volume.hu[0, 0, 2] == min(stored[2] - 1024, 32767)


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        ({"PixelPaddingValue": -2000}, [-1024, 0, 76]),
        ({"PixelPaddingValue": 0x10000 - 2000}, [-1024, 0, 76]),  # as US, where SS was meant
        ({"PixelPaddingValue": 32000}, [-1024, 0, -1024]),
        ({"PixelPaddingValue": 1024}, [-1024, 0, 76]),  # claims that water is padding: not believed
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_padding_becomes_air_and_tissue_does_not(tmp_path: Path, padding: dict[str, int], expected: list[int]) -> None:
    last = 32000 if expected[2] == -1024 else 1100
    series = ct_series(3, pixels=np.array([[-2000, 1024, last]], np.int16))
    for header in series:
        header.add_new(
            0x00280120, "US" if padding["PixelPaddingValue"] > 0x7FFF else "SS", padding["PixelPaddingValue"]
        )
    found = read(tmp_path, series)
    assert found.volume.hu[0, 0].tolist() == expected


def test_padding_is_reported_in_hu(tmp_path: Path) -> None:
    series = ct_series(3, pixels=np.array([[-2000, 1024]], np.int16))
    for header in series:
        header.add_new(0x00280120, "SS", -2000)
    assert read(tmp_path, series).acquisition.padding_hu == -3024.0


@pytest.mark.parametrize(
    ("overrides", "code", "words"),
    [
        ({"RescaleSlope": GONE}, "rescale", "none are assumed"),
        ({"RescaleIntercept": GONE}, "rescale", "none are assumed"),
        ({"RescaleSlope": "0"}, "rescale", "Rescale Slope 0"),
        ({"RescaleType": "MGML"}, "not_hu", "'MGML', not HU"),
        ({"LossyImageCompression": "01"}, "lossy", "compressed with loss"),
        ({"SamplesPerPixel": 3}, "pixels", "3 samples"),
        ({"BitsAllocated": 8}, "pixels", "of 8 bits"),
        ({"PixelData": GONE}, "pixels", "no pixels"),
        ({"PixelData": b"\0" * 100}, "pixels", "cannot be decoded"),
        ({"PixelSpacing": GONE}, "geometry", "pixel spacing"),
        ({"NumberOfFrames": 2}, "geometry", "2 frames"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "not_axial", "90 degrees"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_words(
    tmp_path: Path, overrides: dict[str, object], code: str, words: str
) -> None:
    found, sentence = refusal(tmp_path, ct_series(4, **overrides))
    assert found == code
    assert words in sentence


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({"SeriesInstanceUID": f"{SERIES}.77"}, "mixed_series"),
        ({"PatientID": "T2"}, "mixed_patients"),
        ({"pixels": np.zeros((8, 16), np.uint16)}, "geometry"),
        ({"PixelSpacing": [0.5, 0.5]}, "geometry"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0.995, 0.0998]}, "geometry"),
        ({"ImagePositionPatient": [-100, -120, 53.0], "SOPInstanceUID": f"{SERIES}.78"}, "duplicate_position"),
        ({"ImagePositionPatient": [-100, -120, 90.0]}, "gap"),
    ],
)
def test_one_image_that_does_not_belong_is_not_scored_with_the_others(
    tmp_path: Path, overrides: dict[str, object], code: str
) -> None:
    assert refusal(tmp_path, [*ct_series(4), ct_object(4, **overrides)])[0] == code  # type: ignore[arg-type]


def test_an_object_that_came_twice_is_used_once(tmp_path: Path) -> None:
    headers = ct_series(4)
    again = ct_object(2, SeriesDescription="sent again with other words")
    assert read(tmp_path, [*headers, again, headers[0]]).volume.hu.shape[0] == 4


def test_one_uid_with_two_different_images_is_a_contradiction(tmp_path: Path) -> None:
    other = ct_object(2, pixels=np.full((16, 16), 1500, np.uint16))
    code, sentence = refusal(tmp_path, [*ct_series(4), other])
    assert code == "duplicates"
    assert "send the series again" in sentence


def test_an_enhanced_object_is_a_series_of_its_frames(tmp_path: Path) -> None:
    found = read(tmp_path, [enhanced_ct(4)])
    # Frames descend in the file; each has its own intercept.
    assert found.volume.hu[:, 0, 0].tolist() == [-18, -20, -22, -24]
    assert [one.frame_number for one in found.source.slices] == [4, 3, 2, 1]
    assert found.acquisition.kvp == 120.0


def test_an_overlay_in_the_unused_bits_is_not_read_as_calcium(tmp_path: Path) -> None:
    series = ct_series(3, pixels=np.array([[1064, 1064 | 0x1000]], np.uint16), BitsStored=12, HighBit=11)
    for header in series:
        header.add_new(0x60000102, "US", 12)
    assert read(tmp_path, series).volume.hu[0, 0].tolist() == [40, 40]


def codestream_bomb(syntax: str) -> Dataset:
    header = ct_object()
    header.file_meta.TransferSyntaxUID = syntax
    if syntax == JPEG2000Lossless:
        size = b"".join(value.to_bytes(4, "big") for value in (12000, 12000, 0, 0, 12000, 12000, 0, 0))
        stream = b"\xff\x4f\xff\x51\x00\x29\x00\x00" + size + b"\x00\x01\x0f\x01\x01" + b"\0" * 40
    else:
        stream = b"\xff\xd8\xff\xf7\x00\x0b\x10\x2e\xe0\x2e\xe0\x01\x01\x11\x00" + b"\0" * 40
    header.PixelData = encapsulate([stream])
    header["PixelData"].is_undefined_length = True
    return header


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_a_codestream_larger_than_its_header_is_not_decoded(tmp_path: Path, syntax: str) -> None:
    """700 bytes of JPEG 2000 can claim 12000 x 12000 pixels: 1.7 GB and 16 seconds in a decoder."""
    code, sentence = refusal(tmp_path, [*ct_series(2), codestream_bomb(syntax)])
    assert code in {"pixels", "duplicates"}
    if code == "pixels":
        assert "12000 x 12000 pixels where its header says 16 x 16" in sentence


@pytest.mark.parametrize(("lowest", "accepted"), [(24, True), (1024, False)])
def test_where_codestream_and_header_disagree_about_the_sign_only_air_proves_the_pixels(
    tmp_path: Path, lowest: int, *, accepted: bool
) -> None:
    pixels = np.full((64, 64), 1064, np.uint16)
    pixels[:8] = lowest
    headers = ct_series(3, pixels=pixels)
    for header in headers:
        header.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
        header.PixelRepresentation = 1
    if accepted:
        assert read(tmp_path, headers).volume.hu[0, :, 0].tolist() == [-1000] * 8 + [40] * 56
    else:
        code, sentence = refusal(tmp_path, headers)
        assert code == "pixels"
        assert "disagree about the sign" in sentence


def test_what_the_scanner_said_comes_over(tmp_path: Path) -> None:
    headers = ct_series(3, CalciumScoringMassFactorDevice=[0.743, 0.779, 0.812], ContrastBolusAgent="IOMERON")
    found = read(tmp_path, headers).acquisition
    assert found.mass_factor_device == pytest.approx((0.743, 0.779, 0.812))
    assert (found.gating, found.contrast_stated, found.kernel) == (Gating.STATED, True, "B35f")
    assert (found.manufacturer, found.model, found.slice_thickness_mm) == ("ACME", "Scanner 1", 3.0)


@pytest.mark.parametrize(
    ("attributes", "tin"),
    [
        ({}, False),
        ({"FilterType": "WEDGE_3"}, False),
        ({"FilterType": "FLAT", "FilterMaterial": ["ALUMINUM", "COPPER"]}, False),
        ({"SeriesDescription": "CaSc 100 kV snapshot"}, False),
        ({"ProtocolName": "Ca_Score_120kV"}, False),
        ({"FilterMaterial": "TIN"}, True),
        ({"FilterMaterial": ["ALUMINUM", "SN"]}, True),
        ({"FilterType": "SN100"}, True),
        ({"SeriesDescription": "CaSc Sn100kV 3.0"}, True),
        ({"ProtocolName": "CaScore_100Sn_Sa36"}, True),
        ({"SeriesDescription": "Calcium Tin Filter"}, True),
    ],
)
def test_a_tin_filter_is_seen_by_attribute_or_by_the_vendor_s_word(
    tmp_path: Path,
    attributes: dict[str, object],
    tin: bool,  # noqa: FBT001 - a table
) -> None:
    """KVP says 100 for Sn100 as for plain 100 kVp."""
    assert read(tmp_path, ct_series(3, **attributes)).acquisition.tin_filter is tin


@pytest.mark.parametrize(("diameter", "gating"), [("400", Gating.NOT_GATED), ("250", Gating.NOT_STATED)])
def test_no_trace_of_gating_is_not_gated_only_in_a_full_chest(tmp_path: Path, diameter: str, gating: Gating) -> None:
    headers = ct_series(3, ScanOptions=GONE, SeriesDescription="thorax", ReconstructionDiameter=diameter)
    assert read(tmp_path, headers).acquisition.gating is gating


@pytest.mark.parametrize(
    ("overrides", "age", "sex", "withheld"),
    [
        ({}, 58, "F", None),
        ({"PatientAge": "22Y", "PatientBirthDate": ""}, 22, "F", None),
        ({"PatientAge": GONE}, 58, "F", None),
        ({"PatientAge": GONE, "PatientBirthDate": "19500602"}, 57, "F", None),
        ({"PatientAge": GONE, "PatientBirthDate": ""}, None, "F", None),
        ({"PatientAge": "061Y"}, None, "F", "disagree by 3 years"),
        ({"PatientAge": "000Y", "PatientBirthDate": ""}, None, "F", "outside 1 to 120"),
        ({"PatientAge": GONE, "PatientBirthDate": "20300101"}, None, "F", "outside 1 to 120"),
        ({"PatientSex": "X"}, 58, None, "none of M, F and O"),
        ({"PatientSex": ""}, 58, None, None),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_age_and_sex_are_used_withheld_or_absent_never_guessed(
    tmp_path: Path, overrides: dict[str, object], age: int | None, sex: str | None, withheld: str | None
) -> None:
    found = read(tmp_path, ct_series(3, **overrides)).demographics
    assert (found.age_years, found.sex, found.ethnic_group) == (age, sex, None)
    assert (withheld or "") in (found.withheld or "")
    assert (found.withheld is None) is (withheld is None)


def test_the_ethnic_group_comes_from_the_site_alone(tmp_path: Path) -> None:
    paths = written(tmp_path, ct_series(3, EthnicGroup="white"))
    assert read_series(paths).demographics.ethnic_group is None
    assert read_series(paths, default_ethnic_group="chinese").demographics.ethnic_group == "chinese"


def test_patient_and_study_come_over_byte_for_byte(tmp_path: Path) -> None:
    headers = ct_series(3, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg", AccessionNumber="A 1")
    source = read(tmp_path, headers).source
    assert str(source.context.PatientName) == "Müller^Jörg"
    assert source.context.SpecificCharacterSet == "ISO_IR 100"
    assert source.context.AccessionNumber == "A 1"
    assert "PixelData" not in source.context
    assert "KVP" not in source.context


def test_each_slice_of_the_source_stands_where_the_volume_has_it(tmp_path: Path) -> None:
    source = read(tmp_path, list(reversed(ct_series(4)))).source
    assert [one.sop_instance_uid for one in source.slices] == [f"{SERIES}.{place}" for place in range(4)]
    assert [one.instance_number for one in source.slices] == [1, 2, 3, 4]
    assert source.slices[2].plane.ImagePositionPatient == [-100, -120, 56]
    assert (source.series_number, source.series_description, source.rows) == (3, "CaSc 3.0", 16)
    assert source.equipment.Manufacturer == "ACME"
    assert date.fromisoformat(source.equipment.AcquisitionDate) == date(2008, 6, 1)
