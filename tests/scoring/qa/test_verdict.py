"""Limits: what passes, warns and fails, with and without an earlier scan."""

from dataclasses import replace

import pytest

from scoring.qa import Baseline, Handedness, Insert, Measured, QaVerdict, Scanner
from scoring.qa.geometry import known_mass_mg
from scoring.qa.result import MassFactor, Placement
from scoring.qa.rods import Rods
from scoring.qa.verdict import judge
from scoring.result import ProtocolUsed

SCANNER = Scanner(manufacturer="ACME", model="Scanner 1", kvp=120.0, kernel="B35f")
RODS = Rods(
    hydroxyapatite_hu=300.0,
    water_hu=20.0,
    noise_sd_hu=18.0,
    mg_per_mm3_hu=0.00072,
    slices=(30, 31, 32),
    centre=(100.0, 100.0),
    water_centre=(80.0, 60.0),
    distance_mm=33.0,
    arm_opposite_water=2,
)


def measured(**changes: object) -> Measured:
    inserts = tuple(
        Insert(
            density_mg_cm3=density,
            diameter_mm=diameter,
            centre_lps_mm=(0.0, 0.0, 0.0),
            agatston=0.4 * density * diameter / 5,
            volume_mm3=10.0,
            volume_isotropic_mm3=10.0,
            mass_mg=known_mass_mg(density, diameter),
            mean_hu=300.0,
            known_mass_mg=known_mass_mg(density, diameter),
        )
        for density in (800, 400, 200)
        for diameter in (5, 3, 1)
    )
    scan = Measured(
        inserts=inserts,
        noise_sd_hu=18.0,
        noise_in="the water rod",
        rods=RODS,
        factor=MassFactor(mg_per_mm3_hu=0.00072, source="rods", calibrated=True),
        protocol=ProtocolUsed(
            preset="ge",
            threshold_hu=130.0,
            connectivity=8,
            minimum_area_mm2=1.0,
            minimum_pixels=1,
            slice_increment_mm=3.0,
            slice_thickness_mm=3.0,
            kvp=120.0,
        ),
        scanner=SCANNER,
        placement=Placement(
            centre_lps_mm=(0.0, 0.0, 0.0),
            axis_lps=(0.0, 0.0, 1.0),
            tilt_degrees=0.0,
            handedness=Handedness.AS_MADE,
            order_sure=True,
            water_agrees=True,
            lateral_width_mm=300.0,
            size="small",
        ),
        notes=(),
    )
    return replace(scan, **changes)


def with_insert(density: int, diameter: int, **changes: object) -> Measured:
    scan = measured()
    chosen = scan.insert(density, diameter)
    return replace(scan, inserts=tuple(replace(one, **changes) if one is chosen else one for one in scan.inserts))


def mass(density: int, diameter: int, percent: float) -> Measured:
    return with_insert(density, diameter, mass_mg=known_mass_mg(density, diameter) * (1 + percent / 100))


BASELINE = Baseline(
    scanner=SCANNER,
    preset="ge",
    connectivity=8,
    slice_thickness_mm=3.0,
    slice_increment_mm=3.0,
    size="small",
    agatston_5mm=(320.0, 160.0, 80.0),
    mg_per_mm3_hu=0.00072,
    noise_sd_hu=18.0,
)


@pytest.mark.parametrize(
    ("scan", "verdict", "said"),
    [
        pytest.param(measured(), QaVerdict.PASS, "within its limits", id="all is well"),
        pytest.param(mass(800, 5, 14.9), QaVerdict.PASS, "", id="5 mm mass within 15 %"),
        pytest.param(mass(800, 5, -15.1), QaVerdict.WARN, "-15.1 %", id="5 mm mass beyond 15 %"),
        pytest.param(mass(200, 5, 35.1), QaVerdict.FAIL, "limit 35 %", id="5 mm mass beyond 35 %"),
        pytest.param(mass(400, 3, 29.0), QaVerdict.PASS, "", id="3 mm mass within 30 %"),
        pytest.param(mass(400, 3, 31.0), QaVerdict.WARN, "limit 30 %", id="3 mm mass beyond 30 %"),
        pytest.param(mass(200, 3, -60.0), QaVerdict.PASS, "", id="200 mg/cm3, 3 mm is too faint for a limit"),
        pytest.param(mass(800, 1, 200.0), QaVerdict.PASS, "", id="1 mm inserts have no limit"),
        pytest.param(with_insert(200, 1, agatston=0.0), QaVerdict.PASS, "", id="1 mm inserts need not be found"),
        pytest.param(with_insert(200, 3, agatston=0.0), QaVerdict.FAIL, "5 of the 6", id="3 mm insert not found"),
        pytest.param(with_insert(400, 1, cut=True), QaVerdict.FAIL, "400 mg/cm3, 1 mm", id="cut"),
        pytest.param(measured(noise_sd_hu=25.0), QaVerdict.PASS, "", id="noise at its limit"),
        pytest.param(measured(noise_sd_hu=25.1), QaVerdict.FAIL, "25.1 HU, above 25 HU", id="noise"),
        pytest.param(measured(noise_sd_hu=None), QaVerdict.WARN, "could not be measured", id="noise unknown"),
        pytest.param(measured(rods=replace(RODS, mg_per_mm3_hu=0.00059)), QaVerdict.FAIL, "0.000590", id="factor low"),
        pytest.param(measured(rods=replace(RODS, mg_per_mm3_hu=0.00101)), QaVerdict.FAIL, "0.001010", id="factor high"),
        pytest.param(measured(rods=None), QaVerdict.WARN, "does not show the rods", id="no rods"),
        pytest.param(
            measured(placement=replace(measured().placement, handedness=Handedness.MIRRORED)),
            QaVerdict.WARN,
            "other way round",
            id="mirrored",
        ),
        pytest.param(
            measured(placement=replace(measured().placement, water_agrees=False)),
            QaVerdict.WARN,
            "may be swapped",
            id="water rod elsewhere",
        ),
        pytest.param(
            measured(placement=replace(measured().placement, order_sure=False)),
            QaVerdict.WARN,
            "too similar",
            id="arms alike",
        ),
    ],
)
def test_a_scan_without_baseline_is_judged_by_known_masses(scan: Measured, verdict: QaVerdict, said: str) -> None:
    judgement = judge(scan, None)
    assert judgement.verdict is verdict
    assert said in judgement.sentences[0]
    assert not judgement.baseline_used


@pytest.mark.parametrize(
    ("scan", "verdict", "said"),
    [
        pytest.param(measured(), QaVerdict.PASS, "against the baseline", id="nothing changed"),
        pytest.param(mass(800, 5, 60.0), QaVerdict.PASS, "", id="known masses no longer count"),
        pytest.param(with_insert(800, 5, agatston=320 * 1.049), QaVerdict.PASS, "", id="Agatston within 5 %"),
        pytest.param(with_insert(800, 5, agatston=320 * 0.94), QaVerdict.WARN, "-6.0 %", id="Agatston beyond 5 %"),
        pytest.param(with_insert(400, 5, agatston=160 * 1.3), QaVerdict.FAIL, "+30.0 %", id="Agatston beyond 25 %"),
        pytest.param(measured(rods=replace(RODS, mg_per_mm3_hu=0.00075)), QaVerdict.WARN, "+4.2 %", id="factor 3 %"),
        pytest.param(measured(rods=replace(RODS, mg_per_mm3_hu=0.0008)), QaVerdict.FAIL, "+11.1 %", id="factor 6 %"),
        pytest.param(measured(rods=None), QaVerdict.WARN, "", id="no factor this time"),
        pytest.param(measured(noise_sd_hu=20.0), QaVerdict.WARN, "+11.1 %", id="noise beyond 10 %"),
        pytest.param(measured(noise_sd_hu=22.0), QaVerdict.FAIL, "+22.2 %", id="noise beyond 20 %"),
        pytest.param(with_insert(200, 5, agatston=0.0), QaVerdict.FAIL, "5 of the 6", id="an insert is lost"),
        pytest.param(measured(noise_sd_hu=26.0), QaVerdict.FAIL, "above 25 HU", id="noise has its limit still"),
    ],
)
def test_with_a_baseline_its_limits_decide(scan: Measured, verdict: QaVerdict, said: str) -> None:
    judgement = judge(scan, BASELINE)
    assert judgement.verdict is verdict
    assert said in judgement.sentences[0]
    assert judgement.baseline_used


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(BASELINE, scanner=replace(SCANNER, model="Scanner 2")), "model Scanner 2 then, Scanner 1 now"),
        (replace(BASELINE, scanner=replace(SCANNER, manufacturer="")), "manufacturer not stated then, ACME now"),
        (replace(BASELINE, scanner=replace(SCANNER, kvp=100.0)), "tube voltage in kVp 100.0 then, 120.0 now"),
        (replace(BASELINE, scanner=replace(SCANNER, kernel="B20f")), "kernel B20f then, B35f now"),
        (replace(BASELINE, preset="canon"), "preset canon then, ge now"),
        (replace(BASELINE, connectivity=4), "connectivity 4 then, 8 now"),
        (replace(BASELINE, slice_increment_mm=1.5), "slice increment 1.5 mm then, 3 mm now"),
        (replace(BASELINE, size="large"), "large phantom then, small now"),
    ],
)
def test_a_baseline_of_something_else_is_not_compared(other: Baseline, said: str) -> None:
    judgement = judge(mass(800, 5, 40.0), other)
    assert judgement.verdict is QaVerdict.FAIL  # the known masses count then
    assert any(said in sentence for sentence in judgement.sentences)
    assert not judgement.baseline_used
    assert judge(measured(), other).verdict is QaVerdict.WARN
