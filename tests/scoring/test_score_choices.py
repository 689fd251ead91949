"""What a site chooses reaches the score: calibrations of the mass, the preset, and what stands in the result."""

from dataclasses import replace
from datetime import date

import pytest

from scoring.protocol import Acquisition, CalibrationEntry, CalibrationSource, ScoringChoices
from scoring.result import Score, Unfit, Vessel
from scoring.score import score
from tests.support.phantoms import demo_phantom

ENTRY = CalibrationEntry(
    manufacturer="Made Up",
    model="One",
    kvp=120.0,
    kernel="Qr36",
    mg_per_mm3_hu=0.0009,
    measured_on=date(2026, 1, 2),
    source=CalibrationSource.PHANTOM_QA,
)


def answer(choices: ScoringChoices, **acquired: object) -> Score | Unfit:
    phantom = demo_phantom()
    unstated = {"mass_factor_patient": None, "mass_factor_device": ()}
    named = {"manufacturer": "MADE UP", "model": "ONE", "kernel": "Qr36", "kvp": 120.0}
    acquisition: Acquisition = replace(phantom.acquisition, **(unstated | named | acquired))
    return score(phantom.volume, acquisition, phantom.demographics, choices)


@pytest.fixture(scope="module")
def plain() -> Score:
    found = answer(ScoringChoices())
    assert isinstance(found, Score)
    return found


def test_the_site_s_calibration_makes_milligrams_of_the_mass_and_is_named(plain: Score) -> None:
    found = answer(ScoringChoices(calibrations=(ENTRY,)))
    assert isinstance(found, Score)
    assert plain.total.mass_calibrated is False
    assert found.total.mass_calibrated is True
    assert all(found.vessels[vessel].mass_calibrated for vessel in Vessel)
    assert found.total.mass_mg == pytest.approx(plain.total.mass_mg * 0.0009 / 0.00075)
    (said,) = [finding for finding in found.quality if finding.code == "mass_factor"]
    assert said.sentence.startswith(
        "the mass is calibrated with 0.000900 mg/(mm3 HU), from a phantom scan of 2026-01-02"
    )


def test_the_spread_is_that_of_the_vessels(plain: Score) -> None:
    shares = [plain.vessels[vessel].agatston / plain.total.agatston for vessel in Vessel]
    assert plain.spread.vessels_involved == sum(share > 0 for share in shares)
    assert plain.spread.diffusivity == pytest.approx(1 - max(shares))
    assert plain.spread.left_main_share == pytest.approx(shares[0])
    assert plain.risk.cac_drs.endswith(f"/N{plain.spread.vessels_involved}")


def test_the_protocol_that_was_used_stands_in_the_result(plain: Score) -> None:
    assert plain.protocol.weight_steps_hu == (130.0, 200.0, 300.0, 400.0)
    assert plain.protocol.volume_threshold_hu == 130.0
    found = answer(ScoringChoices(preset="philips"))
    assert isinstance(found, Score)
    assert (found.protocol.preset, found.protocol.volume_threshold_hu) == ("philips", 112.5)
    assert found.total.volume_mm3 > plain.total.volume_mm3


def test_a_scan_behind_tin_is_refused_with_its_beam() -> None:
    found = answer(ScoringChoices(), kvp=100.0, tin_filter=True)
    assert isinstance(found, Unfit)
    assert found.reason.code == "kvp"
    assert "100 kVp through a tin filter" in found.reason.sentence


def test_mean_hu_and_density_lie_between_threshold_and_peak(plain: Score) -> None:
    assert plain.total.peak_hu is not None
    assert plain.total.mean_hu is not None
    assert 130 <= plain.total.mean_hu <= plain.total.peak_hu
    for lesion in plain.lesions:
        assert lesion.density_score is not None
        assert 1 <= lesion.density_score <= 4
