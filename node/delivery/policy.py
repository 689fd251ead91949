"""When to try again: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from node.settings import DeliverSettings

_MOST_DOUBLINGS = 16  # 2 ** 16 first delays are beyond any longest delay


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a delivery is tried, and how often."""

    first_delay: timedelta
    longest_delay: timedelta
    give_up_after: timedelta


def retry_policy(settings: DeliverSettings) -> RetryPolicy:
    """Policy of the configuration."""
    return RetryPolicy(
        first_delay=timedelta(seconds=settings.first_retry_seconds),
        longest_delay=timedelta(seconds=settings.longest_retry_seconds),
        give_up_after=timedelta(days=settings.give_up_days),
    )


def next_attempt(
    policy: RetryPolicy, *, attempts: int, first: datetime, now: datetime, jitter: float
) -> datetime | None:
    """Time of the next attempt, or None when the delivery is to be parked.

    Parameters
    ----------
    policy : RetryPolicy
        Delays double from the first to the longest.
    attempts : int
        Attempts made so far, at least 1.
    first, now : datetime
        When the delivery was asked for; the time of the decision.
    jitter : float
        In [0, 1), drawn by the caller so that this stays a function of its arguments; spreads the delay over
        75-125 % of itself, so that many deliveries do not come back at once.

    Examples
    --------
    >>> from datetime import UTC
    >>> policy = RetryPolicy(
    ...     first_delay=timedelta(seconds=10), longest_delay=timedelta(hours=1), give_up_after=timedelta(days=14)
    ... )
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> next_attempt(policy, attempts=3, first=noon, now=noon, jitter=0.5).isoformat()
    '2026-01-01T12:00:40+00:00'
    """
    if now - first >= policy.give_up_after:
        return None
    doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    delay = min(policy.first_delay * (1 << doublings), policy.longest_delay)
    return now + delay * (0.75 + 0.5 * jitter)
