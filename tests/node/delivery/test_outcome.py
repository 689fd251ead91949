import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.delivery import outcome_of_store
from node.facts import Outcome

PEER = "PACS1 (10.0.0.5:104)"
D, W, R, X = Outcome.DELIVERED, Outcome.DELIVERED_WITH_WARNING, Outcome.RETRY, Outcome.REFUSED


@pytest.mark.parametrize(
    ("status", "earlier", "outcome", "words"),
    [
        (0x0000, 0, D, "success"),
        (0xB000, 0, W, "stored, some values changed"),
        (0xB006, 0, W, "discarded"),
        (0xB007, 0, W, "0xB007"),
        (0xA700, 0, R, "out of resources"),
        (0xA7FF, 99, R, "it will be tried again"),
        (0xA900, 0, X, "refused again"),
        (0xC000, 0, R, "tried again"),
        (0xC000, 1, R, "tried again"),
        (0xC000, 2, X, "cannot understand"),
        (0x0110, 99, R, "processing failure"),
        (0x0111, 0, W, "it has this object already"),
        (0x0111, 1, D, "it has this object already"),
        (0x0112, 0, X, "no such SOP instance"),
        (0x0117, 0, X, "invalid SOP instance"),
        (0x0122, 0, X, "objects of other kinds go on"),
        (0x0124, 0, X, "give our AE title the right"),
        (0x0210, 0, R, "duplicate invocation"),
        (0x0211, 1, X, "unrecognised operation"),
        (0x0212, 1, X, "mistyped argument"),
        (0x0213, 99, R, "resource limitation"),
        (0x7777, 0, R, "0x7777"),
        (0x7777, 2, X, "does not know"),
        (0xFF00, 2, X, "pending"),
        (None, 99, R, "gave no answer"),
    ],
)
def test_each_answer_has_its_outcome_and_its_sentence(
    status: int | None, earlier: int, outcome: Outcome, words: str
) -> None:
    came_to, sentence = outcome_of_store(status, peer=PEER, earlier_attempts=earlier)
    assert came_to is outcome
    assert words in sentence
    assert sentence.startswith(PEER)


@given(st.integers(0, 0xFFFF), st.integers(0, 100))
def test_success_is_never_guessed(status: int | None, earlier: int) -> None:
    """Red when 0xB000 is taken for plain success, or an unknown status for any success."""
    outcome, _ = outcome_of_store(status, peer=PEER, earlier_attempts=earlier)
    if outcome is D:
        assert status in {0x0000, 0x0111}
    if outcome is W:
        assert 0xB000 <= status <= 0xBFFF or status in {0x0001, 0x0107, 0x0111, 0x0116}


@given(st.integers(0, 0xFFFF))
def test_nothing_but_a_passing_fault_is_tried_for_ever(status: int | None) -> None:
    passing = status in {0x0110, 0x0213} or 0xA700 <= status <= 0xA7FF
    assert (outcome_of_store(status, peer=PEER, earlier_attempts=100)[0] is R) == passing
