from collections.abc import Callable
from functools import lru_cache

from scoring.phantom import Phantom
from scoring.protocol import ScoringChoices
from scoring.result import Score, Vessel
from scoring.risk import CATEGORIES
from scoring.score import score
from tests.support.phantoms import demo_phantom, empty_phantom


@lru_cache(maxsize=2)
def scored(make: Callable[[], Phantom]) -> Score:
    phantom = make()
    made = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
    assert isinstance(made, Score)
    return made


def test_a_score_comes_with_an_interval_of_the_total_and_of_every_vessel() -> None:
    made = scored(demo_phantom)
    assert made.interval is not None
    assert set(made.vessel_intervals) == set(Vessel)
    for interval, measures in [
        (made.interval, made.total),
        *((made.vessel_intervals[vessel], made.vessels[vessel]) for vessel in Vessel),
    ]:
        low, high = interval.agatston
        assert low <= measures.agatston <= high
        assert high - low > 0.05 * measures.agatston
        assert set(interval.category_probability) == set(CATEGORIES)
    assert made.interval.covers == "noise and sampling of this scan"
    assert made.interval.published_rescan_limit is not None


def test_the_vessels_may_swing_apart_and_so_the_total_swings_less_than_all_together() -> None:
    made = scored(demo_phantom)
    assert made.interval is not None
    widths = [high - low for low, high in (one.agatston for one in made.vessel_intervals.values())]
    total = made.interval.agatston[1] - made.interval.agatston[0]
    assert max(widths) < total < sum(widths)


def test_no_calcium_and_low_noise_leave_a_repeat_little_room() -> None:
    made = scored(empty_phantom)
    assert made.total.agatston == 0
    assert made.interval is not None
    assert made.interval.agatston[0] == 0.0
    assert made.interval.agatston[1] <= 1.0
    assert made.interval.category_probability["0"] > 0.95
