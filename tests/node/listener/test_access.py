import pytest

from node.listener.access import Caller, Door, refusal


def caller(calling: str = "CT1", called: str = "CALCIUM") -> Caller:
    return Caller(calling_ae_title=calling, called_ae_title=called, address="10.0.0.5")


def door(**changes: object) -> Door:
    usual = {
        "ae_title": "CALCIUM",
        "callers": ("CT1", "PACS"),
        "check_called_ae_title": True,
        "maximum_associations": 2,
        "open_associations": 0,
        "draining": False,
    }
    return Door(**{**usual, **changes})


@pytest.mark.parametrize(
    ("who", "at"),
    [
        pytest.param(caller(), door(), id="known caller"),
        pytest.param(caller("ANYBODY"), door(callers=("*",)), id="anyone may enter"),
        pytest.param(caller(called="OTHER"), door(check_called_ae_title=False), id="called title does not matter"),
        pytest.param(caller(), door(open_associations=1), id="one slot is left"),
    ],
)
def test_who_may_enter_enters(who: Caller, at: Door) -> None:
    assert refusal(who, at) is None


@pytest.mark.parametrize(
    ("who", "at", "codes", "words"),
    [
        pytest.param(caller("CT2"), door(), (1, 1, 3), ['add "CT2"', "[receive] callers"], id="unknown caller"),
        pytest.param(caller("ct1"), door(), (1, 1, 3), ["differs from CT1 only in upper and lower case"], id="case"),
        pytest.param(caller(), door(callers=()), (1, 1, 3), ['add "CT1"'], id="nobody may send by default"),
        pytest.param(caller(called="CALC"), door(), (1, 1, 7), ["called us CALC", "we are CALCIUM"], id="called title"),
        pytest.param(caller(called="calcium"), door(), (1, 1, 7), ["only in upper and lower case"], id="called case"),
        pytest.param(caller(), door(draining=True), (2, 3, 2), ["stopping"], id="draining"),
        pytest.param(
            caller(), door(open_associations=2), (2, 3, 2), ["2 associations", "maximum_associations"], id="full"
        ),
        pytest.param(caller("CT2"), door(open_associations=2), (1, 1, 3), ["CT2"], id="lasting reason comes first"),
    ],
)
def test_who_may_not_enter_learns_why(who: Caller, at: Door, codes: tuple[int, int, int], words: list[str]) -> None:
    said = refusal(who, at)
    assert (said.result, said.source, said.reason) == codes
    for word in words:
        assert word in said.sentence
