"""What goes wrong with a scan, seen in the image: voltage, metal, motion, streaks, mirrored hearts, noise, repeats."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from scoring.phantom import Distractor, Look, Phantom, PhantomSpec, Physique, Plaque, Situs, Texture, make_phantom
from scoring.phantom.deposits import plaque_deposit
from scoring.phantom.faults import with_caveat
from scoring.phantom.noise import noise_of
from scoring.phantom.scan import Stack
from scoring.phantom.voltage import calcium_factor
from scoring.result import EXCLUDED_LABEL, Vessel

PLAQUES = (
    Plaque(vessel=Vessel.LAD, along=0.4, radius_mm=2.2, length_mm=9.0, density_hu=700.0),
    Plaque(vessel=Vessel.RCA, along=0.4, radius_mm=2.0, length_mm=8.0, density_hu=700.0),
)
SMALL = PhantomSpec(
    seed=5,
    fov_mm=190.0,
    matrix=152,
    above_mm=48.0,
    below_mm=36.0,
    noise_sd_hu=0.0,
    physique=Physique(),
    plaques=PLAQUES,
)


@pytest.fixture(scope="module")
def still() -> Phantom:
    return make_phantom(SMALL)


def test_calcium_and_bone_stand_out_of_tissue_by_the_factor_of_the_voltage(still: Phantom) -> None:
    """Red when the whole image is scaled, or fat and blood change."""
    low = make_phantom(replace(SMALL, kvp=80.0))
    here, there = still.volume.hu.astype(float), low.volume.hu.astype(float)

    def factor(where: np.ndarray) -> float:
        return float(((there[where] - 45) / (here[where] - 45)).mean())

    core = (still.truth.labels == Vessel.LAD.label) & (here > 560)
    assert core.any()
    assert factor(core) == pytest.approx(1.36, abs=0.012)
    assert factor(here > 500) == pytest.approx(1.36, rel=0.05)
    soft = (here < 60) & (here > -150) & (still.truth.labels == 0)
    assert np.abs(there - here)[soft].mean() < 1.0
    assert calcium_factor(120.0) == 1.0


def test_a_repeat_of_the_same_patient_has_other_noise_and_sampling_and_the_same_plaques() -> None:
    """Red when a shift of table or grid draws another patient, or the fat's strands move with the grid."""
    first = replace(SMALL, noise_sd_hu=15.0)
    again = replace(first, noise_seed=99, table_shift_mm=1.2, grid_shift_mm=(0.4, -0.3))
    one, two = make_phantom(first), make_phantom(again)
    assert [a.centre_lps_mm for a in one.truth.lesions] == [b.centre_lps_mm for b in two.truth.lesions]
    assert (one.volume.hu != two.volume.hu).mean() > 0.5
    assert two.truth.agatston == pytest.approx(one.truth.agatston, rel=0.35)
    assert two.truth.agatston != one.truth.agatston
    origin = two.volume.voxel_to_lps_mm[:3, 3] - one.volume.voxel_to_lps_mm[:3, 3]
    assert origin == pytest.approx([0.4, -0.3, 1.2])


def test_a_whole_step_of_the_table_shows_the_same_anatomy_one_slice_on(still: Phantom) -> None:
    moved = make_phantom(replace(SMALL, table_shift_mm=3.0))
    same = np.abs(moved.volume.hu[:-1].astype(int) - still.volume.hu[1:])
    assert np.percentile(same, 99) <= 1


def test_a_mirrored_body_has_its_liver_and_heart_on_the_other_side_and_dextrocardia_only_the_heart() -> None:
    for situs, heart_left, liver_left in (
        (Situs.USUAL, True, False),
        (Situs.INVERSUS, False, True),
        (Situs.DEXTROCARDIA, False, False),
    ):
        phantom = make_phantom(replace(SMALL, situs=situs, fov_mm=340.0, matrix=120, below_mm=95.0))
        tree, middle = phantom.patient.tree.main, phantom.patient.thorax.midline_x_mm
        assert bool(tree[Vessel.LAD].points_lps_mm[:, 0].mean() > middle) is heart_left
        lowest = ndimage.uniform_filter(phantom.volume.hu[2].astype(float), 9)
        x = phantom.volume.to_lps_mm(np.array([[2, 0, c] for c in range(120)]))[:, 0]
        liver = (np.abs(lowest - 57) < 6).sum(0)
        assert bool(liver[x > middle].sum() > liver[x < middle].sum()) is liver_left
        assert phantom.truth.vessels[Vessel.LAD] > 50
        assert phantom.truth.vessels[Vessel.RCA] > 50


def test_a_moving_heart_is_seen_twice_and_the_chest_wall_once(still: Phantom) -> None:
    """Red when the deposits stand still in a heart that moves."""
    moving = make_phantom(replace(SMALL, motion_mm=6.0))
    assert (moving.volume.hu[:, :6] == still.volume.hu[:, :6]).all()  # before the sternum
    for label in (Vessel.LAD.label, Vessel.RCA.label):
        sharp = still.volume.hu[still.truth.labels == label]
        smeared = moving.volume.hu[moving.truth.labels == label]
        assert smeared.max() < 0.8 * sharp.max()
        assert len(smeared) > 1.2 * len(sharp)


def test_slabs_are_shifted_as_wholes(still: Phantom) -> None:
    stepped = make_phantom(replace(SMALL, slab_step_mm=6.0, slab_slices=8))
    differs = (stepped.volume.hu != still.volume.hu).any((1, 2))
    assert not differs[:8].any()
    assert differs[8:16].all()
    assert not differs[16:24].any()


def test_a_stent_is_a_tube_of_metal_and_not_calcium() -> None:
    bare = replace(SMALL, matrix=380, plaques=())
    stented = make_phantom(with_caveat(bare, "stent", np.random.default_rng(3)))
    (found,) = stented.truth.distractors
    assert found.what == "stent"
    assert found.agatston > 100
    assert stented.truth.agatston == 0
    mask = stented.truth.labels == EXCLUDED_LABEL
    assert stented.volume.hu[mask].max() > 500
    tall = np.ptp(np.nonzero(mask)[0]) * 3.0
    assert 3 < tall < 40


def test_metal_throws_streaks_far_beyond_itself_and_is_not_changed_by_the_voltage(still: Phantom) -> None:
    lead = Distractor(what=Look.LEAD, radius_mm=1.0, density_hu=6000.0)
    with_lead = make_phantom(replace(SMALL, distractors=(lead,)))
    away = ~ndimage.binary_dilation(with_lead.truth.labels == EXCLUDED_LABEL, np.ones((1, 9, 9)))
    changed = np.abs(with_lead.volume.hu.astype(int) - still.volume.hu)[away]
    assert (changed > 20).sum() > 500
    assert with_lead.volume.hu.max() == 3071
    assert with_lead.volume.hu.min() >= -1024


def test_streaks_of_arms_run_from_side_to_side() -> None:
    quiet = replace(SMALL, plaques=())
    streaky = make_phantom(replace(quiet, streak_hu=25.0)).volume.hu - make_phantom(quiet).volume.hu.astype(float)
    heart = streaky[8:20, 50:102, 50:102]
    along = np.corrcoef(heart[:, :, :-8].ravel(), heart[:, :, 8:].ravel())[0, 1]
    across = np.corrcoef(heart[:, :-8].ravel(), heart[:, 8:].ravel())[0, 1]
    assert along > 0.3
    assert abs(across) < 0.25
    assert 12 < heart.std() < 40


def test_a_sharper_kernel_has_finer_noise_of_the_same_size() -> None:
    axis = np.linspace(0.0, 51.0, 120, dtype=np.float64)
    beside = []
    for texture in Texture:
        stack = Stack(x=axis, y=axis, z=axis[:6] * 7.0, thickness_mm=3.0, texture=texture)
        noise = noise_of(replace(SMALL, noise_sd_hu=20.0, texture=texture), stack, (0.0, 0.0))
        assert noise is not None
        assert noise.std() == pytest.approx(20.0, rel=0.02)
        beside.append(np.corrcoef(noise[:, :, :-1].ravel(), noise[:, :, 1:].ravel())[0, 1])
    assert beside[0] > beside[1] > beside[2]


def test_a_sharp_kernel_overshoots_at_edges() -> None:
    soft, sharp = (make_phantom(replace(SMALL, matrix=120, texture=t)).volume.hu for t in (Texture.SOFT, Texture.SHARP))
    assert sharp.max() > soft.max() + 50
    assert (sharp < -1010).sum() > (soft < -1010).sum()


def test_uneven_noise_is_higher_in_the_middle_of_the_body_and_as_asked_over_the_heart() -> None:
    quiet = replace(SMALL, plaques=(), fov_mm=340.0, matrix=200)
    loud = replace(quiet, noise_sd_hu=20.0, uneven_noise=0.6)
    noise = make_phantom(loud).volume.hu - make_phantom(quiet).volume.hu.astype(float)
    assert noise[10:14, 90:110, 90:110].std() == pytest.approx(20.0, rel=0.15)
    assert noise[10:14, 90:110, 20:35].std() < 0.85 * noise[10:14, 90:110, 90:110].std()


def test_a_patient_who_lies_askew_is_turned_as_a_whole() -> None:
    askew = make_phantom(replace(SMALL, tilt_deg=(0.0, 0.0, 8.0), fov_mm=340.0, matrix=120))
    straight = make_phantom(replace(SMALL, fov_mm=340.0, matrix=120))

    def lean(phantom: Phantom) -> float:
        """Angle of the line from the spine to the sternum."""
        spine, sternum = phantom.patient.chest_to_lps([(0, 94, 0), (0, -82, 0)])
        rise = sternum - spine
        bone = phantom.volume.hu > 250
        near = np.rint(np.linalg.inv(phantom.volume.voxel_to_lps_mm) @ [*sternum, 1.0]).astype(int)[:3]
        assert bone[near[0], near[1] - 4 : near[1] + 5, near[2] - 5 : near[2] + 6].any()
        return float(np.degrees(np.arctan2(rise[0], -rise[1])))

    assert abs(lean(askew) - lean(straight)) == pytest.approx(8.0, abs=0.1)
    apart = [
        np.linalg.norm(np.subtract(*(p.patient.tree.main[v].points_lps_mm[5] for v in PAIR))) for p in (askew, straight)
    ]
    assert apart[0] == pytest.approx(apart[1], abs=3.0)


PAIR = (Vessel.LAD, Vessel.RCA)


def test_a_plaque_over_the_fork_is_one_deposit_and_two_lesions_parted_at_the_fork() -> None:
    """Red when the whole of it goes to the left main, or the two parts are painted one over the other."""
    bridge = Plaque(vessel=Vessel.LM, into=Vessel.LAD, along=0.4, radius_mm=1.6, length_mm=16.0, density_hu=900.0)
    phantom = make_phantom(replace(SMALL, matrix=380, plaques=(bridge,)))
    assert [lesion.vessel for lesion in phantom.truth.lesions] == [Vessel.LM, Vessel.LAD]
    assert all(lesion.agatston > 10 for lesion in phantom.truth.lesions)
    assert phantom.truth.agatston == pytest.approx(sum(lesion.agatston for lesion in phantom.truth.lesions), rel=0.02)
    hot = (phantom.volume.hu >= 130) & np.isin(phantom.truth.labels, (Vessel.LM.label, Vessel.LAD.label))
    assert ndimage.label(hot, np.ones((3, 3, 3)))[1] == 1
    deposit = plaque_deposit(bridge, 0, phantom.patient)
    before, after = (np.vstack(part.lines_lps_mm) for part in deposit.parts)
    assert before[-1] == pytest.approx(after[0])
    places = np.argwhere(hot)
    points = phantom.volume.to_lps_mm(places)
    to_before, to_after = (np.linalg.norm(points[:, None] - line[None], axis=2).min(1) for line in (before, after))
    clear = np.abs(to_before - to_after) > 1.5
    is_left_main = phantom.truth.labels[tuple(places[clear].T)] == Vessel.LM.label
    assert (is_left_main == (to_before < to_after)[clear]).all()


def test_the_same_specification_with_every_fault_gives_the_same_bytes() -> None:
    spec = replace(
        SMALL, matrix=96, motion_mm=4.0, slab_step_mm=3.0, streak_hu=10.0, noise_sd_hu=15.0, uneven_noise=0.4,
        tilt_deg=(2.0, 1.0, -3.0), situs=Situs.INVERSUS, texture=Texture.MEDIUM,
        distractors=(Distractor(what=Look.CLIP, radius_mm=0.9, length_mm=60.0, density_hu=6000.0),),
    )  # fmt: skip
    one, two = make_phantom(spec), make_phantom(spec)
    assert one.volume.hu.tobytes() == two.volume.hu.tobytes()
    assert one.truth.labels.tobytes() == two.truth.labels.tobytes()
