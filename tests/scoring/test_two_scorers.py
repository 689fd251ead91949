"""Two implementations must agree: every measure of random volumes against a second, slow scorer."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scoring.candidates import find_islands
from scoring.measures import Calibration, Measured, measure
from scoring.protocol import PRESETS, Acquisition, Protocol, ScoringChoices, protocol_for
from scoring.result import Measures, Vessel
from scoring.volume import Volume
from tests.scoring.reference_scorer import SIZE_RULES, STEPS_BY_KVP, Answer, reference_score, rule_of

MG_PER_MM3_HU = 0.0008
NO_NUMBERS = (float("nan"), float("inf"), float("-inf"))

shapes = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7))
spacings = st.sampled_from([(0.5, 0.5), (0.4, 0.8), (0.75, 0.75), (1.0, 1.0), (0.488, 0.488), (0.9, 0.3)])
increments = st.sampled_from([0.5, 1.25, 1.5, 2.5, 3.0, 5.0])


@st.composite
def scans(draw: st.DrawFn, kvp: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """Whole or broken numbers about the limits of the voltage, and an owner for each voxel."""
    shape, first = draw(shapes), STEPS_BY_KVP[kvp][0]
    around = [edge + step for edge in STEPS_BY_KVP[kvp] for step in (-1, 0)]
    levels = [-1000.0, 40.0, first * 0.7, np.ceil(112.5 / 130 * first), np.floor(112.5 / 130 * first), 900.0, *around]
    if draw(st.booleans()):
        broken = [edge + step for edge in STEPS_BY_KVP[kvp] for step in (-0.25, 0.25)]
        hu = draw(arrays(np.float32, shape, elements=st.sampled_from([*levels, *broken, *NO_NUMBERS])))
    else:
        hu = draw(arrays(np.int16, shape, elements=st.sampled_from([int(level) for level in levels])))
    return hu, draw(arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 2, 2, 2, 3, 4])))


def volume_of(hu: npt.NDArray[Any], spacing_mm: tuple[float, float], increment_mm: float) -> Volume:
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = increment_mm, *spacing_mm
    return Volume(hu=hu, voxel_to_lps_mm=affine)


def fast_score(volume: Volume, owner: npt.NDArray[np.uint8], protocol: Protocol) -> Measured:
    row, column = volume.pixel_spacing_mm
    islands = find_islands(volume.hu, protocol, row * column)
    calibration = Calibration(mg_per_mm3_hu=MG_PER_MM3_HU, calibrated=True, source="test")
    return measure(volume, islands, owner.reshape(-1)[islands.flat], protocol, calibration)


def same(got: Measures, slow: Answer) -> bool:
    """Within rounding: a thousand times closer than 0.1 %."""
    pairs = [
        (got.agatston, slow.agatston),
        (got.volume_mm3, slow.volume_mm3),
        (got.volume_isotropic_mm3, slow.isotropic_mm3),
        (got.mass_mg, slow.mass_hu_mm3 * MG_PER_MM3_HU),
        (got.density_score, slow.density_score),
        (got.peak_hu, slow.peak_hu),
        (got.mean_hu, slow.mean_hu),
        (got.lesions, len(slow.lesions)),
    ]
    return all(one == (None if other is None else pytest.approx(other, rel=1e-6)) for one, other in pairs)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("preset", sorted(SIZE_RULES))
@settings(max_examples=50, deadline=None)
@given(st.data(), st.sampled_from(sorted(STEPS_BY_KVP)), spacings, increments)
def test_every_figure_of_every_preset_and_voltage_equals_that_of_the_slow_scorer(
    preset: str,
    connectivity: int,
    data: st.DataObject,
    kvp: int,
    spacing: tuple[float, float],
    increment: float,
) -> None:
    """Twelve times fifty volumes.

    Broken by hand: one weight for all islands, always 8-connected, no size rule, > for >=, the thickness of a rim.
    """
    hu, owner = data.draw(scans(kvp))
    choices = ScoringChoices(preset=preset, connectivity=connectivity)
    protocol, _ = protocol_for(choices, Acquisition(kvp=float(kvp)))
    measured = fast_score(volume_of(hu, spacing, increment), owner, protocol)
    expected = reference_score(hu.tolist(), owner.tolist(), rule_of(preset, kvp, connectivity), spacing, increment)
    for vessel in Vessel:
        assert same(measured.vessels[vessel], expected[vessel.label]), (
            measured.vessels[vessel],
            expected[vessel.label],
        )


@settings(max_examples=60, deadline=None)
@given(st.data(), spacings, increments, st.sampled_from([4, 8]))
def test_every_lesion_is_one_of_the_slow_scorer(
    data: st.DataObject, spacing: tuple[float, float], increment: float, connectivity: int
) -> None:
    hu, owner = data.draw(scans(120))
    protocol, _ = protocol_for(ScoringChoices(connectivity=connectivity), Acquisition(kvp=120.0))
    volume = volume_of(hu, spacing, increment)
    islands = find_islands(hu, protocol, spacing[0] * spacing[1])
    measured = fast_score(volume, owner, protocol)
    slow = reference_score(hu.tolist(), owner.tolist(), rule_of("literature", 120, connectivity), spacing, increment)
    for vessel in Vessel:
        found = {
            frozenset(
                zip(*(axis.tolist() for axis in np.unravel_index(islands.flat[one.voxels], hu.shape)), strict=True)
            )
            for one in measured.lesions
            if one.vessel is vessel
        }
        assert found == set(map(frozenset, slow[vessel.label].lesions))


def test_the_second_scorer_knows_every_preset() -> None:
    assert set(SIZE_RULES) == set(PRESETS)
