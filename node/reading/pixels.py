"""Stored values → HU: the decoder by name for each transfer syntax, rescale of each slice, padding, clipping."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from node.reading.attributes import CONVERSION_FAULTS, number, text, whole
from node.reading.codestream import check_codestream
from node.reading.unreadable import ReadingError

OVERLAY_BIT_POSITION = (0x6000, 0x0102)
OVERLAY_DATA = (0x6000, 0x3000)

AIR_HU = -1024
"""Lowest value of a volume: outside the field of view scanners write anything below it."""

MAX_SLOPE = 100.0
MAX_INTERCEPT = 100_000.0

# Chosen by name: which plug-in pydicom would take depends on what else is installed, and some are three times slower.
_NATIVE: dict[str, str] = dict.fromkeys(
    ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"), ""
)
_RLE = "1.2.840.10008.1.2.5"
_DECODERS = {
    **_NATIVE,
    _RLE: "pydicom",
    "1.2.840.10008.1.2.4.57": "gdcm",
    "1.2.840.10008.1.2.4.70": "gdcm",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
}
"""Transfer syntax → decoding plug-in; .81 and .91 may lose and come here if the header says that nothing was lost."""

_HU_WORDS = re.compile(r"hu|h\.?u\.?|hounsfield|houndsfield", re.IGNORECASE)

Stored = npt.NDArray[Any]
Slice = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescale:
    """HU = stored value x slope + intercept (PS3.3 C.11.1.1.2)."""

    slope: float
    intercept: float

    @property
    def is_whole(self) -> bool:
        """Whether whole stored values give whole HU."""
        return self.slope == int(self.slope) and self.intercept == int(self.intercept)


def rescale(header: Dataset) -> Rescale:
    """Rescale of one slice; each slice has its own.

    Raises
    ------
    ReadingError
        ``rescale`` where slope or intercept are absent or absurd, ``not_hu`` where the unit is another.
    """
    unit = text(header, "RescaleType")
    if unit and not _HU_WORDS.match(unit):
        raise ReadingError(
            "not_hu", f"Rescale Type is {unit[:16]!a}, not HU: these are no CT numbers; send the original series"
        )
    slope, intercept = number(header, "RescaleSlope"), number(header, "RescaleIntercept")
    if slope is None or intercept is None:
        raise ReadingError(
            "rescale",
            "Rescale Slope or Rescale Intercept is missing or no number: the CT numbers are unknown, and none are "
            "assumed; send the original images",
        )
    if not 0 < slope <= MAX_SLOPE or abs(intercept) > MAX_INTERCEPT:
        raise ReadingError(
            "rescale",
            f"Rescale Slope {slope:g} and Rescale Intercept {intercept:g} give no CT numbers; send the original images",
        )
    return Rescale(slope=slope, intercept=intercept)


def padding_stored(header: Dataset) -> tuple[int, int] | None:
    """Lowest and highest stored value that mean "no pixel here", or None."""
    first = _stored_number(header, "PixelPaddingValue")
    if first is None:
        return None
    last = _stored_number(header, "PixelPaddingRangeLimit")
    return (first, first) if last is None else (min(first, last), max(first, last))


def _stored_number(header: Dataset, keyword: str) -> int | None:
    try:
        value = header[keyword].value if keyword in header else None
    except CONVERSION_FAULTS:
        return None
    if isinstance(value, bytes) and len(value) == 2:  # implicit VR: pydicom may leave US or SS undecided
        return int.from_bytes(value, "little", signed=whole(header, "PixelRepresentation") == 1)
    if not isinstance(value, int):
        return None
    signed = whole(header, "PixelRepresentation") == 1
    # The wrong one of US and SS is a common fault; the bits are what counts.
    return value - 0x10000 if signed and value > 0x7FFF else value + 0x10000 if not signed and value < 0 else value


def decode(header: Dataset, frame: int) -> Stored:
    """Stored values of one frame, axes (row, column); `header` is the whole object with its pixels.

    Raises
    ------
    ReadingError
        ``syntax`` or ``pixels``.
    """
    syntax = _syntax(header)
    _check_description(header)
    rows, columns = whole(header, "Rows") or 0, whole(header, "Columns") or 0
    try:
        if syntax not in _NATIVE and syntax != _RLE:
            check_codestream(_frame_bytes(header, frame), rows=rows, columns=columns)
        decoder = get_decoder(UID(syntax))
        pixels, _ = decoder.as_array(header, index=frame, raw=True, decoding_plugin=_DECODERS[syntax])
    except (RuntimeError, *CONVERSION_FAULTS) as fault:
        raise ReadingError(
            "pixels",
            f"the pixels cannot be decoded ({type(fault).__name__} in {UID(syntax).name}); send the image again",
        ) from None
    if pixels.shape != (rows, columns):
        raise ReadingError("pixels", f"the decoded image is {pixels.shape}, its header says {(rows, columns)}")
    return _without_overlay(header, pixels)


def _syntax(header: Dataset) -> str:
    meta = getattr(header, "file_meta", None)
    syntax = str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""
    syntax = syntax or ("1.2.840.10008.1.2" if header.original_encoding[0] else "1.2.840.10008.1.2.1")
    if syntax not in _DECODERS:
        raise ReadingError(
            "syntax",
            f"transfer syntax {UID(syntax).name} is not decoded here; send the images uncompressed or JPEG-LS lossless",
        )
    return syntax


def _check_description(header: Dataset) -> None:
    samples, allocated = whole(header, "SamplesPerPixel"), whole(header, "BitsAllocated")
    if samples != 1 or allocated != 16:
        raise ReadingError("pixels", f"the pixels have {samples} samples of {allocated} bits; a CT has one of 16")


def _frame_bytes(header: Dataset, frame: int) -> bytes:
    return get_frame(header.PixelData, frame, number_of_frames=whole(header, "NumberOfFrames") or 1)


def _without_overlay(header: Dataset, pixels: Stored) -> Stored:
    """Drop an overlay in the unused high bits (retired, PS3.5 8.1.2): its bits would read as calcium."""
    bits = whole(header, "BitsStored") or 16
    if bits >= 16 or OVERLAY_BIT_POSITION not in header or OVERLAY_DATA in header:
        return pixels
    shift = 16 - bits
    kept: Stored = (pixels << shift) >> shift
    return kept


def signs_differ(header: Dataset, frame: int) -> bool:
    """Whether a JPEG 2000 codestream and (0028,0103) disagree about the sign: decoders then differ."""
    syntax = _syntax(header)
    if syntax not in ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"):
        return False
    stated = check_codestream(
        _frame_bytes(header, frame), rows=whole(header, "Rows") or 0, columns=whole(header, "Columns") or 0
    )
    return stated.is_signed is not (whole(header, "PixelRepresentation") == 1)


def hounsfield(stored: Stored, scale: Rescale, padding: tuple[int, int] | None, *, as_whole: bool) -> Slice:
    """HU of one slice: int16 where `as_whole`, else float32; padding and everything below -1024 becomes -1024.

    Examples
    --------
    Unsigned values: numpy 2 would refuse to add -1024 to them.

    >>> stored = np.array([[0, 1154, 65535]], np.uint16)
    >>> hounsfield(stored, Rescale(slope=1.0, intercept=-1024.0), None, as_whole=True).tolist()
    [[-1024, 130, 32767]]
    """
    if as_whole:
        wide = stored.astype(np.int32)
        if scale.slope != 1.0:
            wide *= int(scale.slope)
        wide += int(scale.intercept)
        values: Slice = np.clip(wide, AIR_HU, 32767).astype(np.int16)
    else:
        values = stored.astype(np.float32) * np.float32(scale.slope) + np.float32(scale.intercept)
        np.maximum(values, AIR_HU, out=values)
    if padding is not None and _may_be_padding(padding, scale):
        values[(stored >= padding[0]) & (stored <= padding[1])] = AIR_HU
    return values


def _may_be_padding(padding: tuple[int, int], scale: Rescale) -> bool:
    # A header may state a padding that is an ordinary tissue value, 0 with intercept 0 is water: believing it would
    # punch holes into the image. Below air it is clipped anyway; above bone it must not be taken for metal.
    return all(not -900.0 < value * scale.slope + scale.intercept < 3071.0 for value in padding)
