import numpy as np
import pydicom
import pytest

from scoring.protocol import Acquisition, ScoringChoices
from scoring.result import Demographics, Score, Severity, Unfit, Vessel
from scoring.score import score
from scoring.volume import Volume
from tests.support.inserted_plaque import insert, random_deposits
from tests.support.real_series import real_series
from tests.support.shared import needs_shared, shared_folder

pytestmark = [needs_shared, pytest.mark.real_data]

NOBODY = Demographics()


def result_of(name: str) -> Score | Unfit:
    volume, acquisition = real_series(name)
    return score(volume, acquisition, NOBODY, ScoringChoices())


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("chest-siemens-8mm", {"thickness"}),
        ("chest-philips-5mm-sharp", {"noise"}),
        ("apex-siemens-no-heart", {"no_heart", "coverage"}),
        ("petct-ge-140kv-heart-cut", {"coverage"}),
        ("qrm-canon", {"no_heart"}),
    ],
)
def test_a_real_series_that_must_not_be_scored_is_refused_for_the_right_reason(name: str, codes: set[str]) -> None:
    made = result_of(name)
    assert isinstance(made, Unfit)
    assert made.reason.code in codes


@pytest.mark.parametrize("name", ["chest-philips-5mm", "petct-siemens-overlap"])
def test_a_real_heart_without_calcium_scores_zero_and_says_what_limits_it(name: str) -> None:
    made = result_of(name)
    assert isinstance(made, Score)
    assert made.total.agatston == 0
    zero = next(finding for finding in made.quality if finding.code == "zero")
    assert zero.severity is Severity.WEAKENS
    assert "5 mm thick" in zero.sentence


@pytest.mark.parametrize("name", ["chest-philips-5mm", "petct-siemens-overlap"])
def test_calcium_of_known_amount_in_real_hearts_is_counted_in_its_artery(name: str) -> None:
    truth, found, look_alikes = np.zeros(4), np.zeros(4), 0.0
    for seed in (43, 45):
        scan = insert(name, random_deposits(name, seed))
        made = score(scan.volume, scan.acquisition, NOBODY, ScoringChoices())
        assert isinstance(made, Score)
        truth += [scan.vessels[vessel] for vessel in Vessel]
        found += [made.vessels[vessel].agatston for vessel in Vessel]
        look_alikes += scan.look_alikes
    assert look_alikes > 0
    assert found.sum() == pytest.approx(truth.sum(), rel=0.2)
    assert np.abs(found - truth).sum() < 0.4 * truth.sum()


@pytest.mark.parametrize(
    "file",
    [
        "A002304-ge-1.25mm-contrast.dcm",
        "A056642-ge-1.25mm-100kv-contrast.dcm",
        "A072894-ge-5mm-contrast-untagged.dcm",
        "A098752-ge-1.25mm-contrast-emptytag.dcm",
    ],
)
def test_real_contrast_is_refused_whatever_the_header_says(file: str) -> None:
    header = pydicom.dcmread(shared_folder() / "data" / "slices-ny-sbu" / file)
    hu = (header.pixel_array.astype(np.int32) + int(header.RescaleIntercept)).astype(np.int16)
    affine = np.eye(4)
    affine[:3, 0] = [0, 0, 3.0]
    affine[:3, 1] = [0, float(header.PixelSpacing[0]), 0]
    affine[:3, 2] = [float(header.PixelSpacing[1]), 0, 0]
    volume = Volume(hu=np.stack([hu] * 30), voxel_to_lps_mm=affine)
    made = score(volume, Acquisition(kvp=120.0, slice_thickness_mm=3.0), NOBODY, ScoringChoices())
    assert isinstance(made, Unfit)
    assert made.reason.code == "contrast"
    assert made.reason.measured > 120
