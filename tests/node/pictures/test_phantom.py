from dataclasses import replace

import numpy as np

from node.pictures import ORANGE, SKY, Panel, PhantomWords, Ring, phantom_page
from node.pictures.canvas import AMBER, DARK

PANEL = Panel(
    hu=np.full((100, 50), 40, np.int16),
    pixel_spacing_mm=(0.5, 1.0),  # rows closer than columns
    middle=(50.0, 25.0),
    side_mm=40.0,
    rings=(Ring(centre=(70.0, 30.0), radius_mm=4.0, label="800 / 5", colour=ORANGE, beside=(0.0, 1.0)),),
    caption="slice 3 of 9",
)
WORDS = PhantomWords(
    title="Phantom QA: ACME",
    verdict="WARN",
    verdict_colour=AMBER,
    sentences=("the mass is 20 % off",),
    inserts=PANEL,
    rods=replace(PANEL, rings=()),
    without_rods="no rods in the scan",
    heads=("insert", "Agatston", "volume", "mass", "known", "error", "mean HU"),
    rows=(("800 mg/cm3, 5 mm", "1", "2", "3", "4", "5", "6"),) * 9,
    foot="ge: 130 HU",
)


def pixels_of(rgb: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.argwhere((rgb == colour).all(axis=2))


def test_a_ring_stands_where_its_place_is_in_millimetres() -> None:
    """20 rows of 0.5 mm down and 5 columns of 1 mm right of the middle, at 780 pixels for 40 mm."""
    ring = pixels_of(phantom_page(WORDS), ORANGE)
    left, top = ring[:, 1].min(), ring[:, 0].min()
    assert left == np.clip(left, 36 + 390 + 97 - 80, 36 + 390 + 97 - 76)
    assert top == np.clip(top, 96 + 390 + 195 - 80, 96 + 390 + 195 - 76)


def test_what_lies_outside_the_slice_is_black() -> None:
    edge = replace(PANEL, middle=(0.0, 0.0), rings=())
    rgb = phantom_page(replace(WORDS, inserts=edge))
    assert (rgb[150:400, 60:400] == 0).all()
    assert (rgb[600:800, 500:700] > 0).all()


def test_without_rods_a_sentence_stands_in_their_place() -> None:
    with_rods, without = phantom_page(WORDS), phantom_page(replace(WORDS, rods=None))
    assert len(pixels_of(with_rods[96:516, 852:1272], DARK)) == 0
    assert len(pixels_of(without[300:500, 852:1272], DARK)) > 80_000


def test_many_sentences_stay_above_the_table_and_are_counted() -> None:
    many = phantom_page(replace(WORDS, sentences=("a reason that goes on and on and on and on and on",) * 40))
    assert (many[908:920, 852:] == DARK).all()


def test_labels_have_the_colour_of_their_ring() -> None:
    alone = replace(PANEL, rings=(replace(PANEL.rings[0], colour=SKY, radius_mm=0.0),))
    assert len(pixels_of(phantom_page(replace(WORDS, inserts=alone)), SKY)) > 60
