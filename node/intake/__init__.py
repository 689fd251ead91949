"""Intake: is the series whole, is it eligible, and which reconstruction of an acquisition is scored.

For:     deciding. Nothing here does I/O; the time is an argument.
In:      InstanceFacts, when they came, the settings of intake.
Out:     Eligibility, Assessment, Chosen or Alternative: each with its reason in words.
Keeps:   nothing.
Hostile: facts may be absurd in value, never in type: reading has seen to that.
Alone:   tests/node/intake: tables of facts and times; order, duplicates and association borders never change a verdict.
"""

from node.intake.assess import SeriesTiming, assess
from node.intake.choose import Alternative, Chosen, choose
from node.intake.eligible import Eligibility, Level, eligibility
from node.intake.reason import Reason
from node.intake.whole import Whole, whole

__all__ = [
    "Alternative",
    "Chosen",
    "Eligibility",
    "Level",
    "Reason",
    "SeriesTiming",
    "Whole",
    "assess",
    "choose",
    "eligibility",
    "whole",
]
