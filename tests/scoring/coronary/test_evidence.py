"""What a reader would hold against a piece of calcium: alone, without a scan."""

from dataclasses import fields
from typing import Any

import numpy as np

from scoring.anatomy import Circles, Places
from scoring.coronary.evidence import _behind, _outer
from scoring.coronary.shapes import Shapes
from scoring.coronary.vessel import Courses


def shapes(**given: float) -> Shapes:
    values: dict[str, Any] = {one.name: np.array([given.get(one.name, 0.0)]) for one in fields(Shapes)}
    return Shapes(**values)


def places(up: float, back: float, left: float) -> Places:
    values: dict[str, Any] = {one.name: np.array([20.0]) for one in fields(Places)}
    nothing = np.zeros(1)
    values |= {
        "from_centre": np.array([[up, back, left]]),
        "outside": nothing,
        "aorta": Circles(y_mm=nothing, x_mm=nothing, radius_mm=nothing, trust=nothing),
    }
    return Places(**values)


def courses(nearest_mm: float) -> Courses:
    far = np.array([nearest_mm])
    return Courses(main=far, anterior=far, circumflex=far, behind_fork=far, seen=1.0)


def test_a_long_line_against_the_lung_is_pericardium_and_one_with_fat_before_the_lung_an_artery() -> None:
    line = {"outside": 4.9, "length": 17.0, "breadth": 1.6}
    assert _outer(shapes(lung=2.5, **line)) < -3.5
    assert _outer(shapes(lung=4.0, **line)) == 0.0


def test_the_higher_the_less_far_back_an_artery_runs_unless_it_was_traced_there() -> None:
    assert _behind(places(up=0.0, back=31.0, left=10.0), courses(40.0)) == 0.0
    assert _behind(places(up=34.0, back=31.0, left=10.0), courses(40.0)) < -2.0
    assert _behind(places(up=34.0, back=31.0, left=10.0), courses(3.0)) == 0.0


def test_nothing_far_behind_the_heart_is_coronary_at_any_height() -> None:
    assert _behind(places(up=-30.0, back=40.0, left=0.0), courses(60.0)) == 0.0
    assert _behind(places(up=-30.0, back=58.0, left=0.0), courses(60.0)) < -3.0
