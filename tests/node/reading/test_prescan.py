"""The walk over lengths: bombs and stumps are refused before any parser meets them."""

import struct
import zlib
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)

from node.reading import ReadingError
from node.reading import prescan as room
from node.reading.prescan import prescan
from tests.support.ct_objects import ct_object, encoded, enhanced_ct


def at(folder: Path, data: bytes) -> Path:
    path = folder / "object.dcm"
    path.write_bytes(data)
    return path


def code_of(path: Path) -> str:
    with pytest.raises(ReadingError) as caught:
        prescan(path)
    return caught.value.code


def bomb(body: bytes) -> bytes:
    """A file of explicit little endian elements that stand after its SOP Class UID."""
    header = ct_object()
    for keyword in ("PixelData", "PatientName", "StudyDate"):
        delattr(header, keyword)
    return encoded(header) + body


def nested(depth: int) -> Dataset:
    inner = Dataset()
    inner.PatientID = "x"
    for _ in range(depth):
        outer = Dataset()
        outer.RequestAttributesSequence = [inner]
        inner = outer
    return inner


@pytest.mark.parametrize("make", [ct_object, enhanced_ct])
def test_a_whole_object_is_walked_to_its_pixels(tmp_path: Path, make: object) -> None:
    layout = prescan(at(tmp_path, encoded(make())))  # type: ignore[operator]
    assert (layout.has_preamble, layout.has_pixels) == (True, True)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_every_native_encoding_is_followed(tmp_path: Path, syntax: str) -> None:
    header = enhanced_ct()
    header.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        header.PixelData = b"\0" * len(header.PixelData)
    assert prescan(at(tmp_path, encoded(header))).transfer_syntax_uid == syntax


def test_an_object_without_pixels_says_so(tmp_path: Path) -> None:
    header = ct_object()
    del header.PixelData
    assert not prescan(at(tmp_path, encoded(header))).has_pixels


@pytest.mark.parametrize("data", [b"", b"x", b"<html>no image</html>" * 100, b"\0" * 200, b"%PDF-1.7" + b"\0" * 300])
def test_what_is_not_dicom_is_called_so(tmp_path: Path, data: bytes) -> None:
    assert code_of(at(tmp_path, data)) == "not_dicom"


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.999])
def test_a_file_that_ends_too_early_is_truncated(tmp_path: Path, kept: float) -> None:
    whole = encoded(ct_object())
    assert code_of(at(tmp_path, whole[: int(len(whole) * kept)])) == "truncated"


def test_compressed_pixels_without_their_end_are_truncated(tmp_path: Path) -> None:
    header = ct_object()
    header.file_meta.TransferSyntaxUID = JPEGLSLossless
    header.PixelData = encapsulate([b"\xff\xd8" + b"\0" * 400])
    header["PixelData"].is_undefined_length = True
    whole = encoded(header)
    assert prescan(at(tmp_path, whole)).has_pixels
    assert code_of(at(tmp_path, whole[:-8])) == "truncated"


def test_sequences_up_to_the_limit_pass_and_deeper_ones_do_not(tmp_path: Path) -> None:
    """Nested 199 deep, pydicom raises RecursionError; the limit is 32."""
    passes, fails = ct_object(), ct_object()
    passes.update(nested(room.MAX_DEPTH))
    fails.update(nested(room.MAX_DEPTH + 1))
    assert prescan(at(tmp_path, encoded(passes))).has_pixels
    assert code_of(at(tmp_path, encoded(fails))) == "too_complex"


def test_nesting_of_undefined_length_is_counted_too(tmp_path: Path) -> None:
    level = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    assert code_of(at(tmp_path, bomb(level * 5000))) == "too_complex"


def test_half_a_million_empty_elements_are_refused(tmp_path: Path) -> None:
    assert code_of(at(tmp_path, bomb(struct.pack("<HH2sH", 0x0051, 0x1001, b"LO", 0) * 500_000))) == "too_complex"


def test_half_a_million_empty_items_are_refused(tmp_path: Path) -> None:
    items = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 500_000
    sequence = struct.pack("<HH2sHI", 0x0051, 0x1001, b"SQ", 0, len(items)) + items
    assert code_of(at(tmp_path, bomb(sequence))) == "too_complex"


def test_a_deflated_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_INFLATED_BYTES", 1 << 20)
    header = ct_object()
    header.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    prefix = encoded(header)
    meta_end = 132 + 12 + struct.unpack_from("<I", prefix, 140)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = prefix[:meta_end] + packer.compress(b"\0" * (8 << 20)) + packer.flush()
    assert code_of(at(tmp_path, data)) == "too_large"
