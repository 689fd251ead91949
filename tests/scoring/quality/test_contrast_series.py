"""Real slices with and without contrast medium, stacked into series, through `calcium-node score`."""

import json
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid
from typer.testing import CliRunner

from node.cli.app import app
from tests.support.shared import needs_shared, shared_folder

pytestmark = [needs_shared, pytest.mark.real_data]

SLICES = 16
CONTRAST = {
    "A002304-ge-1.25mm-contrast": (138.0, 198.0),
    "A056642-ge-1.25mm-100kv-contrast": (285.0, 291.0),
    "A072894-ge-5mm-contrast-untagged": (265.0, 267.0),
    "A098752-ge-1.25mm-contrast-emptytag": (167.0, 169.0),
}
"""Blood-pool HU by the reading that came with the slices: aorta and root or left heart."""
PLAIN = (
    "A046441-ge-2.5mm-axial",
    "A046441-toshiba-5mm-axial",
    "A048383-ge-5mm-axial",
    "A056642-ge-2.5mm-axial",
    "A098752-toshiba-5mm-axial",
)


def refused(name: str, folder: Path) -> dict[str, Any]:
    """Answer for a series of copies of one slice, stepped by its thickness."""
    image = pydicom.dcmread(shared_folder() / "data" / "slices-ny-sbu" / f"{name}.dcm")
    x, y, z = (float(value) for value in image.ImagePositionPatient)
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[name])
    for number in range(SLICES):
        uid = generate_uid(entropy_srcs=[name, str(number)])
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = uid
        image.ImagePositionPatient = [x, y, round(z + number * float(image.SliceThickness), 3)]
        image.InstanceNumber = number + 1
        image.save_as(folder / f"{number:03d}.dcm")
    answer = CliRunner().invoke(app, ["score", str(folder), "--json", "-"], env={"COLUMNS": "200"})
    document: dict[str, Any] = json.loads(answer.stdout)
    (result,) = document["results"]
    assert (answer.exit_code, result["status"]) == (3, "refused")  # a stack of copies is no heart in any case
    return result


@pytest.mark.parametrize("name", sorted(CONTRAST))
def test_a_series_with_contrast_is_refused_with_the_measured_blood_whatever_its_tag_says(
    name: str, tmp_path: Path
) -> None:
    reason = refused(name, tmp_path)["reason"]
    low, high = CONTRAST[name]
    assert (reason["code"], reason["unit"]) == ("contrast", "HU")
    assert 0.75 * low <= reason["measured"] <= 1.35 * high
    assert f"{reason['measured']:.0f} HU" in reason["sentence"]


@pytest.mark.parametrize("name", PLAIN)
def test_a_series_without_contrast_is_not_refused_for_it(name: str, tmp_path: Path) -> None:
    result = refused(name, tmp_path)
    assert result["reason"]["code"] != "contrast"
    assert not [finding for finding in result["quality"] if finding["code"] == "contrast"]
