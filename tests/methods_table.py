"""One phantom under every preset, sampling and tube voltage: `make methods`; `--write` puts it into METHODS.md."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scoring.measures import agatston_in_mask
from scoring.phantom import PhantomSpec, Plaque, make_phantom
from scoring.phantom.make import Phantom
from scoring.protocol import PRESETS, Protocol, ScoringChoices, protocol_for
from scoring.result import EXCLUDED_LABEL, Measures, Vessel

METHODS = Path(__file__).parents[1] / "scoring" / "METHODS.md"
BEGIN, END = "<!-- begin: make methods -->", "<!-- end: make methods -->"
COLUMNS = ("scan", "rule", "Agatston", "voxel volume mm3", "isotropic volume mm3", "mass mg, uncalibrated")

REPEATS = 4
"""Scans of the same patient with other noise and another table position: one alone is a throw of dice."""

NOISE_HU = 15.0
SAMPLINGS_MM = ((3.0, 3.0), (2.5, 2.5), (1.5, 1.5), (3.0, 1.5), (5.0, 5.0))
VOLTAGES = (70.0, 80.0, 100.0, 120.0, 135.0)

PLAQUES = (
    Plaque(vessel=Vessel.LM, along=0.5, radius_mm=0.8, length_mm=3.0, density_hu=500.0),
    Plaque(vessel=Vessel.LAD, along=0.15, radius_mm=1.4, length_mm=7.0, density_hu=900.0),
    Plaque(vessel=Vessel.LAD, along=0.35, radius_mm=0.9, length_mm=4.0, density_hu=400.0),
    Plaque(vessel=Vessel.LAD, along=0.5, radius_mm=0.7, length_mm=2.0, density_hu=300.0),
    Plaque(vessel=Vessel.LCX, along=0.3, radius_mm=1.0, length_mm=4.0, density_hu=600.0),
    Plaque(vessel=Vessel.RCA, along=0.2, radius_mm=1.2, length_mm=5.0, density_hu=700.0),
    Plaque(vessel=Vessel.RCA, along=0.5, radius_mm=0.8, length_mm=2.5, density_hu=350.0),
    *(
        Plaque(vessel=vessel, along=along, radius_mm=0.5, length_mm=2.0, density_hu=700.0)
        for vessel in (Vessel.LAD, Vessel.LCX, Vessel.RCA)
        for along in (0.6, 0.68, 0.76, 0.84)
    ),
)
"""Large and small, dense and faint, and a dozen specks at which the minimum sizes part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scan under one rule: mean of each figure over the repeats."""

    scan: str
    rule: str
    figures: tuple[float, ...]  # Agatston, voxel volume, isotropic volume, mass


def specification(*, thickness_mm: float = 3.0, increment_mm: float = 3.0, kvp: float = 120.0) -> PhantomSpec:
    """The patient of the table; noise falls with the root of the thickness, as at one dose."""
    return PhantomSpec(
        seed=7,
        plaques=PLAQUES,
        slice_thickness_mm=thickness_mm,
        slice_increment_mm=increment_mm,
        kvp=kvp,
        noise_sd_hu=NOISE_HU * float(np.sqrt(3.0 / thickness_mm)),
    )


def scans(spec: PhantomSpec) -> list[Phantom]:
    """Repeats of a scan: other noise, another table position within an increment."""
    step = spec.slice_increment_mm / REPEATS
    return [make_phantom(replace(spec, noise_seed=100 + k, table_shift_mm=k * step)) for k in range(REPEATS)]


def figures(repeats: Iterable[Phantom], protocol: Protocol) -> tuple[float, ...]:
    """Means inside the known plaques, so that nothing but the rule differs."""
    made = [
        agatston_in_mask(
            phantom.volume, (phantom.truth.labels > 0) & (phantom.truth.labels != EXCLUDED_LABEL), protocol
        )
        for phantom in repeats
    ]
    return tuple(float(np.mean([_four(measures)[k] for measures in made])) for k in range(4))


def _four(measures: Measures) -> tuple[float, ...]:
    return measures.agatston, measures.volume_mm3, measures.volume_isotropic_mm3, measures.mass_mg


def rows() -> list[Row]:
    """All rows; the first is what the others are compared with."""
    base = scans(specification())
    literature = PRESETS["literature"]
    presets = [*PRESETS.values(), replace(literature, name="literature, 4-connected", connectivity=4)]
    found = [Row(scan=_scan(3.0, 3.0, 120.0), rule=rule.name, figures=figures(base, rule)) for rule in presets]
    for thickness, increment in SAMPLINGS_MM[1:]:
        repeats = scans(specification(thickness_mm=thickness, increment_mm=increment))
        name = _scan(thickness, increment, 120.0)
        found.append(Row(scan=name, rule="literature", figures=figures(repeats, literature)))
    for kvp in VOLTAGES:
        if kvp != 120.0:
            found += _at(kvp)
    return found


def _at(kvp: float) -> list[Row]:
    repeats = scans(specification(kvp=kvp))
    listed = []
    for rule in ("adapt", "flag"):
        protocol, _ = protocol_for(ScoringChoices(kvp_rule=rule), repeats[0].acquisition)
        name = f"literature, {rule} ({protocol.threshold_hu:g} HU)"
        listed.append(Row(scan=_scan(3.0, 3.0, kvp), rule=name, figures=figures(repeats, protocol)))
    return listed


def _scan(thickness_mm: float, increment_mm: float, kvp: float) -> str:
    return f"{thickness_mm:g} mm every {increment_mm:g} mm, {kvp:g} kVp"


def table(found: list[Row]) -> str:
    """The rows as a markdown table, each figure with its difference from the first row's."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    for row in found:
        cells = [
            f"{value:.1f} ({round(100 * (value / first - 1)):+d} %)" if row is not found[0] else f"{value:.1f}"
            for value, first in zip(row.figures, found[0].figures, strict=True)
        ]
        lines.append(f"| {row.scan} | {row.rule} | {' | '.join(cells)} |")
    return "\n".join(lines)


def written(methods: str, block: str) -> str:
    """The text of METHODS.md with another table between the two marks."""
    before, rest = methods.split(BEGIN)
    return f"{before}{BEGIN}\n{block}\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Print the table; with --write put it into METHODS.md."""
    block = table(rows())
    sys.stdout.write(block + "\n")
    if "--write" in sys.argv[1:]:
        METHODS.write_text(written(METHODS.read_text("utf-8"), block), encoding="utf-8")


if __name__ == "__main__":
    main()
