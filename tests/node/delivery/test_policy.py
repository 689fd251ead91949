from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.delivery import RetryPolicy, next_attempt, retry_policy
from node.settings import DeliverSettings

POLICY = RetryPolicy(
    first_delay=timedelta(seconds=10), longest_delay=timedelta(hours=1), give_up_after=timedelta(days=14)
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def delay(attempts: int, *, jitter: float = 0.5, after: timedelta = timedelta()) -> timedelta | None:
    at = next_attempt(POLICY, attempts=attempts, first=NOON, now=NOON + after, jitter=jitter)
    return None if at is None else at - NOON - after


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (11, 3600), (10_000, 3600)]
)
def test_the_wait_doubles_up_to_the_longest(attempts: int, seconds: float) -> None:
    assert delay(attempts) == timedelta(seconds=seconds)


def test_jitter_spreads_the_wait_over_a_quarter_to_either_side() -> None:
    assert [delay(1, jitter=jitter) for jitter in (0.0, 0.5)] == [timedelta(seconds=7.5), timedelta(seconds=10)]
    assert timedelta(seconds=12.4) < delay(1, jitter=0.999) < timedelta(seconds=12.5)


@pytest.mark.parametrize(
    ("after", "parked"), [(timedelta(days=14) - timedelta(seconds=1), "no"), (timedelta(days=14), "yes")]
)
def test_after_two_weeks_it_is_parked(after: timedelta, parked: str) -> None:
    assert (delay(300, after=after) is None) == (parked == "yes")


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True), st.timedeltas(timedelta(), timedelta(days=13)))
def test_the_next_attempt_lies_ahead_and_never_beyond_the_longest_wait(
    attempts: int, jitter: float, after: timedelta
) -> None:
    assert timedelta() < delay(attempts, jitter=jitter, after=after) <= 1.25 * POLICY.longest_delay


def test_the_policy_is_that_of_the_configuration() -> None:
    assert retry_policy(DeliverSettings()) == POLICY
