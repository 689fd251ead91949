"""Measures against a second, slow scorer on random volumes, and the properties that a score must have."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scoring.candidates import find_islands
from scoring.measures import (
    Calibration,
    Measured,
    agatston_in_mask,
    agatston_of,
    agatston_without_minimum_size,
    island_figures,
    isotropic,
    measure,
)
from scoring.protocol import PRESETS, Protocol
from scoring.result import Measures, Vessel
from scoring.volume import Volume
from tests.support.turned import turned

HU = [-1000, 40, 60, 90, 129, 130, 131, 150, 199, 200, 299, 300, 399, 400, 900]
CALIBRATION = Calibration(mg_per_mm3_hu=0.0008, calibrated=True, source="test")
SIEMENS = PRESETS["siemens"]  # one pixel is enough: no size rule

shapes = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7))
volumes = shapes.flatmap(lambda shape: arrays(np.int16, shape, elements=st.sampled_from(HU)))
spacings = st.sampled_from([(0.5, 0.5), (0.4, 0.8), (0.75, 0.75), (1.0, 1.0), (0.488, 0.488)])
increments = st.sampled_from([0.5, 1.25, 1.5, 2.5, 3.0, 5.0])


def build(hu: npt.NDArray[Any], spacing_mm: tuple[float, float] = (0.5, 0.5), increment_mm: float = 3.0) -> Volume:
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = increment_mm, *spacing_mm
    return Volume(hu=np.asarray(hu), voxel_to_lps_mm=affine)


def score(volume: Volume, protocol: Protocol, owner: npt.NDArray[Any] | None = None) -> Measured:
    """Everything belongs to the LAD unless `owner`, a volume of labels, says otherwise."""
    islands = find_islands(volume.hu, protocol, float(np.prod(volume.pixel_spacing_mm)))
    labels = np.full(volume.hu.shape, Vessel.LAD.label, np.uint8) if owner is None else owner
    return measure(volume, islands, labels.reshape(-1)[islands.flat].astype(np.uint8), protocol, CALIBRATION)


def agatston(volume: Volume, protocol: Protocol = SIEMENS) -> float:
    return score(volume, protocol).total.agatston


@st.composite
def owned_volumes(draw: st.DrawFn) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    hu = draw(volumes)
    return hu, draw(arrays(np.uint8, hu.shape, elements=st.sampled_from([0, 1, 2, 2, 2, 3, 4])))


@settings(max_examples=60, deadline=None)
@given(owned_volumes(), spacings, increments)
def test_lesions_add_up_to_their_vessel_and_vessels_to_the_total(
    case: tuple[npt.NDArray[Any], npt.NDArray[Any]], spacing: tuple[float, float], increment: float
) -> None:
    measured = score(build(case[0], spacing, increment), PRESETS["literature"], case[1])
    for vessel, figures in measured.vessels.items():
        mine = [lesion for lesion in measured.lesions if lesion.vessel is vessel]
        assert sum(lesion.agatston for lesion in mine) == pytest.approx(figures.agatston)
        assert sum(lesion.volume_mm3 for lesion in mine) == pytest.approx(figures.volume_mm3)
        assert sum(lesion.mass_mg for lesion in mine) == pytest.approx(figures.mass_mg)
        assert len(mine) == figures.lesions
    assert measured.total.agatston == sum(figures.agatston for figures in measured.vessels.values())
    assert measured.total.lesions == len(measured.lesions)
    peaks = [figures.peak_hu for figures in measured.vessels.values() if figures.peak_hu is not None]
    assert measured.total.peak_hu == max(peaks, default=None)


def figures_of(measured: Measured) -> list[float]:
    """Every number of every vessel."""
    return [
        value or 0.0
        for one in (*measured.vessels.values(), measured.total)
        for value in (
            one.agatston,
            one.volume_mm3,
            one.volume_isotropic_mm3,
            one.mass_mg,
            one.density_score,
            one.lesions,
            one.peak_hu,
            one.mean_hu,
        )
    ]


@settings(max_examples=150, deadline=None)
@given(
    owned_volumes(),
    spacings,
    increments,
    st.sampled_from(sorted(PRESETS)),
    st.booleans(),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_however_the_scan_is_stored_every_measure_stays(
    case: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    spacing: tuple[float, float],
    increment: float,
    preset: str,
    transposed: bool,  # noqa: FBT001 - drawn
    flipped: tuple[bool, bool, bool],
) -> None:
    """Broken by hand: the row spacing squared; interpolation from the slice that is stored first."""
    hu, owner = case
    volume, protocol = build(hu, spacing, increment), PRESETS[preset]
    expected = figures_of(score(volume, protocol, owner))
    other = turned(volume, transposed=transposed, flipped=flipped)
    owners = turned(build(owner, spacing, increment), transposed=transposed, flipped=flipped).hu
    assert figures_of(score(other, protocol, owners)) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(volumes, increments, st.sampled_from(sorted(PRESETS)))
def test_a_mirrored_image_has_the_same_score(hu: npt.NDArray[Any], increment: float, preset: str) -> None:
    expected = score(build(hu, increment_mm=increment), PRESETS[preset]).total
    for axis in (0, 1, 2):
        mirrored = score(build(np.flip(hu, axis).copy(), increment_mm=increment), PRESETS[preset]).total
        assert (mirrored.agatston, mirrored.volume_mm3) == pytest.approx((expected.agatston, expected.volume_mm3))


@settings(max_examples=60, deadline=None)
@given(volumes, st.tuples(*[st.integers(0, 3)] * 3))
def test_a_shifted_image_has_the_same_score(hu: npt.NDArray[Any], shift: tuple[int, int, int]) -> None:
    moved = np.pad(hu, [(amount, 2) for amount in shift], constant_values=-1000)
    assert agatston(build(moved), PRESETS["literature"]) == pytest.approx(agatston(build(hu), PRESETS["literature"]))


@settings(max_examples=60, deadline=None)
@given(volumes)
def test_twice_the_pixel_area_is_twice_the_score_without_a_size_rule(hu: npt.NDArray[Any]) -> None:
    assert agatston(build(hu, (0.5, 1.0))) == pytest.approx(2 * agatston(build(hu, (0.5, 0.5))))


@settings(max_examples=60, deadline=None)
@given(owned_volumes(), st.sampled_from(sorted(PRESETS)))
def test_every_slice_twice_at_half_the_increment_leaves_the_score(
    case: tuple[npt.NDArray[Any], npt.NDArray[Any]], preset: str
) -> None:
    """Broken by hand: no increment in the score."""
    once = score(build(case[0], increment_mm=3.0), PRESETS[preset], case[1])
    twice = score(
        build(np.repeat(case[0], 2, axis=0), increment_mm=1.5), PRESETS[preset], np.repeat(case[1], 2, axis=0)
    )
    for vessel in Vessel:
        one, other = once.vessels[vessel], twice.vessels[vessel]
        assert (other.agatston, other.volume_mm3, other.mass_mg) == pytest.approx(
            (one.agatston, one.volume_mm3, one.mass_mg)
        )


@settings(max_examples=60, deadline=None)
@given(volumes, volumes, increments, st.sampled_from(sorted(PRESETS)))
def test_two_lesions_apart_add_in_every_measure(
    one: npt.NDArray[Any], other: npt.NDArray[Any], increment: float, preset: str
) -> None:
    shape = tuple(max(sizes) for sizes in zip(one.shape, other.shape, strict=True))
    dark = np.full(shape, -1000, np.int16)
    halves = [dark.copy(), dark.copy()]
    for half, part in zip(halves, (one, other), strict=True):
        half[tuple(slice(size) for size in part.shape)] = part
    gap = dark[:, :, :1]
    both, left, right = (
        score(build(np.concatenate(parts, axis=2), increment_mm=increment), PRESETS[preset]).total
        for parts in ((halves[0], gap, halves[1]), (halves[0], gap, dark), (dark, gap, halves[1]))
    )
    for name in ("agatston", "volume_mm3", "volume_isotropic_mm3", "mass_mg", "lesions"):
        assert getattr(both, name) == pytest.approx(getattr(left, name) + getattr(right, name)), name


@settings(max_examples=60, deadline=None)
@given(volumes)
def test_disjoint_masks_that_cut_no_island_add(hu: npt.NDArray[Any]) -> None:
    half = np.zeros(hu.shape, np.uint8)
    half[:, :, : hu.shape[2] // 2] = 1
    hu = hu.copy()
    hu[:, :, hu.shape[2] // 2] = 40  # a dark column between the halves
    volume, protocol = build(hu), PRESETS["literature"]
    parts = [agatston_in_mask(volume, half == side, protocol).agatston for side in (0, 1)]
    assert sum(parts) == pytest.approx(agatston(volume, protocol))


@settings(max_examples=60, deadline=None)
@given(volumes, st.sampled_from([-2000, 0, 89]))
def test_tissue_below_the_threshold_changes_nothing(hu: npt.NDArray[Any], level: int) -> None:
    changed = np.where(hu < 130, level, hu).astype(np.int16)
    assert agatston(build(changed)) == agatston(build(hu))
    dark = np.minimum(hu, 129)
    assert score(build(dark), SIEMENS).total == Measures(mass_calibrated=True)


@settings(max_examples=60, deadline=None)
@given(volumes, spacings, increments)
def test_the_isotropic_volume_of_everything_is_that_of_an_interpolated_image(
    hu: npt.NDArray[Any], spacing: tuple[float, float], increment: float
) -> None:
    """Without a size rule nothing but interpolate, compare, count is left."""
    step = float(np.sqrt(spacing[0] * spacing[1]))
    at = np.arange(int((len(hu) - 1) * increment / step + 1e-9) + 1) * step / increment
    lower = np.minimum((at + 1e-9).astype(int), max(len(hu) - 2, 0))
    share = np.round(at - lower, 9)[:, None, None]
    upper = np.minimum(lower + 1, len(hu) - 1)
    dense = hu[lower] + share * (hu[upper].astype(float) - hu[lower])
    expected = np.count_nonzero(dense >= 130) * spacing[0] * spacing[1] * step
    total = score(build(hu, spacing, increment), SIEMENS).total
    assert total.volume_isotropic_mm3 == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(owned_volumes())
def test_interpolating_in_small_parts_changes_nothing(case: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> None:
    volume = build(case[0], (0.5, 0.5), 3.0)
    expected = score(volume, PRESETS["literature"], case[1]).total
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isotropic, "SAMPLES_AT_ONCE", 3)
        assert score(volume, PRESETS["literature"], case[1]).total == expected


def test_a_plaque_that_meets_other_calcium_across_slices_ends_half_way() -> None:
    hu = np.full((3, 4, 4), 40, np.int16)
    hu[0, 1:3, 1:3] = hu[1, 1:3, 1:3] = 400
    owner = np.zeros(hu.shape, np.uint8)
    owner[0] = Vessel.RCA.label
    measured = score(build(hu, (1.0, 1.0), 3.0), SIEMENS, owner)
    assert measured.vessels[Vessel.RCA].volume_isotropic_mm3 == 8.0  # samples at 0 and 1 mm of 0, 1, 2, 3


def test_a_vessel_without_score_has_no_isotropic_volume() -> None:
    """Between the slices the LAD's plaque touches a brightening pixel that the RCA holds and that is too small."""
    hu = np.full((2, 3, 4), 40, np.int16)
    hu[0, 0:2, 0:2], hu[1, 0, 2] = 900, 900
    owner = np.zeros(hu.shape, np.uint8)
    owner[0], owner[1] = Vessel.LAD.label, Vessel.RCA.label
    measured = score(build(hu, (0.6, 0.6), 3.0), PRESETS["literature"], owner)
    assert measured.vessels[Vessel.LAD].volume_isotropic_mm3 > 0
    assert measured.vessels[Vessel.RCA] == Measures(mass_calibrated=True)


def test_what_islands_count_undivided_is_what_one_owner_has() -> None:
    hu = np.random.default_rng(3).choice(np.array(HU, np.int16), (3, 12, 12))
    volume, protocol = build(hu), PRESETS["literature"]
    islands = find_islands(hu, protocol, 0.25)
    figures, total = island_figures(volume, islands, protocol), score(volume, protocol).total
    assert float(figures.agatston.sum()) == pytest.approx(total.agatston)
    assert float(figures.volume_mm3.sum()) == pytest.approx(total.volume_mm3)
    assert float((figures.mean_hu * figures.volume_mm3).sum()) * 0.0008 == pytest.approx(total.mass_mg)


def test_a_divided_island_keeps_its_undivided_size_and_each_part_its_own_maximum() -> None:
    """Eight pixels of 0.25 mm2; the three of the LM are below 1 mm2 and count all the same, with weight 1."""
    hu = np.full((1, 4, 6), 40, np.int16)
    hu[0, 1, 1:4] = 150
    hu[0, 2, 1:6] = 450
    owner = np.zeros(hu.shape, np.uint8)
    owner[0, 1], owner[0, 2] = Vessel.LM.label, Vessel.LAD.label
    vessels = score(build(hu), PRESETS["literature"], owner).vessels
    assert vessels[Vessel.LM].agatston == pytest.approx(0.75)
    assert vessels[Vessel.LAD].agatston == pytest.approx(5.0)


def test_a_lesion_says_where_it_is_and_how_dense() -> None:
    hu = np.full((4, 6, 6), 40, np.float32)
    hu[1, 2, 2:4], hu[2, 3:5, 4] = 200.5, 300.5
    affine = np.array([[0, 0, 0.5, -10], [0, 0.5, 0, 20], [3, 0, 0, 100], [0, 0, 0, 1]], float)
    (lesion,) = score(Volume(hu=hu, voxel_to_lps_mm=affine), SIEMENS).lesions
    assert lesion.vessel is Vessel.LAD
    assert lesion.slices == (1, 2)
    assert (lesion.peak_hu, lesion.mean_hu) == (300.5, 250.5)
    assert lesion.centre_lps_mm == pytest.approx((-10 + 0.5 * 3.25, 20 + 0.5 * 2.75, 100 + 3 * 1.5))


def test_a_speck_below_the_minimum_counts_nothing_and_says_what_it_would_count() -> None:
    hu = np.full((1, 3, 8), 40, np.int16)
    hu[0, 1, 1:3], hu[0, 1, 4:8] = 250, 250
    volume, protocol = build(hu), PRESETS["literature"]
    islands = find_islands(hu, protocol, 0.25)
    speck = islands.island == 0
    assert agatston_of(volume, islands, speck, protocol) == 0
    assert agatston_without_minimum_size(volume, islands, speck, protocol) == pytest.approx(1.0)
    assert agatston_of(volume, islands, np.arange(6), protocol) == pytest.approx(2.0)


def test_a_mask_counts_only_bright_voxels_inside_it() -> None:
    hu = np.full((5, 6, 6), 40, np.int16)
    hu[2, 1:3, 1:3] = 130
    mask = np.zeros(hu.shape, bool)
    mask[1:4, 1:4, 1:3] = True
    figures = agatston_in_mask(build(hu), mask, PRESETS["literature"])
    assert (figures.agatston, figures.volume_mm3, figures.lesions) == (1.0, 3.0, 1)
    assert agatston_in_mask(build(hu), np.zeros_like(mask), PRESETS["literature"]) == Measures()


def test_nothing_bright_measures_nothing() -> None:
    measured = score(build(np.zeros((3, 4, 4), np.int16)), SIEMENS)
    assert measured.total == Measures(mass_calibrated=True)
    assert measured.lesions == ()
    assert set(measured.vessels) == set(Vessel)


def test_owners_that_do_not_fit_are_told() -> None:
    volume = build(np.full((2, 3, 3), 200, np.int16))
    islands = find_islands(volume.hu, SIEMENS, 0.25)
    with pytest.raises(ValueError, match="owners of"):
        measure(volume, islands, np.ones(3, np.uint8), SIEMENS, CALIBRATION)
    with pytest.raises(ValueError, match="owners are 0 to 4, got 9"):
        measure(volume, islands, np.full(18, 9, np.uint8), SIEMENS, CALIBRATION)
