"""Which factor turns HU into milligrams: the images' own, the site's table, a phantom scan, or none."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scoring.measures import calibration_for
from scoring.protocol import Acquisition, CalibrationEntry, CalibrationSource

SCANNER = Acquisition(manufacturer="SIEMENS", model="SOMATOM Force", station="CT1", kvp=120.0, kernel="Qr36d\\3")
TABLE = CalibrationEntry(
    manufacturer="Siemens",
    model="somatom force",
    kvp=120.0,
    kernel="Qr36d",
    mg_per_mm3_hu=0.0007,
    measured_on=date(2026, 1, 31),
    source=CalibrationSource.SCANNER_TABLE,
)
PHANTOM = replace(TABLE, mg_per_mm3_hu=0.0008, source=CalibrationSource.PHANTOM_QA)


@pytest.mark.parametrize(
    ("acquisition", "width_mm", "mg_per_mm3_hu", "says"),
    [
        (Acquisition(), 350.0, None, "none"),
        (Acquisition(mass_factor_patient=0.78), None, 0.00078, "9351"),
        (Acquisition(mass_factor_patient=0.00078), None, 0.00078, "9351"),
        (Acquisition(mass_factor_patient=0.7, mass_factor_device=(0.743, 0.779, 0.812)), 400.0, 0.0007, "9351"),
        (Acquisition(mass_factor_device=(0.743, 0.779, 0.812)), 300.0, 0.000743, "small patient"),
        (Acquisition(mass_factor_device=(0.743, 0.779, 0.812)), 325.0, 0.000779, "medium patient"),
        (Acquisition(mass_factor_device=(0.743, 0.779, 0.812)), 375.0, 0.000812, "large patient"),
        (Acquisition(mass_factor_device=(0.743, 0.779, 0.812)), None, 0.000779, "medium patient assumed"),
        (Acquisition(mass_factor_patient=0.0, mass_factor_device=(0.743, 0.779, 0.812)), 300.0, 0.000743, "9352"),
        (Acquisition(mass_factor_device=(0.0, 0.0, 0.0)), 300.0, None, "none"),
    ],
)
def test_the_mass_factor_is_that_of_the_images(
    acquisition: Acquisition, width_mm: float | None, mg_per_mm3_hu: float | None, says: str
) -> None:
    """Broken by hand: the mean of the three."""
    calibration = calibration_for(acquisition, width_mm)
    assert calibration.calibrated is (mg_per_mm3_hu is not None)
    assert calibration.mg_per_mm3_hu == pytest.approx(mg_per_mm3_hu or 0.00075)
    assert says in calibration.source
    said = [finding.sentence for finding in calibration.findings]
    assert said == (
        [f"the mass is calibrated with {mg_per_mm3_hu:.6f} mg/(mm3 HU), from {calibration.source}"]
        if mg_per_mm3_hu
        else []
    )


@pytest.mark.parametrize(
    ("acquisition", "says"),
    [
        (Acquisition(mass_factor_patient=780.0), "is 780"),
        (Acquisition(mass_factor_patient=-0.78), "is -0.78"),
        (Acquisition(mass_factor_patient=0.05), "is 0.05"),
        (Acquisition(mass_factor_patient=float("nan")), "cannot be used"),
        (Acquisition(mass_factor_device=(0.78,)), "1 values instead of 3"),
    ],
)
def test_a_factor_in_no_known_unit_is_not_used_and_said(acquisition: Acquisition, says: str) -> None:
    calibration = calibration_for(acquisition, 350.0)
    assert not calibration.calibrated
    (finding,) = calibration.findings
    assert (finding.code, finding.severity) == ("mass_factor", "note")
    assert says in finding.sentence


def test_the_factor_of_the_images_comes_before_the_site_s() -> None:
    acquisition = replace(SCANNER, mass_factor_patient=0.75)
    assert calibration_for(acquisition, 350.0, (TABLE, PHANTOM)).mg_per_mm3_hu == pytest.approx(0.00075)
    unusable = replace(SCANNER, mass_factor_patient=7.5)
    calibration = calibration_for(unusable, 350.0, (TABLE,))
    assert calibration.mg_per_mm3_hu == pytest.approx(0.0007)
    assert [finding.measured for finding in calibration.findings] == [7.5, 0.0007]


def test_the_scanner_table_comes_before_the_phantom_whatever_the_order() -> None:
    """Broken by hand: the newest of all."""
    newer = replace(PHANTOM, measured_on=date(2026, 6, 1))
    for entries in ((TABLE, newer), (newer, TABLE)):
        calibration = calibration_for(SCANNER, 350.0, entries)
        assert (calibration.calibrated, calibration.mg_per_mm3_hu) == (True, 0.0007)
        assert "the site's scanner table of 2026-01-31 (120 kVp, Qr36d, every patient size)" in calibration.source


def test_of_two_phantom_scans_the_newer_counts_and_one_of_this_very_scanner_more() -> None:
    older = replace(PHANTOM, mg_per_mm3_hu=0.00081, measured_on=date(2025, 1, 1))
    assert calibration_for(SCANNER, 350.0, (older, PHANTOM)).mg_per_mm3_hu == 0.0008
    here = replace(older, station="ct1")
    assert calibration_for(SCANNER, 350.0, (PHANTOM, here)).mg_per_mm3_hu == 0.00081


@pytest.mark.parametrize(
    "change",
    [
        {"manufacturer": "GE MEDICAL SYSTEMS"},
        {"model": "SOMATOM Drive"},
        {"kvp": 113.9},
        {"kvp": 100.0},
        {"kvp": None},
        {"kernel": "Qr40d"},
        {"kernel": "QR36D"},
        {"kernel": ""},
        {"tin_filter": True},
    ],
)
def test_an_entry_of_another_scanner_voltage_kernel_or_filter_is_not_used_and_that_is_said(
    change: dict[str, Any],
) -> None:
    calibration = calibration_for(replace(SCANNER, **change), 350.0, (TABLE,))
    assert not calibration.calibrated
    (finding,) = calibration.findings
    assert finding.sentence.startswith("no usable entry of the site's calibrations fits ")
    assert finding.sentence.endswith("the mass is not calibrated")


@pytest.mark.parametrize("change", [{"kvp": 114.0}, {"kvp": 126.0}, {"kernel": "Qr36d"}, {"model": " SOMATOM Force "}])
def test_an_entry_fits_within_five_per_cent_of_its_voltage_and_by_the_words_of_the_scanner(
    change: dict[str, Any],
) -> None:
    assert calibration_for(replace(SCANNER, **change), 350.0, (TABLE,)).calibrated


def test_another_station_of_the_same_model_does_not_lend_its_entry() -> None:
    assert not calibration_for(SCANNER, 350.0, (replace(TABLE, station="CT2"),)).calibrated


def test_an_artificial_120_kernel_keeps_its_entry_behind_tin() -> None:
    entry = replace(TABLE, kernel="Sa36f", kvp=100.0)
    tin = replace(SCANNER, kernel="Sa36f", kvp=100.0, tin_filter=True)
    assert calibration_for(tin, 350.0, (entry,)).calibrated


@pytest.mark.parametrize(
    ("width_mm", "factor", "says"),
    [
        (300.0, 0.0006, "small patient"),
        (350.0, 0.0007, "medium patient"),
        (400.0, 0.0008, "large patient"),
        (None, 0.0007, "medium patient assumed"),
    ],
)
def test_the_entry_of_the_patient_s_size_is_taken(width_mm: float | None, factor: float, says: str) -> None:
    entries = [
        replace(TABLE, patient_size=size, mg_per_mm3_hu=value)
        for size, value in (("large", 0.0008), ("small", 0.0006), ("medium", 0.0007))
    ]
    calibration = calibration_for(SCANNER, width_mm, (*entries, replace(TABLE, mg_per_mm3_hu=0.0009)))
    assert calibration.mg_per_mm3_hu == factor
    assert says in calibration.source


def test_an_entry_for_every_size_stands_in_where_the_size_has_none() -> None:
    small = replace(TABLE, patient_size="small")
    assert calibration_for(SCANNER, 400.0, (small, PHANTOM)).mg_per_mm3_hu == 0.0008


def test_an_entry_per_cm3_is_understood_and_an_absurd_one_is_not_used() -> None:
    assert calibration_for(SCANNER, 350.0, (replace(TABLE, mg_per_mm3_hu=0.7),)).mg_per_mm3_hu == pytest.approx(0.0007)
    calibration = calibration_for(SCANNER, 350.0, (replace(TABLE, mg_per_mm3_hu=0.05), PHANTOM))
    assert calibration.mg_per_mm3_hu == 0.0008
    assert "is 0.05" in calibration.findings[0].sentence


def test_a_file_that_could_not_be_read_weakens_the_result_and_the_images_still_count() -> None:
    calibration = calibration_for(SCANNER, 350.0, fault="[score] calibration: there is no such file")
    assert not calibration.calibrated
    assert [(finding.severity, finding.code) for finding in calibration.findings] == [("weakens", "mass_factor")]
    stated = calibration_for(replace(SCANNER, mass_factor_patient=0.75), 350.0, fault="broken")
    assert stated.calibrated


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kernel": " "}, "needs manufacturer, model and kernel"),
        ({"patient_size": "huge"}, "small, medium or large"),
        ({"kvp": float("nan")}, "kvp of a calibration"),
        ({"mg_per_mm3_hu": -0.7}, "mg_per_mm3_hu of a calibration"),
    ],
)
def test_an_entry_that_is_none_is_told(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(TABLE, **change)
