"""The real scans and the odd files: each is read as its description says, or refused for its reason."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from node.facts import InstanceFacts
from node.reading import ReadingError, Unreadable, read_headers, read_series
from node.reading.header import open_header
from node.reading.pixels import decode
from node.reading.series import _open_with_pixels
from scoring.protocol import Gating
from scoring.result import UnfitError
from tests.support.real_series import read_folder
from tests.support.shared import needs_shared, shared_folder

pytestmark = [needs_shared, pytest.mark.real_data, pytest.mark.filterwarnings("ignore::UserWarning")]

DATA = shared_folder() / "data"
LOSSLESS = (
    "explicit-le", "implicit-le", "explicit-be", "deflated", "rle", "jpeg-lossless-sv1", "jpeg-lossless-p14", "jpegls",
    "j2k-lossless",
)  # fmt: skip


@lru_cache
def facts_of(name: str) -> dict[str, InstanceFacts]:
    paths = sorted((DATA / name).glob("*.dcm"))
    read = read_headers(paths, token_key=b"tests")
    assert not [one for one in read if isinstance(one, Unreadable)]
    return {path.name: one for path, one in zip(paths, read, strict=True) if isinstance(one, InstanceFacts)}


@pytest.mark.parametrize(
    ("folder", "count", "increment_mm", "gating", "age", "sex"),
    [
        ("qrm-canon", 47, 3.0, Gating.STATED, None, None),
        ("chest-philips-5mm", 41, 5.0, Gating.NOT_GATED, 58, "M"),
        ("chest-philips-5mm-sharp", 12, 5.0, Gating.NOT_GATED, 58, "M"),
        ("chest-siemens-8mm", 30, 8.0, Gating.NOT_GATED, 53, "F"),
        ("petct-siemens-overlap", 46, 2.5, Gating.NOT_GATED, 52, "F"),
        ("apex-siemens-no-heart", 24, 1.0, Gating.NOT_GATED, 85, "M"),
        ("petct-ge-140kv-heart-cut", 20, 4.25, Gating.NOT_GATED, 49, "F"),
    ],
)
def test_a_real_series_is_read_as_an_independent_reader_reads_it(
    folder: str, count: int, increment_mm: float, gating: Gating, age: int | None, sex: str | None
) -> None:
    found = read_series(sorted((DATA / folder).glob("*.dcm"), reverse=True))
    expected, _ = read_folder(DATA / folder)
    assert found.volume.hu.shape == (count, 512, 512)
    assert np.array_equal(found.volume.hu, np.maximum(expected.hu, -1024))
    assert np.allclose(found.volume.voxel_to_lps_mm, expected.voxel_to_lps_mm)
    assert found.volume.slice_increment_mm == pytest.approx(increment_mm)
    assert (found.acquisition.gating, found.demographics.age_years, found.demographics.sex) == (gating, age, sex)


def test_details_of_real_headers_come_over() -> None:
    apex = read_series(sorted((DATA / "apex-siemens-no-heart").glob("*.dcm")))
    assert apex.acquisition.mass_factor_device == pytest.approx((0.643, 0.671, 0.698))
    assert apex.acquisition.manufacturer == ""
    petct = read_series(sorted((DATA / "petct-ge-140kv-heart-cut").glob("*.dcm")))
    assert (petct.acquisition.padding_hu, petct.acquisition.kvp) == (-3024.0, 140.0)


def pixels_of(name: str) -> np.ndarray:
    path = DATA / "odd" / name
    open_header(path)
    return decode(_open_with_pixels(path), 0)


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_nine_encodings_of_one_slice_give_identical_pixels(encoding: str) -> None:
    assert np.array_equal(pixels_of(f"syntax-{encoding}.dcm"), pixels_of("syntax-explicit-le.dcm"))


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_the_same_object_in_other_bytes_is_used_once(encoding: str) -> None:
    """With 023 and 024 beside it: three positions."""
    folder = DATA / "chest-philips-5mm"
    paths = [folder / "022.dcm", folder / "023.dcm", folder / "024.dcm", DATA / "odd" / f"syntax-{encoding}.dcm"]
    assert read_series(paths).volume.hu.shape[0] == 3


@pytest.mark.parametrize("encoding", ["jpeg-extended-lossy", "jpegls-near-lossy", "j2k-lossy"])
def test_a_lossy_encoding_is_refused(encoding: str) -> None:
    assert facts_of("odd")[f"syntax-{encoding}.dcm"].lossy
    with pytest.raises(ReadingError, match="compressed with loss") as caught:
        read_series([DATA / "odd" / f"syntax-{encoding}.dcm"])
    assert caught.value.code == "lossy"


def test_no_lossless_encoding_counts_as_lossy() -> None:
    assert not [name for name in LOSSLESS if facts_of("odd")[f"syntax-{name}.dcm"].lossy]


def test_gantry_tilt_and_sign_mismatch() -> None:
    facts = facts_of("odd")["pydicom-J2K_pixelrep_mismatch.dcm"]
    assert facts.planes[0].orientation == pytest.approx((1, 0, 0, 0, 0.9272, -0.3746), abs=1e-4)
    stored = pixels_of("pydicom-J2K_pixelrep_mismatch.dcm")
    assert -2000 <= int(stored.min()) < -900  # air with intercept 0; the wrong sign would give 6192 for it
    with pytest.raises(UnfitError, match="22 degrees"):
        read_series([DATA / "odd" / "pydicom-J2K_pixelrep_mismatch.dcm"])


def test_hex_identifiers_and_a_bad_sequence_are_read() -> None:
    facts = facts_of("odd")["pydicom-data-bad_sequence.dcm"]
    assert len(facts.sop_instance_uid) == 64
    assert (facts.kvp, facts.kernel) == (120.0, "B30s")
    assert pixels_of("pydicom-data-bad_sequence.dcm").shape == (512, 512)


def test_standard_elements_with_vr_un_are_understood_and_rows_stay_upwards() -> None:
    facts = facts_of("odd")["pydicom-data-explicit_VR-UN.dcm"]
    assert facts.modality == "CT"
    assert facts.planes[0].orientation == (1, 0, 0, 0, -1, 0)
    assert (facts.kvp, facts.planes[0].slice_thickness_mm) == (None, None)


def test_private_groups_an_absurd_age_and_padding_are_read() -> None:
    facts = facts_of("odd")["pydicom-CT_small.dcm"]
    assert (facts.contrast_agent, facts.rows) == ("ISOVUE300/100", 128)


def test_an_enhanced_perfusion_map_says_what_it_is() -> None:
    facts = facts_of("odd")["pydicom-data-eCT_Supplemental-jpegls.dcm"]
    assert (facts.frames, len(facts.planes)) == (2, 2)
    assert "PERFUSION" in facts.image_type


def test_a_legacy_converted_object_equals_the_slices_that_it_was_made_of() -> None:
    converted = read_series([DATA / "odd" / "legacy-converted-enhanced-ct-j2k.dcm"])
    originals = read_series([DATA / "chest-philips-5mm" / f"0{number}.dcm" for number in (21, 22, 23)])
    assert np.array_equal(converted.volume.hu, originals.volume.hu)
    assert np.allclose(converted.volume.voxel_to_lps_mm, originals.volume.voxel_to_lps_mm)
    assert sorted(one.frame_number or 0 for one in converted.source.slices) == [1, 2, 3]


def test_a_single_slice_is_no_series() -> None:
    for path in sorted(Path(DATA / "slices-ny-sbu").glob("*axial*.dcm")):
        with pytest.raises(UnfitError, match="1 slice, a score needs at least 3"):
            read_series([path])
