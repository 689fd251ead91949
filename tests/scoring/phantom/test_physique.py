"""The richer anatomy: arteries that float in fat, ostia on the sinuses, dominance, look-alikes in their places."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial import cKDTree

from scoring.phantom import Distractor, Dominance, Look, PhantomSpec, Physique, Plaque, evaluation_spec, make_phantom
from scoring.phantom.heart import chambers
from scoring.phantom.lookalikes import distractor_deposit
from scoring.phantom.patient import Patient, draw_patient
from scoring.phantom.texture import lattice_noise
from scoring.result import Vessel

SPEC = PhantomSpec(seed=5, fov_mm=150.0, matrix=150, above_mm=48.0, below_mm=20.0, noise_sd_hu=0.0)


@lru_cache(maxsize=8)
def patient_of(seed: int = 5, **physique: object) -> Patient:
    return draw_patient(replace(SPEC, seed=seed, physique=Physique(**physique)))  # type: ignore[arg-type]


def off_muscle_mm(patient: Patient, vessel: Vessel) -> np.ndarray:
    """Distance of the middle line from muscle and aorta, without its first centimetre."""
    points = patient.tree.main[vessel].points_lps_mm[5:]
    parts = chambers(patient.frame.to_canonical((points[:, 0], points[:, 1], points[:, 2])), patient.shape)
    return np.minimum(parts.muscle, parts.aorta)


def test_arteries_of_the_fat_float_and_those_of_the_lean_lie_on_the_muscle() -> None:
    for vessel in (Vessel.LAD, Vessel.LCX, Vessel.RCA):
        lean = off_muscle_mm(patient_of(fat_mm=0.6, float_mm=2.3, float_wave_mm=0.8, bare_mm=0.4), vessel)
        fat = off_muscle_mm(patient_of(fat_mm=10.0, float_mm=6.5, float_wave_mm=1.5, bare_mm=3.0), vessel)
        assert np.median(lean) < 3.2
        assert np.median(fat) > 4.2
        assert lean.min() > 0.5  # never within the muscle


def test_ostia_lie_on_the_wall_of_every_aorta_and_the_left_main_is_as_long_as_asked() -> None:
    """Red when the courses do not follow a wider aorta."""
    for aorta_mm in (26.0, 33.0, 42.0):
        for length in (2.5, 9.0, 17.0):
            patient = patient_of(aorta_mm=aorta_mm, left_main_mm=length)
            for vessel in (Vessel.LM, Vessel.RCA):
                first = patient.tree.main[vessel].points_lps_mm[:1]
                at = patient.frame.to_canonical((first[:, 0], first[:, 1], first[:, 2]))
                assert abs(float(chambers(at, patient.shape).aorta[0])) < 1.2
            assert patient.tree.main[Vessel.LM].length_mm == pytest.approx(length, rel=0.35, abs=2.6)
            fork = patient.tree.main[Vessel.LM].points_lps_mm[-1]
            for vessel in (Vessel.LAD, Vessel.LCX):
                assert patient.tree.main[vessel].points_lps_mm[0] == pytest.approx(fork)


def test_the_dominant_artery_reaches_the_crux_and_gives_the_posterior_descending() -> None:
    right, left = patient_of(dominance=Dominance.RIGHT), patient_of(dominance=Dominance.LEFT)
    assert left.tree.main[Vessel.LCX].length_mm > right.tree.main[Vessel.LCX].length_mm + 25
    assert left.tree.main[Vessel.RCA].length_mm < right.tree.main[Vessel.RCA].length_mm - 25
    ramus = patient_of(ramus=True)
    assert len(ramus.tree.branches[Vessel.LAD]) == len(right.tree.branches[Vessel.LAD]) + 1


def test_fat_of_the_grooves_is_as_bright_and_uneven_as_in_real_hearts() -> None:
    """Real grooves: medians of -57 to -75 HU, 5 to 95 percent from -118 to -32."""
    medians = []
    for seed in (1, 5):
        spec = evaluation_spec(seed)
        phantom = make_phantom(
            replace(
                spec,
                fov_mm=180.0,
                matrix=150,
                above_mm=48.0,
                below_mm=20.0,
                plaques=(),
                distractors=(),
                fov_shift_mm=(0, 0),
            )
        )
        course = np.vstack([phantom.patient.tree.main[v].points_lps_mm for v in (Vessel.LAD, Vessel.RCA)])
        low, high = course.min(0) - 8, course.max(0) + 8
        places = np.argwhere(phantom.volume.hu > -2000)
        points = phantom.volume.to_lps_mm(places)
        box = ((points > low) & (points < high)).all(1)
        near = cKDTree(course).query(points[box], distance_upper_bound=6.0)[0] < 6
        hu = phantom.volume.hu[tuple(places[box][near].T)]
        medians.append(np.median(hu[(hu < -30) & (hu > -190)]))
    assert -80 < min(medians) <= max(medians) < -52


def test_an_annulus_comes_as_near_to_the_circumflex_as_asked_and_a_root_wall_to_its_ostium() -> None:
    patient = patient_of()
    circumflex = cKDTree(patient.tree.main[Vessel.LCX].points_lps_mm)
    near, far = (
        distractor_deposit(Distractor(what=Look.MITRAL_ANNULUS, along=0.4, length_mm=12.0, near_mm=near_mm), 0, patient)
        for near_mm in (5.0, None)
    )
    assert circumflex.query(np.vstack(near.lines_lps_mm))[0].min() == pytest.approx(5.0, abs=1.5)
    assert circumflex.query(np.vstack(far.lines_lps_mm))[0].min() > 6.5
    for vessel, course in ((Vessel.RCA, Vessel.RCA), (Vessel.LM, Vessel.LM)):
        wall = distractor_deposit(
            Distractor(what=Look.OSTIAL_WALL, near_mm=3.0, radius_mm=1.0, length_mm=6.0, vessel=vessel), 0, patient
        )
        points = np.vstack(wall.lines_lps_mm)
        ostium = patient.tree.main[course].points_lps_mm[0]
        assert 2.5 < np.linalg.norm(points - ostium, axis=1).min() < 6.5
        parts = chambers(patient.frame.to_canonical((points[:, 0], points[:, 1], points[:, 2])), patient.shape)
        assert np.abs(parts.aorta).max() < 3.0


@pytest.mark.parametrize("what", [look for look in Look if look not in (Look.STENT, Look.SPECK)])
def test_no_look_alike_lies_on_an_artery(what: Look) -> None:
    for seed in range(3):
        patient = patient_of(seed)
        arteries = cKDTree(np.vstack([course.points_lps_mm for course in patient.tree.all]))
        for number, along in enumerate((0.1, 0.5, 0.9)):
            other = Distractor(what=what, along=along, length_mm=8.0, radius_mm=1.0)
            points = np.vstack(distractor_deposit(other, number, patient).lines_lps_mm)
            assert arteries.query(points)[0].min() > (1.5 if what is Look.CLIP else 3.0), (seed, along)


def test_a_field_belongs_to_the_patient_not_to_the_window() -> None:
    """Red when the values are drawn for the samples, or scaled by what happens to be in the window."""
    axis = np.arange(0.0, 40.0)
    whole = lattice_noise((axis, axis, axis), (3.0, -2.0, 11.0), 4.5, [7, 1])
    part = lattice_noise((axis[5:20], axis[8:], axis[30:]), (3.0, -2.0, 11.0), 4.5, [7, 1])
    assert whole[30:, 8:, 5:20] == pytest.approx(part)
    assert whole.std() == pytest.approx(1.0, abs=0.15)


def test_rough_plaques_keep_their_volume_roughly_and_change_their_outline() -> None:
    smooth = Plaque(vessel=Vessel.LAD, along=0.4, radius_mm=1.6, length_mm=14.0, density_hu=800.0)
    scores = [
        make_phantom(replace(SPEC, physique=Physique(), plaques=(replace(smooth, rough=rough),))).truth.agatston
        for rough in (0.0, 0.6)
    ]
    assert scores[0] != scores[1]
    assert scores[1] == pytest.approx(scores[0], rel=0.4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param(lambda: Physique(left_main_mm=40.0), "0 to 25 mm long", id="left main"),
        pytest.param(lambda: Physique(aorta_mm=80.0), "20 to 55 mm wide", id="aorta"),
        pytest.param(lambda: Physique(fat_mm=-1.0), "below 0 mm", id="fat"),
        pytest.param(
            lambda: Plaque(
                vessel=Vessel.RCA, along=0.1, radius_mm=1.0, length_mm=4.0, density_hu=500.0, into=Vessel.LAD
            ),
            "only a left main plaque",
            id="a fork that is none",
        ),
    ],
)
def test_a_body_that_cannot_be_is_refused_in_words(wrong: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wrong()  # type: ignore[operator]
