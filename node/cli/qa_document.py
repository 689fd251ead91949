"""A judged phantom scan as JSON, as rows of a table and as a page."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from node.pictures.canvas import ORANGE, PURPLE, SKY, Colour
from node.pictures.phantom import FAILED, PASSED, WARNED, Panel, PhantomWords, Ring
from scoring.qa import Insert, Measured, PhantomQa, QaVerdict
from scoring.qa.geometry import ROD_RADIUS_MM
from scoring.volume import Volume

SCHEMA = "calcium-node.qa/1"

_COLOURS: Mapping[int, Colour] = {800: ORANGE, 400: SKY, 200: PURPLE}
_VERDICT_COLOURS = {QaVerdict.PASS: PASSED, QaVerdict.WARN: WARNED, QaVerdict.FAIL: FAILED}
_CLEAR_MM = 1.5
_INSERTS_MM, _RODS_MM = 112.0, 100.0


def document(made: PhantomQa, series_uid: str) -> dict[str, Any]:
    """The answer for programs; masses and factors unrounded, places in LPS millimetres."""
    measured, rods = made.measured, made.measured.rods
    return {
        "schema": SCHEMA,
        "series_uid": series_uid,
        "scanner": {
            "manufacturer": measured.scanner.manufacturer,
            "model": measured.scanner.model,
            "kvp": measured.scanner.kvp,
            "kernel": measured.scanner.kernel,
        },
        "protocol": _protocol(measured),
        "verdict": made.judgement.verdict.value,
        "sentences": list(made.judgement.sentences),
        "compared_with_baseline": made.judgement.baseline_used,
        "inserts": [_insert(insert) for insert in measured.inserts],
        "noise_sd_hu": measured.noise_sd_hu,
        "noise_measured_in": measured.noise_in,
        "calibration_mg_per_mm3_hu": None if rods is None else rods.mg_per_mm3_hu,
        "mass_factor": {
            "mg_per_mm3_hu": measured.factor.mg_per_mm3_hu,
            "source": measured.factor.source,
            "calibrated": measured.factor.calibrated,
        },
        "rods": None
        if rods is None
        else {
            "hydroxyapatite_200_hu": rods.hydroxyapatite_hu,
            "water_hu": rods.water_hu,
            "slices": list(rods.slices),
            "distance_mm": rods.distance_mm,
        },
        "phantom": _phantom(measured),
    }


def _protocol(measured: Measured) -> dict[str, Any]:
    used = measured.protocol
    return {
        "preset": used.preset,
        "threshold_hu": used.threshold_hu,
        "connectivity": used.connectivity,
        "minimum_area_mm2": used.minimum_area_mm2,
        "minimum_pixels": used.minimum_pixels,
        "slice_increment_mm": used.slice_increment_mm,
        "slice_thickness_mm": used.slice_thickness_mm,
        "kvp": used.kvp,
        "weight_steps_hu": list(used.weight_steps_hu),
        "volume_threshold_hu": used.volume_threshold_hu,
    }


def _insert(insert: Insert) -> dict[str, Any]:
    return {
        "density_mg_cm3": insert.density_mg_cm3,
        "diameter_mm": insert.diameter_mm,
        "agatston": insert.agatston,
        "volume_mm3": insert.volume_mm3,
        "volume_isotropic_mm3": insert.volume_isotropic_mm3,
        "mass_mg": insert.mass_mg,
        "mean_hu": insert.mean_hu,
        "centre_lps_mm": list(insert.centre_lps_mm),
        "known_mass_mg": insert.known_mass_mg,
        "mass_error_percent": insert.mass_error_percent,
        "cut": insert.cut,
    }


def _phantom(measured: Measured) -> dict[str, Any]:
    placement = measured.placement
    return {
        "centre_lps_mm": list(placement.centre_lps_mm),
        "axis_lps": list(placement.axis_lps),
        "tilt_degrees": placement.tilt_degrees,
        "handedness": placement.handedness.value,
        "densities_told_apart": placement.order_sure,
        "water_rod_agrees": placement.water_agrees,
        "lateral_width_mm": placement.lateral_width_mm,
        "size": placement.size,
    }


# ------------------------------------------------------------------------------------------ for people


def table_heads(measured: Measured) -> list[str]:
    """Heads of the table; an uncalibrated mass is called so."""
    mass = "mass mg" if measured.factor.calibrated else "mass mg, uncalibrated"
    return ["insert", "Agatston", "volume mm3", mass, "known mg", "error %", "mean HU"]


def table_rows(measured: Measured) -> list[list[str]]:
    """One row an insert, under `table_heads`."""
    return [
        [
            insert.name,
            f"{insert.agatston:.2f}",
            f"{insert.volume_mm3:.2f}",
            f"{insert.mass_mg:.2f}",
            f"{insert.known_mass_mg:.2f}",
            f"{insert.mass_error_percent:+.1f}" if insert.found else "not found",
            "" if insert.mean_hu is None else f"{insert.mean_hu:.1f}",
        ]
        for insert in measured.inserts
    ]


def facts(made: PhantomQa) -> list[list[str]]:
    """What stands below the table: name and words."""
    measured, rods = made.measured, made.measured.rods
    scanner, used, placement = measured.scanner, measured.protocol, measured.placement
    factor = f"{measured.factor.mg_per_mm3_hu:.7f} mg/(mm3 HU), {measured.factor.source}"
    own = "none: no rods in the scan"
    if rods is not None:
        levels = f"200 mg/cm3 {rods.hydroxyapatite_hu:.1f} HU, water {rods.water_hu:.1f} HU"
        own = f"{rods.mg_per_mm3_hu:.7f} mg/(mm3 HU): {levels}"
    kvp = f"{scanner.kvp:g} kVp" if scanner.kvp else "kVp not stated"
    noise = "not measured" if measured.noise_sd_hu is None else f"{measured.noise_sd_hu:.1f} HU in {measured.noise_in}"
    return [
        ["scanner", ", ".join(word for word in (scanner.manufacturer, scanner.model, kvp, scanner.kernel) if word)],
        [
            "protocol",
            (
                f"{used.preset}: {used.threshold_hu:g} HU, {used.connectivity}-connected, at least "
                f"{used.minimum_area_mm2:g} mm2 and {used.minimum_pixels} px, every {used.slice_increment_mm:g} mm"
            ),
        ],
        ["mass factor used", factor],
        ["own mass factor", own],
        ["noise", noise],
        [
            "phantom",
            (
                f"{placement.size or 'size unknown'}, tilted {placement.tilt_degrees:.1f} degrees, arms "
                f"{placement.handedness.value}"
            ),
        ],
        ["verdict", made.judgement.verdict.value],
        *(["", sentence] for sentence in made.judgement.sentences),
    ]


def page_words(made: PhantomQa, volume: Volume) -> PhantomWords:
    """The words and slices of the page."""
    measured = made.measured
    scanner = measured.scanner
    named = " ".join(word for word in (scanner.manufacturer, scanner.model) if word) or "unnamed scanner"
    used = measured.protocol
    return PhantomWords(
        title=f"Phantom QA: {named}, {f'{scanner.kvp:g} kVp' if scanner.kvp else 'kVp not stated'}, {scanner.kernel}",
        verdict=made.judgement.verdict.value.upper(),
        verdict_colour=_VERDICT_COLOURS[made.judgement.verdict],
        sentences=made.judgement.sentences,
        inserts=_insert_panel(measured, volume),
        rods=_rod_panel(measured, volume),
        without_rods="The scan does not show the rods of 200 mg/cm3 and water.",
        heads=tuple(table_heads(measured)),
        rows=tuple(tuple(row) for row in table_rows(measured)),
        foot=f"{used.preset}: {used.threshold_hu:g} HU, {used.connectivity}-connected; mass factor "
        f"{measured.factor.mg_per_mm3_hu:.7f} mg/(mm3 HU), {measured.factor.source}",
    )


def _insert_panel(measured: Measured, volume: Volume) -> Panel:
    at = _index(volume, measured.placement.centre_lps_mm)
    places = [_index(volume, insert.centre_lps_mm) for insert in measured.inserts]
    first, last = (int(np.clip(round(end(place[0] for place in places)), 0, len(volume.hu) - 1)) for end in (min, max))
    rings = []
    for insert, place in zip(measured.inserts, places, strict=True):
        away = (np.array(place[1:]) - at[1:]) * volume.pixel_spacing_mm
        down, right = away / np.linalg.norm(away)
        rings.append(
            Ring(
                centre=(place[1], place[2]),
                radius_mm=insert.diameter_mm / 2 + _CLEAR_MM,
                label=f"{insert.density_mg_cm3} / {insert.diameter_mm}",
                colour=_COLOURS[insert.density_mg_cm3],
                beside=(float(right), float(-down)),  # across the arm, clear of its other inserts
            )
        )
    shown = f"slice {first + 1}" if first == last else f"brightest of slices {first + 1} to {last + 1}"
    return Panel(
        hu=volume.hu[first : last + 1].max(axis=0),  # a tilted phantom has its inserts in several slices
        pixel_spacing_mm=volume.pixel_spacing_mm,
        middle=(at[1], at[2]),
        side_mm=_INSERTS_MM,
        rings=tuple(rings),
        caption=f"{shown} of {len(volume.hu)}; mg/cm3 / mm",
    )


def _rod_panel(measured: Measured, volume: Volume) -> Panel | None:
    rods = measured.rods
    if rods is None:
        return None
    slice_index = rods.slices[len(rods.slices) // 2]
    apart = np.subtract(rods.water_centre, rods.centre) * volume.pixel_spacing_mm
    down, right = (float(part) for part in apart / np.linalg.norm(apart))
    named = ((rods.centre, "200 mg/cm3", ORANGE, (-down, -right)), (rods.water_centre, "water", SKY, (down, right)))
    return Panel(
        hu=volume.hu[slice_index],
        pixel_spacing_mm=volume.pixel_spacing_mm,
        middle=rods.centre,
        side_mm=_RODS_MM,
        rings=tuple(
            Ring(centre=centre, radius_mm=ROD_RADIUS_MM, label=label, colour=colour, beside=beside)
            for centre, label, colour, beside in named
        ),
        caption=f"slice {slice_index + 1}: rods {rods.hydroxyapatite_hu:.1f} and {rods.water_hu:.1f} HU",
    )


def _index(volume: Volume, point_lps_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    affine = volume.voxel_to_lps_mm
    at = np.linalg.solve(affine[:3, :3], np.array(point_lps_mm) - affine[:3, 3])
    return float(at[0]), float(at[1]), float(at[2])
