"""How the calcium lies over the vessels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.measures import spread_of
from scoring.result import Measures, Spread, Vessel


def vessels(*agatston: float) -> dict[Vessel, Measures]:
    return {vessel: Measures(agatston=value) for vessel, value in zip(Vessel, agatston, strict=True)}


@pytest.mark.parametrize(
    ("agatston", "spread"),
    [
        ((0.0, 0.0, 0.0, 0.0), Spread()),
        ((0.0, 80.0, 0.0, 0.0), Spread(vessels_involved=1, diffusivity=0.0, left_main_share=0.0)),
        ((50.0, 50.0, 50.0, 50.0), Spread(vessels_involved=4, diffusivity=0.75, left_main=True, left_main_share=0.25)),
        ((5.0, 15.0, 0.0, 0.0), Spread(vessels_involved=2, diffusivity=0.25, left_main=True, left_main_share=0.25)),
        ((0.0, 0.2, 0.0, 0.2), Spread(vessels_involved=2, diffusivity=0.5, left_main_share=0.0)),
    ],
)
def test_vessels_diffusivity_and_left_main(agatston: tuple[float, ...], spread: Spread) -> None:
    assert spread_of(vessels(*agatston)) == spread


@given(st.lists(st.floats(0, 5000), min_size=4, max_size=4))
def test_diffusivity_lies_between_one_vessel_and_four_even_ones(agatston: list[float]) -> None:
    spread = spread_of(vessels(*agatston))
    assert spread.vessels_involved == sum(value > 0 for value in agatston)
    assert (spread.diffusivity is None) is (not any(agatston))
    if spread.diffusivity is not None:
        assert -1e-9 <= spread.diffusivity <= 1 - 1 / spread.vessels_involved + 1e-9
