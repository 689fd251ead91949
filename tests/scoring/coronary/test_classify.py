from functools import lru_cache

import numpy as np
import pytest

from scoring.anatomy import find_anatomy
from scoring.candidates import Islands, find_islands
from scoring.coronary import Classification, Judged, classify
from scoring.coronary.pieces import divide
from scoring.phantom import Distractor, Look, PhantomSpec, make_phantom
from scoring.protocol import PRESETS
from scoring.result import EXCLUDED_LABEL, Point
from scoring.volume import Volume
from tests.support.inserted_plaque import Inserted, insert, readings
from tests.support.phantoms import demo_phantom
from tests.support.shared import needs_shared

LITERATURE = PRESETS["literature"]


@lru_cache(maxsize=1)
def judged_demo() -> tuple[Islands, Classification]:
    return judged(demo_phantom().volume)


def judged(volume: Volume) -> tuple[Islands, Classification]:
    anatomy = find_anatomy(volume)
    row, column = volume.pixel_spacing_mm
    islands = find_islands(volume.hu, LITERATURE, row * column, region=anatomy.region())
    return islands, classify(volume, anatomy, islands, LITERATURE)


def verdict_at(
    volume: Volume, found: tuple[Islands, Classification], point_lps_mm: Point, reach_mm: float = 5.0
) -> list[Judged]:
    """Verdicts on the pieces within reach of a point."""
    islands, classification = found
    places = volume.to_lps_mm(np.stack(np.unravel_index(islands.flat, islands.shape), 1))
    near = np.linalg.norm(places - np.array(point_lps_mm), axis=1) < reach_mm
    pieces = np.unique(classification.piece[near & (classification.piece >= 0)])
    return [classification.judged[piece] for piece in pieces]


def test_every_plaque_of_the_phantom_goes_to_its_artery() -> None:
    phantom = demo_phantom()
    found = judged_demo()
    for lesion in phantom.truth.lesions:
        verdicts = verdict_at(phantom.volume, found, lesion.centre_lps_mm)
        assert {one.label for one in verdicts} == {lesion.vessel.label}, lesion


def test_look_alikes_of_the_phantom_are_named_and_not_counted() -> None:
    phantom = demo_phantom()
    found = judged_demo()
    for look in phantom.truth.distractors:
        verdicts = verdict_at(phantom.volume, found, look.centre_lps_mm, reach_mm=8.0)
        assert all(one.label == EXCLUDED_LABEL for one in verdicts), look
        assert all(one.what for one in verdicts)


def test_every_verdict_has_a_confidence_and_a_counted_one_says_why() -> None:
    _, classification = judged_demo()
    for one in classification.judged:
        assert 0.0 <= one.confidence <= 1.0
        assert (one.what is None) == (one.label != EXCLUDED_LABEL)
        assert one.evidence or one.label == EXCLUDED_LABEL


def test_voxels_far_from_the_heart_are_not_listed() -> None:
    islands, classification = judged_demo()
    bone = islands.hu > 400
    assert (classification.piece[bone] == -1).mean() > 0.9  # ribs, sternum and spine are most of what is so bright


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize("name", ["chest-philips-5mm", "petct-siemens-overlap"])
def test_plaque_put_on_a_real_course_goes_to_its_artery_and_calcium_deep_in_the_heart_does_not(name: str) -> None:
    record = readings(name)
    middle = {vessel: segments[0]["points"] for vessel, segments in record["vessels"].items()}
    middle["RCA"] = record["vessels"]["RCA"][1]["points"]
    deposits = [
        Inserted(
            name=vessel,
            points_lps_mm=(tuple(points[len(points) // 2]),),
            radius_mm=1.6,
            density_hu=900.0,
        )
        for vessel, points in middle.items()
    ]
    deposits += [
        Inserted(name=what, points_lps_mm=(tuple(record["landmarks"][what][-1]),), radius_mm=1.8, density_hu=900.0)
        for what in ("mitral_annulus", "papillary_muscle", "aortic_valve")
    ]
    scan = insert(name, deposits)
    verdicts = judged(scan.volume)
    found = {
        deposit.name: {one.label for one in verdict_at(scan.volume, verdicts, deposit.points_lps_mm[0])}
        for deposit in deposits
    }
    expected = {"LM": 1, "LAD": 2, "LCX": 3, "RCA": 4, "mitral_annulus": 9, "papillary_muscle": 9, "aortic_valve": 9}
    assert found == {what: {label} for what, label in expected.items()}


@needs_shared
@pytest.mark.real_data
def test_calcium_in_the_wall_of_a_real_ascending_aorta_is_not_coronary_though_fat_lies_beside_it() -> None:
    # Broken by hand: without the weight of the aortic circle this arc counts as right coronary artery.
    name = "chest-philips-5mm"
    x, y, z = readings(name)["landmarks"]["ascending_aorta"][-1]
    turn = -np.pi / 2 + np.linspace(-0.12, 0.12, 9)
    arc = tuple((x + 16.5 * np.cos(angle), y + 16.5 * np.sin(angle), z) for angle in turn)
    scan = insert(name, [Inserted(name="aortic_wall", points_lps_mm=arc, radius_mm=1.2, density_hu=800.0)])
    verdicts = verdict_at(scan.volume, judged(scan.volume), arc[4], reach_mm=6.0)
    assert {(one.label, one.what) for one in verdicts} == {(EXCLUDED_LABEL, "aortic wall")}


def test_a_short_deposit_stays_whole_and_a_long_one_is_divided_into_compact_cells() -> None:
    rng = np.random.default_rng(1)
    assert set(divide(rng.uniform(0, 4, (50, 3)))) == {0}
    along = np.sort(rng.uniform(0, 40, 400))
    cells = divide(np.stack([along, 0 * along, 0 * along], 1))
    spans = [np.ptp(along[cells == cell]) for cell in np.unique(cells)]
    assert len(spans) >= 5
    assert max(spans) <= 12.0


def test_the_order_of_the_voxels_does_not_change_the_cells() -> None:
    rng = np.random.default_rng(2)
    points = rng.uniform(0, 30, (300, 3))
    turn = rng.permutation(300)
    assert np.array_equal(divide(points)[turn], divide(points[turn]))


@pytest.mark.parametrize("seed", [22, 24])
def test_calcium_in_a_long_line_of_the_pericardium_is_not_coronary(seed: int) -> None:
    # Broken by hand: without the weight "outer" both count.
    sheet = Distractor(what=Look.PERICARDIUM, along=0.8, radius_mm=1.0, length_mm=30.0, density_hu=700.0)
    phantom = make_phantom(PhantomSpec(seed=seed, matrix=256, distractors=(sheet,)))
    _, classification = judged(phantom.volume)
    assert all(one.label == EXCLUDED_LABEL for one in classification.judged)
