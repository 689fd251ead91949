"""All published pixel vectors of the reference, and the real QRM phantom scan with its published scores."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest

from scoring.candidates import find_islands
from scoring.measures import Calibration, Measured, measure
from scoring.protocol import PRESETS, Protocol
from scoring.result import Vessel
from scoring.volume import Volume, stack_geometry
from tests.scoring.reference_scorer import Rule, reference_score
from tests.support.shared import needs_shared, shared_folder


def _vectors() -> list[Any]:
    path = shared_folder() / "reference" / "scoring_data.json"
    if not path.is_file():
        return [pytest.param({}, marks=needs_shared, id="all-vectors")]
    return [pytest.param(vector, id=vector["id"]) for vector in json.loads(path.read_text("utf-8"))["vectors"]]


def _volume(hu: list[list[list[float]]], spacing_mm: tuple[float, float], increment_mm: float) -> Volume:
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = increment_mm, *spacing_mm
    return Volume(hu=np.asarray(hu, np.float32), voxel_to_lps_mm=affine)


def _protocol(rule: dict[str, Any]) -> Protocol:
    minimum = rule["minimum"]
    return Protocol(
        name="vector",
        threshold_hu=float(rule["threshold"]),
        weight_steps_hu=tuple(float(step) for step in rule["steps"]),  # type: ignore[arg-type]
        connectivity=rule["connectivity"],
        minimum_area_mm2=minimum.get("mm2", 0.0),
        minimum_pixels=minimum.get("n", 1),
    )


def _figures(measured: Measured, islands: int) -> dict[str, float]:
    total = measured.total
    return {
        "agatston": total.agatston,
        "volume_mm3": total.volume_mm3,
        "volume_isotropic_mm3": total.volume_isotropic_mm3,
        "mass_mg": total.mass_mg,
        "islands": islands,
        "lesions_26": total.lesions,
        "lad": measured.vessels[Vessel.LAD].agatston,
        "lcx": measured.vessels[Vessel.LCX].agatston,
    }


def _owners(vector: dict[str, Any], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Whose each voxel is; everything is the LAD's unless the vector says otherwise."""
    owner = np.full(shape, Vessel.LAD.label, np.uint8)
    if vector["id"] == "two_vessels":
        owner[:, :, 4:] = Vessel.LCX.label
    for z, y0, y1, x0, x1 in vector.get("mask_boxes_z_y0_y1_x0_x1", []):
        owner[:] = 0
        owner[z, y0:y1, x0:x1] = Vessel.LM.label
    return owner


def _figures_of(vector: dict[str, Any]) -> dict[str, float]:
    spacing, protocol = tuple(vector["pixel_spacing_mm"]), _protocol(vector["rule"])
    volume = _volume(vector["hu"], spacing, vector["increment_mm"])
    islands = find_islands(volume.hu, protocol, spacing[0] * spacing[1])
    owner = _owners(vector, volume.hu.shape).reshape(-1)[islands.flat]
    calibration = Calibration(mg_per_mm3_hu=vector.get("mass_factor_mg_per_mm3_hu", 0.00075))
    measured = measure(volume, islands, owner, protocol, calibration)
    return _figures(measured, int(islands.large_enough.sum()))


@pytest.mark.parametrize("vector", _vectors())
def test_a_pixel_vector_gives_exactly_the_published_figures(vector: dict[str, Any]) -> None:
    figures, expected = _figures_of(vector), vector["expect"]
    assert {name: figures[name] for name in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("vector", _vectors())
def test_no_known_mistake_gives_what_we_give(vector: dict[str, Any]) -> None:
    """Each `wrong` value is that of a mistake seen in public code; it must be another one than ours."""
    figures = _figures_of(vector)
    touched = next(name for name in ("mass_mg", "lad", "agatston") if name in vector["expect"])
    for mistake, value in vector.get("wrong", {}).items():
        assert figures[touched] != pytest.approx(value, abs=1e-6), mistake


@pytest.mark.parametrize("vector", _vectors())
def test_the_second_scorer_gives_the_published_figures_too(vector: dict[str, Any]) -> None:
    rule, minimum = vector["rule"], vector["rule"]["minimum"]
    slow = reference_score(
        vector["hu"],
        _owners(vector, np.shape(vector["hu"])).tolist(),
        Rule(
            steps_hu=tuple(rule["steps"]),
            connectivity=rule["connectivity"],
            minimum_area_mm2=minimum.get("mm2", 0.0),
            minimum_pixels=minimum.get("n", 1),
        ),
        tuple(vector["pixel_spacing_mm"]),
        vector["increment_mm"],
    )
    answers = list(slow.values())
    figures = {
        "agatston": sum(one.agatston for one in answers),
        "volume_mm3": sum(one.volume_mm3 for one in answers),
        "volume_isotropic_mm3": sum(one.isotropic_mm3 for one in answers),
        "mass_mg": sum(one.mass_hu_mm3 for one in answers) * vector.get("mass_factor_mg_per_mm3_hu", 0.00075),
        "lesions_26": sum(len(one.lesions) for one in answers),
        "lad": slow[Vessel.LAD.label].agatston,
        "lcx": slow[Vessel.LCX.label].agatston,
    }
    known = {name: value for name, value in vector["expect"].items() if name in figures}
    assert {name: figures[name] for name in known} == pytest.approx(known, abs=1e-6)


# Density and diameter (mg/cm3, mm); column and row; published Agatston, volume, mass; the same 4-connected.
QRM_INSERTS = [
    ((800, 5), (180, 220), (402.93965, 302.20474, 94.77115), (401.99, 301.49, 94.70)),
    ((800, 3), (206, 220), (88.11328, 82.15968, 20.90344), (86.21, 80.73, 20.76)),
    ((800, 1), (231, 219), (6.19174, 9.28762, 1.13952), (5.72, 8.57, 1.07)),
    ((400, 5), (292, 151), (238.38214, 216.4729, 47.79026), (238.38, 216.47, 47.79)),
    ((400, 3), (280, 174), (69.53805, 58.58342, 10.88246), (69.54, 58.58, 10.88)),
    ((200, 5), (299, 282), (138.59981, 167.17709, 25.37331), (138.12, 165.75, 25.23)),
    ((200, 3), (285, 261), (22.86182, 34.29274, 4.75308), (22.86, 34.29, 4.75)),
    ((400, 1), (268, 196), (0, 0, 0), (0, 0, 0)),
    ((200, 1), (270, 239), (0, 0, 0), (0, 0, 0)),
]


@pytest.fixture(scope="module")
def qrm_scan() -> Volume:
    images = [pydicom.dcmread(shared_folder() / "data" / "qrm-canon" / f"{number:03}.dcm") for number in range(19, 26)]
    spacing = (float(images[0].PixelSpacing[0]), float(images[0].PixelSpacing[1]))
    stack = stack_geometry([i.ImagePositionPatient for i in images], images[0].ImageOrientationPatient, spacing)
    hu = np.stack(
        [images[n].pixel_array * float(images[n].RescaleSlope) + float(images[n].RescaleIntercept) for n in stack.order]
    )
    return Volume(hu=hu.astype(np.int16), voxel_to_lps_mm=stack.voxel_to_lps_mm)


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("preset", ["fqm_canon_published", "ge"])
def test_the_real_phantom_scan_gives_the_published_table(qrm_scan: Volume, connectivity: int, preset: str) -> None:
    """van Praagh 2021: the table of Canon `Large_rep1`. An island belongs to the insert that its centre is near."""
    rule = PRESETS[preset]
    protocol = Protocol(
        name=rule.name,
        connectivity=connectivity,
        minimum_area_mm2=rule.minimum_area_mm2,
        minimum_pixels=rule.minimum_pixels,
    )
    row_mm, column_mm = qrm_scan.pixel_spacing_mm
    islands = find_islands(qrm_scan.hu, protocol, row_mm * column_mm)
    row, column = np.trunc(islands.centre_index[:, 1]), np.trunc(islands.centre_index[:, 2])
    for (density, diameter), (x, y), *tables in QRM_INSERTS:
        near = np.hypot(column - x, row - y) <= {5: 7, 3: 5, 1: 3}[diameter]
        owner = near[islands.island].astype(np.uint8)
        total = measure(qrm_scan, islands, owner, protocol, Calibration(mg_per_mm3_hu=0.722048e-3)).total
        published = tables[0] if connectivity == 8 else tables[1]
        assert (total.agatston, total.volume_mm3, total.mass_mg) == pytest.approx(published, abs=0.00501), (
            f"insert of {density} mg/cm3 and {diameter} mm"
        )
