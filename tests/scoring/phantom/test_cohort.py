"""The evaluation's cohort: fixed shares in every block, expectations that follow from physics and geometry."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from scoring.phantom import METAL, Expectation, Look, PhantomSpec, Physique, Situs, evaluation_spec, random_spec
from scoring.phantom.cohort import BLOCK, CAVEATS_PER_BLOCK, REFUSED_PER_BLOCK, ZERO_PER_BLOCK
from scoring.phantom.expectation import expectation_of
from scoring.phantom.faults import CAVEATS, REFUSALS, with_caveat, with_refusal
from scoring.phantom.patient import draw_patient
from scoring.phantom.scan import stack_of
from scoring.result import Vessel

SOUND = PhantomSpec(seed=21, physique=Physique(), above_mm=80.0, below_mm=72.0)


def expected(spec: PhantomSpec) -> Expectation:
    patient = draw_patient(spec)
    return expectation_of(spec, patient, stack_of(spec, patient))


def is_unfit(spec: PhantomSpec) -> bool:
    """By the fields alone: too bright, too noisy, too thick, no rule, or the heart cut above or beside."""
    cut = spec.above_mm < 40 or max(abs(shift) for shift in spec.fov_shift_mm) > 40
    return cut or spec.blood_hu > 100 or spec.noise_sd_hu > 35 or spec.slice_thickness_mm > 5 or spec.kvp not in RULED


RULED = (70, 80, 100, 120, 135)


def is_doubtful(spec: PhantomSpec) -> bool:
    """By the fields alone: metal, a mirrored or moving heart, streaks, or the heart cut below."""
    moving = spec.motion_mm or spec.slab_step_mm or spec.streak_hu
    return bool(
        moving or spec.below_mm < 40 or spec.situs is not Situs.USUAL or METAL & {d.what for d in spec.distractors}
    )


def test_every_block_holds_the_same_zeros_left_mains_refusals_and_caveats() -> None:
    for block in (0, 3, 40):
        specs = [evaluation_spec(block * BLOCK + place) for place in range(BLOCK)]
        assert sum(not spec.plaques for spec in specs) == ZERO_PER_BLOCK
        with_left_main = sum(any(plaque.vessel is Vessel.LM for plaque in spec.plaques) for spec in specs)
        assert with_left_main >= BLOCK / 3
        assert sum(is_unfit(spec) for spec in specs) == REFUSED_PER_BLOCK
        assert sum(is_doubtful(spec) for spec in specs) == CAVEATS_PER_BLOCK


def test_the_expectation_agrees_with_what_was_done_to_the_scan() -> None:
    """Red when a field of view of the cohort cuts a heart that was to be whole."""
    specs = [evaluation_spec(seed) for seed in range(150, 200)]
    faulty = [spec for spec in specs if is_unfit(spec) or is_doubtful(spec)]
    sound = sorted((spec for spec in specs if spec not in faulty), key=lambda spec: spec.fov_mm)
    for spec in (*faulty, *sound[:8]):
        answer = expected(spec)
        assert (answer.expect == "refused") == is_unfit(spec)
        assert bool(set(answer.caveats) - {"noise", "thickness"}) == is_doubtful(spec)


def test_a_seed_is_one_scan_and_seeds_that_skip_whole_blocks_still_mix() -> None:
    """Red when the place in the block alone decides what a case is."""
    assert evaluation_spec(77) == evaluation_spec(77)
    skipping = [evaluation_spec(BLOCK * 4 * k) for k in range(120)]
    assert 0.15 < np.mean([not spec.plaques for spec in skipping]) < 0.4
    assert (
        1 <= sum(spec.blood_hu > 100 or spec.noise_sd_hu > 35 or spec.slice_thickness_mm > 5 for spec in skipping) < 14
    )


def test_people_scanners_and_calcium_vary_as_the_evaluation_needs() -> None:
    specs = [evaluation_spec(seed) for seed in range(600)]
    assert {spec.sex for spec in specs} == {"M", "F"}
    assert 0.05 < np.mean([spec.fov_mm > 300 for spec in specs]) < 0.15
    assert 0.05 < np.mean([spec.kvp == 100.0 for spec in specs]) < 0.15
    usual = [spec.noise_sd_hu for spec in specs]
    assert np.percentile(usual, 5) >= 8
    assert 0.85 < np.mean([8 <= sd <= 25 for sd in usual]) < 0.97
    assert {(spec.slice_thickness_mm, spec.slice_increment_mm) for spec in specs} >= {(3, 3), (2.5, 2.5), (3, 1.5)}
    people = [spec.physique for spec in specs if spec.physique is not None]
    assert len(people) == len(specs)
    assert {one.dominance.value for one in people} == {"right", "left", "co-dominant"}
    assert min(one.fat_mm for one in people) < 1.2
    assert max(one.fat_mm for one in people) > 10
    assert min(one.left_main_mm for one in people) < 3
    assert any(one.implants or one.pericardial_fluid_mm or one.pleural_fluid_mm for one in people)
    counted = Counter(plaque.vessel for spec in specs for plaque in spec.plaques)
    assert counted[Vessel.LAD] > counted[Vessel.RCA] > counted[Vessel.LCX] > counted[Vessel.LM]
    assert any(plaque.into is not None for spec in specs for plaque in spec.plaques)
    assert {other.what for spec in specs for other in spec.distractors} == set(Look)


@pytest.mark.parametrize("what", REFUSALS)
def test_a_scan_made_unfit_is_expected_to_be_refused_for_that(what: str) -> None:
    reason = {"cut above": "coverage", "cut beside": "coverage", "sharp": "noise"}.get(what, what)
    for number in range(2):
        answer = expected(with_refusal(replace(SOUND, seed=number), what, np.random.default_rng(number)))
        assert (answer.expect, answer.reason_code) == ("refused", reason)


@pytest.mark.parametrize("what", CAVEATS)
def test_a_doubtful_scan_is_scored_with_its_caveat(what: str) -> None:
    code = {
        "stent": "stent_possible", "motion": "motion_possible", "steps": "motion_possible", "mirrored": "mirrored",
        "dextrocardia": "mirrored", "graft": "cabg_possible", "lead": "metal", "prosthetic valve": "metal",
        "streaks": "streak", "cut below": "coverage",
    }[what]  # fmt: skip
    for number in range(2):
        answer = expected(with_caveat(replace(SOUND, seed=number), what, np.random.default_rng(number)))
        assert (answer.expect, answer.reason_code, answer.caveats) == ("scored", None, (code,))


def test_a_sound_scan_is_expected_to_be_scored_without_caveat() -> None:
    assert expected(SOUND) == Expectation()
    assert all(expected(random_spec(seed)) == Expectation() for seed in range(6))


def test_metal_comes_only_with_its_caveat() -> None:
    specs = [evaluation_spec(seed) for seed in range(200)]
    metal = [spec for spec in specs if any(other.what in METAL for other in spec.distractors)]
    mirrored = [spec for spec in specs if spec.situs is not Situs.USUAL]
    assert len(metal) > 4
    assert all(set(expected(spec).caveats) & {"metal", "stent_possible", "cabg_possible"} for spec in metal)
    assert all("mirrored" in expected(spec).caveats for spec in mirrored)
