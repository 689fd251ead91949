"""The phantom through its door: determinism, truth against closed forms and a plain scorer, anatomy in real ranges."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from scoring.phantom import Distractor, Look, Phantom, PhantomSpec, Plaque, demo_spec, make_phantom, random_spec
from scoring.phantom.deposits import plaque_deposit
from scoring.phantom.patient import draw_patient
from scoring.protocol import Gating
from scoring.result import EXCLUDED_LABEL, Vessel

SMALL = PhantomSpec(seed=5, fov_mm=160.0, matrix=160, noise_sd_hu=0.0)
"""Quick to paint: 1 mm pixels on the heart alone, without noise."""


def plaque(**changes: object) -> Plaque:
    settings = {"vessel": Vessel.LAD, "along": 0.4, "radius_mm": 1.2, "length_mm": 6.0, "density_hu": 800.0}
    return Plaque(**(settings | changes))  # type: ignore[arg-type]


def plain_agatston(hu: np.ndarray, pixel_mm2: float, increment_mm: float) -> float:
    """Agatston of a volume that is background outside one mask: written from the definition, 8-connected, >= 1 mm2."""
    total = 0.0
    for image in hu:
        labels, count = ndimage.label(image >= 130, np.ones((3, 3)))
        for k in range(1, count + 1):
            area = (labels == k).sum() * pixel_mm2
            peak = image[labels == k].max()
            if area >= 1.0 - 1e-9:
                total += area * (1 + (peak >= 200) + (peak >= 300) + (peak >= 400))
    return total * increment_mm / 3.0


@pytest.fixture(scope="module")
def clean() -> Phantom:
    return make_phantom(SMALL)


def filled_mm3(spec: PhantomSpec, clean: Phantom, density_hu: float) -> tuple[np.ndarray, float]:
    """Share of each voxel that the deposit fills, from the image with and without it, and the volume of a voxel."""
    loaded = make_phantom(spec).volume.hu.astype(float)
    bare = clean.volume.hu.astype(float)
    return (loaded - bare) / (density_hu - bare), spec.pixel_mm**2 * spec.slice_increment_mm


@pytest.mark.parametrize(
    ("radius_mm", "length_mm"),
    [pytest.param(5.0, 10.0, id="a ball of 5 mm"), pytest.param(2.0, 24.0, id="a rod of 24 mm with round ends")],
)
def test_a_deposit_fills_the_volume_of_its_closed_form(radius_mm: float, length_mm: float, clean: Phantom) -> None:
    """Red when the blur does not keep the sum."""
    loaded = replace(SMALL, plaques=(plaque(radius_mm=radius_mm, length_mm=length_mm),))
    share, voxel_mm3 = filled_mm3(loaded, clean, 800.0)
    expected = np.pi * radius_mm**2 * (length_mm - 2 * radius_mm) + 4 / 3 * np.pi * radius_mm**3
    assert share.sum() * voxel_mm3 == pytest.approx(expected, rel=0.04)  # the rod is bent: its middle line is shorter
    assert (share > 0.5).sum() * voxel_mm3 == pytest.approx(expected, rel=0.15 if radius_mm > 4 else 0.3)


def test_each_slice_holds_the_part_of_a_ball_that_lies_in_its_thickness(clean: Phantom) -> None:
    """Red when a slice is averaged over twice its thickness, or thickness and increment are exchanged."""
    ball = plaque(radius_mm=5.0, length_mm=10.0)
    share, voxel_mm3 = filled_mm3(replace(SMALL, plaques=(ball,)), clean, 800.0)
    middle_mm = plaque_deposit(ball, 0, clean.patient).centre_lps_mm[2]
    z_mm = clean.volume.to_lps_mm(np.array([[k, 0, 0] for k in range(len(share))]))[:, 2]
    low, high = (np.clip(z_mm - middle_mm + side, -5, 5) for side in (-1.5, 1.5))
    expected = np.pi * (25 * (high - low) - (high**3 - low**3) / 3)
    assert share.sum((1, 2)) * voxel_mm3 == pytest.approx(expected, abs=6.0)  # the middle ones hold 230 mm3


def test_the_truth_is_what_a_plain_scorer_counts_in_the_mask() -> None:
    """Red when truth is taken from the noiseless image, or weighted by thickness where slices overlap."""
    spec = replace(SMALL, noise_sd_hu=15.0, slice_increment_mm=1.5, plaques=(plaque(), plaque(vessel=Vessel.RCA)))
    phantom = make_phantom(spec)
    for vessel in (Vessel.LAD, Vessel.RCA):
        only = np.where(phantom.truth.labels == vessel.label, phantom.volume.hu, -1000)
        expected = plain_agatston(only, spec.pixel_mm**2, 1.5)
        assert phantom.truth.vessels[vessel] == pytest.approx(expected)
        assert expected > 20
    assert phantom.truth.agatston == pytest.approx(sum(phantom.truth.vessels.values()))


def test_nothing_above_threshold_of_a_lone_plaque_lies_outside_its_mask(clean: Phantom) -> None:
    """Red when the mask is not grown to hold the blurred plaque."""
    phantom = make_phantom(replace(SMALL, plaques=(plaque(density_hu=1200.0),)))
    changed = (phantom.volume.hu != clean.volume.hu) & (phantom.volume.hu >= 130)
    assert changed.any()
    assert not (changed & (phantom.truth.labels != Vessel.LAD.label)).any()


def test_the_same_specification_gives_the_same_bytes_and_another_seed_another_heart() -> None:
    spec = replace(random_spec(11), matrix=96, fov_mm=150.0)
    first, second, other = make_phantom(spec), make_phantom(spec), make_phantom(replace(spec, seed=12))
    assert first.volume.hu.tobytes() == second.volume.hu.tobytes()
    assert first.truth.lesions == second.truth.lesions
    assert first.volume.hu.shape != other.volume.hu.shape or (first.volume.hu != other.volume.hu).any()


def test_without_plaque_the_truth_is_zero_and_look_alikes_stay_apart() -> None:
    out_of_sight = {Look.WIRE, Look.ARCH, Look.STENT}  # the last lies on an artery, and is no calcium
    others = tuple(Distractor(what=what, density_hu=800, radius_mm=2.0) for what in Look if what not in out_of_sight)
    phantom = make_phantom(replace(SMALL, distractors=others, fov_mm=200.0))
    assert phantom.truth.agatston == 0
    assert set(phantom.truth.vessels) == set(Vessel)
    assert all(value == 0 for value in phantom.truth.vessels.values())
    assert {other.what: other.agatston > 10 for other in phantom.truth.distractors} == {o.what: True for o in others}
    assert set(np.unique(phantom.truth.labels)) == {0, EXCLUDED_LABEL}


def test_the_demo_has_plaque_in_all_four_vessels_and_look_alikes_on_aortic_wall_and_valve() -> None:
    phantom = make_phantom(replace(demo_spec(), matrix=256))
    assert 280 <= phantom.truth.agatston <= 400
    assert all(phantom.truth.vessels[vessel] > 10 for vessel in Vessel)
    assert {other.what for other in phantom.truth.distractors if other.agatston > 50} == {"aortic wall", "aortic valve"}
    assert phantom.acquisition.gating is Gating.STATED
    assert (phantom.demographics.age_years, phantom.demographics.sex) == (58, "M")


# Ranges of traced courses in real hearts, mm from the centre of the heart's box, widened by the 4 mm of the tracing.
REAL_MM = {
    (Vessel.LM, 0): ((-10, 14), (-2, 11), (26, 40)),
    (Vessel.LAD, 0): ((6, 34), (-10, 11), (24, 40)),
    (Vessel.LAD, 1): ((18, 35), (-38, 0), (6, 33)),
    (Vessel.LAD, 2): ((22, 40), (-49, -4), (-34, 24)),
    (Vessel.LCX, 0): ((6, 23), (2, 26), (24, 38)),
    (Vessel.LCX, 1): ((10, 27), (15, 44), (-15, 34)),
    (Vessel.RCA, 0): ((-39, -12), (-38, -12), (-18, 36)),
    (Vessel.RCA, 1): ((-51, -27), (-36, -17), (-36, 16)),
    (Vessel.RCA, 2): ((-46, -16), (-32, 10), (-38, -2)),
}
LENGTH_MM = {Vessel.LM: (4, 17), Vessel.LAD: (80, 130), Vessel.LCX: (40, 80), Vessel.RCA: (85, 140)}


def test_arteries_run_where_they_run_in_real_hearts() -> None:
    """Red when the frame is mirrored, or left and right course are exchanged."""
    inside: dict[tuple[Vessel, int], list[np.ndarray]] = {part: [] for part in REAL_MM}
    for seed in range(8):
        patient = draw_patient(PhantomSpec(seed=seed, sex="MF"[seed % 2]))
        for vessel, course in patient.tree.main.items():
            low, high = LENGTH_MM[vessel]
            assert low <= course.length_mm <= high, (seed, vessel, course.length_mm)
            thirds = [k for v, k in REAL_MM if v is vessel]
            pieces = np.array_split(course.points_lps_mm - patient.frame.centre_lps_mm, len(thirds))
            for k, piece in zip(thirds, pieces, strict=True):
                bounds = np.array(REAL_MM[vessel, k])
                within = (piece >= bounds[:, 0] - 4) & (piece <= bounds[:, 1] + 4)
                inside[vessel, k].append(np.asarray(within.all(1)))
    shares = {part: float(np.concatenate(found).mean()) for part, found in inside.items()}
    assert min(shares.values()) > 0.75, shares


def test_plaque_lies_on_the_wall_of_its_artery_with_fat_beside_it(clean: Phantom) -> None:
    to_index = np.linalg.inv(clean.volume.voxel_to_lps_mm)
    for vessel in Vessel:
        course = clean.patient.tree.main[vessel]
        for along in (0.3, 0.6, 0.9):
            centre = plaque_deposit(plaque(vessel=vessel, along=along, length_mm=2.4), 0, clean.patient).centre_lps_mm
            away = np.linalg.norm(course.points_lps_mm - centre, axis=1).min()
            assert 0.3 < away < 3.5, (vessel, along, away)
            s, r, c = np.rint(to_index @ [*centre, 1.0]).astype(int)[:3]
            reach = 8 if vessel is Vessel.LM else 5
            around = clean.volume.hu[s, r - reach : r + reach + 1, c - reach : c + reach + 1]
            assert ((around < -30) & (around > -250)).sum() >= 5, (vessel, along)


def test_tissue_has_the_numbers_of_real_scans() -> None:
    """Blood, its noise, fat and lung at the places where the patient has them."""
    spec = PhantomSpec(seed=9, matrix=200, fov_mm=200.0, noise_sd_hu=16.0)
    phantom = make_phantom(spec)
    hu, affine = phantom.volume.hu, phantom.volume.voxel_to_lps_mm
    line, _ = phantom.patient.aorta_lps_mm
    s, r, c = np.rint(np.linalg.inv(affine) @ [*line[4], 1.0]).astype(int)[:3]
    blood = hu[s - 1 : s + 2, r - 6 : r + 7, c - 6 : c + 7]
    assert blood.mean() == pytest.approx(spec.blood_hu, abs=3)
    assert blood.std() == pytest.approx(16.0, rel=0.2)
    middle = hu[len(hu) // 2]
    assert -900 < np.median(middle[middle < -600]) < -780
    fat = hu[(hu < -60) & (hu > -160)]
    assert -115 < np.median(fat) < -85
    assert (hu > 130).any()  # bone is always there


def test_noise_is_correlated_and_overlapping_slices_share_it() -> None:
    quiet = replace(SMALL, matrix=256, slice_thickness_mm=3.0, slice_increment_mm=1.5)
    noise = make_phantom(replace(quiet, noise_sd_hu=15.0)).volume.hu - make_phantom(quiet).volume.hu.astype(float)
    soft = noise[:, 100:150, 100:150]
    beside = np.corrcoef(soft[:, :, :-1].ravel(), soft[:, :, 1:].ravel())[0, 1]
    above = np.corrcoef(soft[:-1].ravel(), soft[1:].ravel())[0, 1]
    assert 0.4 < beside < 0.9
    assert 0.35 < above < 0.65


def test_random_specifications_reach_from_none_to_severe_and_a_fifth_have_no_plaque() -> None:
    specs = [random_spec(seed) for seed in range(300)]
    zeros = np.mean([not spec.plaques for spec in specs])
    assert 0.15 < zeros < 0.3
    assert max(len(spec.plaques) for spec in specs) >= 10
    assert {plaque.vessel for spec in specs for plaque in spec.plaques} == set(Vessel)
    assert {spec.sex for spec in specs} == {"M", "F"}
    assert random_spec(3) == random_spec(3)


def test_padding_lies_outside_the_inscribed_circle_and_slices_ascend() -> None:
    phantom = make_phantom(replace(SMALL, matrix=96, padding_hu=-2048))
    assert (phantom.volume.hu[:, 0, 0] == -2048).all()
    assert phantom.volume.hu[:, 48, 48].min() > -1025
    assert phantom.acquisition.padding_hu == -2048
    assert phantom.volume.normal @ [0, 0, 1] == pytest.approx(1.0)
    assert phantom.volume.slice_increment_mm == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param(lambda: plaque(along=1.2), "between 0 and 1", id="along beyond the end"),
        pytest.param(lambda: plaque(radius_mm=0.0), "above 0 mm", id="no radius"),
        pytest.param(lambda: plaque(vessel=Vessel.LM, branch=True), "no side branch", id="branch of the left main"),
        pytest.param(lambda: replace(SMALL, slice_increment_mm=9.0), "leave the heart unseen", id="gaps"),
        pytest.param(lambda: replace(SMALL, sex="O"), "sex M and F", id="a sex it cannot draw"),
        pytest.param(lambda: replace(SMALL, matrix=8), "32 to 1024 pixels", id="matrix"),
        pytest.param(lambda: Distractor(what=Look.NODE, along=-1), "between 0 and 1", id="distractor"),
    ],
)
def test_a_specification_that_cannot_be_is_refused_in_words(wrong: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wrong()  # type: ignore[operator]
