from dataclasses import replace

import numpy as np
import pytest

from scoring.candidates import find_islands
from scoring.interval import (
    Categories,
    Intervals,
    Seeds,
    assumed_noise,
    faint_protocol,
    find_seeds,
    published_rescan_limit,
    repeat_intervals,
)
from scoring.interval.estimate import MOST_SEEDS
from scoring.interval.profile import Shape, part_below
from scoring.interval.seeds import MOST_FAINT
from scoring.measures import agatston_in_mask
from scoring.protocol import PRESETS
from scoring.result import EXCLUDED_LABEL, Vessel
from scoring.risk import CATEGORIES, category
from scoring.volume import Volume
from tests.support.small_scans import BLOOD_HU, SLICE_MM, Ball, scan_of
from tests.support.turned import turned

PROTOCOL = PRESETS["literature"]
SCHEME = Categories(names=CATEGORIES, of=category)
PLAQUE = Ball((1.0, -2.0, 0.7), (2.5, 1.4, 2.2), 520.0)
SPECK = Ball((0.2, 0.1, 0.1), (0.75, 0.75, 0.9), 500.0)
"""Split between two slices: no island of this scan is large enough, of a shifted one it may be."""


def agatston(volume: Volume) -> float:
    return agatston_in_mask(volume, np.ones(volume.hu.shape, bool), PROTOCOL).agatston


def intervals(volume: Volume, *, noise_sd_hu: float, vessel: Vessel = Vessel.LAD) -> Intervals:
    """Interval of a small scan whose calcium all belongs to one vessel."""
    noise = assumed_noise(volume, noise_sd_hu)
    row, column = volume.pixel_spacing_mm
    faint = find_islands(volume.hu, faint_protocol(PROTOCOL, BLOOD_HU, noise), row * column)
    label = np.where(faint.hu >= PROTOCOL.threshold_hu, vessel.label, 0).astype(np.uint8)
    near = dict.fromkeys(np.flatnonzero(faint.large_enough).tolist(), vessel)
    score = dict.fromkeys(Vessel, 0.0) | {vessel: agatston(volume)}
    made = repeat_intervals(volume, noise, PROTOCOL, find_seeds(faint, label, near), score, SCHEME)
    assert made is not None
    return made


def test_the_interval_holds_the_score_itself_and_the_vessels_add_nothing_of_their_own() -> None:
    volume = scan_of([PLAQUE], noise_sd_hu=14.0)
    made = intervals(volume, noise_sd_hu=14.0, vessel=Vessel.RCA)
    low, high = made.total.agatston
    assert low < agatston(volume) < high
    assert high - low < 1.5 * agatston(volume)
    assert made.vessels[Vessel.RCA].agatston == made.total.agatston
    assert made.vessels[Vessel.LM].agatston == (0.0, 0.0)
    assert made.total.level == 0.95


def test_probabilities_are_those_of_all_categories_and_add_up() -> None:
    made = intervals(scan_of([PLAQUE], noise_sd_hu=14.0), noise_sd_hu=14.0)
    for interval in (made.total, *made.vessels.values()):
        assert tuple(interval.category_probability) == CATEGORIES
        assert sum(interval.category_probability.values()) == pytest.approx(1.0, abs=1e-12)
        assert all(0 <= share <= 1 for share in interval.category_probability.values())


def test_a_score_near_a_border_has_a_chance_of_either_category() -> None:
    near_100 = replace(PLAQUE, radii_mm=(3.5, 1.4, 2.3))
    volume = scan_of([near_100], noise_sd_hu=10.0)
    assert 80 < agatston(volume) < 120  # the case is what the name says
    shares = intervals(volume, noise_sd_hu=10.0).total.category_probability
    assert shares["1–99"] > 0.1
    assert shares["100–399"] > 0.1


def test_more_noise_and_thicker_borders_widen_it() -> None:
    volume = scan_of([replace(PLAQUE, hu=240.0)])
    widths = [np.diff(intervals(volume, noise_sd_hu=sd).total.agatston)[0] for sd in (2.0, 12.0, 25.0)]
    assert widths[0] < widths[1] < widths[2]


def test_the_same_scan_gives_the_same_interval() -> None:
    volume = scan_of([PLAQUE], noise_sd_hu=14.0)
    assert intervals(volume, noise_sd_hu=14.0) == intervals(volume, noise_sd_hu=14.0)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("flipped", [(True, False, False), (False, True, True), (True, True, True)])
def test_how_the_scan_is_stored_does_not_change_it(transposed: bool, flipped: tuple[bool, bool, bool]) -> None:  # noqa: FBT001
    volume = scan_of([PLAQUE, SPECK], noise_sd_hu=14.0)
    other = turned(volume, transposed=transposed, flipped=flipped)
    one, same = intervals(volume, noise_sd_hu=14.0).total, intervals(other, noise_sd_hu=14.0).total
    assert same.agatston == pytest.approx(one.agatston)
    assert same.category_probability == pytest.approx(one.category_probability)


def test_without_anything_near_the_threshold_a_repeat_is_zero_too() -> None:
    made = intervals(scan_of([], noise_sd_hu=10.0), noise_sd_hu=10.0)
    assert made.total.agatston[0] == 0.0
    assert made.total.agatston[1] <= 1.0
    assert made.total.category_probability["0"] > 0.97


def test_blurred_calcium_below_the_threshold_lifts_the_upper_end_of_a_zero() -> None:
    volume = scan_of([SPECK], noise_sd_hu=8.0)
    assert agatston(volume) == 0.0  # the case is what the name says
    assert agatston(scan_of([SPECK], noise_sd_hu=8.0, shift_mm=(0.0, 0.0, SLICE_MM / 2))) > 0.0
    made = intervals(volume, noise_sd_hu=8.0).total
    assert made.agatston[0] == 0.0
    assert made.agatston[1] >= 1.0
    assert 0.0 < made.category_probability["1–99"] < 1.0


def test_calcium_at_the_ends_of_the_scan_is_no_error() -> None:
    ends = [Ball((0.0, 0.0, z), (2.0, 2.0, 2.5), 600.0) for z in (-17.0, 17.0)]
    corner = Ball((-17.5, 17.5, 0.0), (2.0, 2.0, 2.5), 600.0)
    volume = scan_of([*ends, corner], noise_sd_hu=10.0)
    low, high = intervals(volume, noise_sd_hu=10.0).total.agatston
    assert 0 < low <= agatston(volume) <= high


def test_what_belongs_to_something_else_never_counts() -> None:
    volume = scan_of([PLAQUE], noise_sd_hu=14.0)
    noise = assumed_noise(volume, 14.0)
    faint = find_islands(volume.hu, faint_protocol(PROTOCOL, BLOOD_HU, noise), 0.25)
    foreign = np.where(faint.hu >= PROTOCOL.threshold_hu, EXCLUDED_LABEL, 0).astype(np.uint8)
    near = dict.fromkeys(range(len(faint)), Vessel.LAD)
    seeds = find_seeds(faint, foreign, near)
    at = np.unravel_index(seeds.flat, volume.hu.shape)
    assert (volume.hu[at] < PROTOCOL.threshold_hu).all()
    made = repeat_intervals(volume, noise, PROTOCOL, seeds, dict.fromkeys(Vessel, 0.0), SCHEME)
    assert made is not None
    assert made.total.agatston[1] < 0.1 * agatston(volume)


def test_an_island_that_two_things_share_is_only_in_its_own_part_a_place_to_count() -> None:
    """Mutation: the faint rim of something else as a place to count fails here."""
    volume = scan_of([PLAQUE], noise_sd_hu=14.0)
    noise = assumed_noise(volume, 14.0)
    faint = find_islands(volume.hu, faint_protocol(PROTOCOL, BLOOD_HU, noise), 0.25)
    bright = faint.hu >= PROTOCOL.threshold_hu
    left = faint.flat % volume.hu.shape[2] < volume.hu.shape[2] // 2 + 2
    label = np.where(bright, np.where(left, Vessel.LAD.label, EXCLUDED_LABEL), 0).astype(np.uint8)
    assert {Vessel.LAD.label, EXCLUDED_LABEL} <= set(label)  # the case is what the name says
    seeds = find_seeds(faint, label, {})
    shared = np.isin(faint.island, faint.island[bright & left]) & np.isin(faint.island, faint.island[bright & ~left])
    kept = np.isin(faint.flat, seeds.flat)
    assert (label[shared & kept] == Vessel.LAD.label).all()
    assert not np.isin(faint.flat[label == EXCLUDED_LABEL], seeds.flat).any()


def test_specks_of_noise_are_not_taken_for_calcium() -> None:
    """Mutation: repeats of the scan as it is, its own noise included, give zero a probability of 0.6."""
    volume = scan_of([], noise_sd_hu=19.0)
    noise = assumed_noise(volume, 19.0)
    faint = find_islands(volume.hu, faint_protocol(PROTOCOL, BLOOD_HU, noise), 0.25)
    assert len(faint) > 20
    near = dict.fromkeys(range(len(faint)), Vessel.LAD)
    seeds = find_seeds(faint, np.zeros(faint.flat.size, np.uint8), near)
    made = repeat_intervals(volume, noise, PROTOCOL, seeds, dict.fromkeys(Vessel, 0.0), SCHEME)
    assert made is not None
    assert made.total.category_probability["0"] > 0.95


def test_thousands_of_specks_are_bounded_work() -> None:
    rng = np.random.default_rng(3)
    hu = np.full((30, 200, 200), 45, np.int16)
    places = np.flatnonzero(rng.random(hu.size // 4) < 0.02) * 4
    hu.reshape(-1)[np.unique(np.concatenate([places + step for step in range(3)]).clip(0, hu.size - 1))] = 140
    affine = scan_of([]).voxel_to_lps_mm.copy()
    volume = Volume(hu=hu, voxel_to_lps_mm=affine)
    noise = assumed_noise(volume, 20.0)
    protocol = PRESETS["siemens"]
    faint = find_islands(volume.hu, faint_protocol(protocol, BLOOD_HU, noise), 0.25)
    assert len(faint) > 5_000
    seeds = find_seeds(faint, np.zeros(faint.flat.size, np.uint8), dict.fromkeys(range(len(faint)), Vessel.LCX))
    assert len(seeds.flat) <= MOST_FAINT
    made = repeat_intervals(volume, noise, protocol, seeds, dict.fromkeys(Vessel, 0.0), SCHEME)
    assert made is not None
    assert made.total.agatston[1] > 0


def test_more_calcium_than_any_heart_holds_gets_no_interval() -> None:
    volume = Volume(hu=np.full((16, 128, 128), 900, np.int16), voxel_to_lps_mm=scan_of([]).voxel_to_lps_mm.copy())
    flat = np.arange(MOST_SEEDS + 1)
    seeds = Seeds(flat=flat, label=np.ones(flat.size, np.uint8), blocked=np.zeros(0, np.int64))
    noise = assumed_noise(volume, 10.0)
    assert repeat_intervals(volume, noise, PROTOCOL, seeds, dict.fromkeys(Vessel, 0.0), SCHEME) is None


def test_an_assumed_noise_is_said_to_be_assumed() -> None:
    made = intervals(scan_of([PLAQUE]), noise_sd_hu=20.0)
    assert made.total.covers.startswith("noise and sampling of this scan")
    assert "20 HU assumed" in made.total.covers


def test_the_published_limit_stands_at_the_total_only_and_names_the_assumed_body_mass_index() -> None:
    made = intervals(scan_of([PLAQUE], noise_sd_hu=14.0), noise_sd_hu=14.0)
    limit = made.total.published_rescan_limit
    assert limit is not None
    assert "27" in limit.source
    assert all(interval.published_rescan_limit is None for interval in made.vessels.values())
    assert [round(published_rescan_limit(score).agatston) for score in (100, 400)] == [67, 167]
    assert published_rescan_limit(0.0, bmi=20.0).agatston == 0.0


def test_the_parts_of_a_slice_make_up_what_it_measured() -> None:
    """Mutation: a block as wide as the slice wherever it lies fails here."""
    rng = np.random.default_rng(2)
    below, here, above = rng.choice(np.float32([-90, 0, 1, 45, 46, 130, 131, 400, 1200]), (3, 20_000))
    fill, place = rng.uniform(1, 2, here.size), rng.choice([0, 0.3, 1], here.size)
    shape = Shape(fill=fill.astype(np.float32), place=place.astype(np.float32))
    nothing, part, whole = (
        part_below(below, here, above, shape, share)
        for share in (np.zeros(here.size, np.float32), share_of(rng, here.size), np.ones(here.size, np.float32))
    )
    assert np.abs(nothing).max() < 0.01
    assert np.abs(whole - here).max() < 0.01
    base = np.minimum(np.minimum(below, above), here)
    rest = here - part
    assert (np.minimum(part, rest) >= np.minimum(base, 0) - 0.01).all()
    assert (part <= np.maximum(here, here - base) + 0.01).all()


def share_of(rng: np.random.Generator, count: int) -> np.ndarray:
    """Where slices of a repeat may lie: anywhere between two of this scan."""
    return rng.random(count).astype(np.float32)


def _patient(rng: np.random.Generator) -> list[Ball]:
    """One to four deposits of many sizes, well apart."""
    corners = rng.permutation(4)[: int(rng.integers(1, 5))]
    return [
        Ball(
            (float((k % 2) * 16 - 8 + rng.uniform(-2, 2)), float(k // 2 * 16 - 8 + rng.uniform(-2, 2)), float(z)),
            tuple(rng.uniform(0.8, 3.2) * rng.uniform(0.7, 1.3, 3)),
            float(rng.uniform(300, 900)),
        )
        for k, z in zip(corners, rng.uniform(-6, 6, len(corners)), strict=True)
    ]


def test_most_repeats_of_another_scanner_model_lie_inside() -> None:
    """Mutation: the spread of one scan in the place of a difference of two gives 85 %."""
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(20):
        balls, sd = _patient(rng), float(rng.uniform(8, 24))
        scans = [
            scan_of(
                balls,
                noise_sd_hu=sd,
                noise_seed=int(rng.integers(1 << 30)),
                shift_mm=(rng.uniform(0, 0.5), rng.uniform(0, 0.5), rng.uniform(0, SLICE_MM)),
            )
            for _ in range(5)
        ]
        low, high = intervals(scans[0], noise_sd_hu=sd).total.agatston
        inside += [low <= agatston(scan) <= high for scan in scans[1:]]
    assert 0.9 <= np.mean(inside) <= 0.995
