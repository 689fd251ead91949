"""Real series of the shared data as scoring sees them: a minimal reader, independent of node/reading."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pydicom

from scoring.protocol import Acquisition
from scoring.volume import Volume, stack_geometry
from tests.support.shared import shared_folder


@lru_cache(maxsize=2)
def real_series(name: str) -> tuple[Volume, Acquisition]:
    """Volume and acquisition of the folder `name` of the shared data."""
    return read_folder(shared_folder() / "data" / name)


def read_folder(folder: Path) -> tuple[Volume, Acquisition]:
    """Every DICOM file of a folder as one stack of axial slices, in HU."""
    headers = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    first = headers[0]
    stack = stack_geometry(
        [header.ImagePositionPatient for header in headers],
        first.ImageOrientationPatient,
        (float(first.PixelSpacing[0]), float(first.PixelSpacing[1])),
    )
    slices = [_hounsfield(headers[index]) for index in stack.order]
    volume = Volume(hu=np.stack(slices), voxel_to_lps_mm=stack.voxel_to_lps_mm)
    return volume, _acquisition(first)


def _hounsfield(header: pydicom.Dataset) -> np.ndarray:
    stored = header.pixel_array.astype(np.int32)
    return (stored * int(header.RescaleSlope) + int(header.RescaleIntercept)).astype(np.int16)


def _acquisition(header: pydicom.Dataset) -> Acquisition:
    kernel = header.get("ConvolutionKernel", "")
    return Acquisition(
        kvp=float(header.KVP) if header.get("KVP") else None,
        slice_thickness_mm=float(header.SliceThickness) if header.get("SliceThickness") else None,
        kernel=kernel if isinstance(kernel, str) else "\\".join(kernel),
        manufacturer=str(header.get("Manufacturer", "")),
        reconstruction_diameter_mm=float(header.ReconstructionDiameter)
        if header.get("ReconstructionDiameter")
        else None,
    )
