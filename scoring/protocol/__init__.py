"""Protocol: the rules that turn pixels into a score, and what the scanner said of the acquisition.

For:     everything that measures.
In:      the site's choices (preset, connectivity, kVp rule, mass calibrations); what the header says.
Out:     a Protocol with the HU steps of the tube voltage, and findings on what was assumed or adapted.
Keeps:   nothing; the presets and the steps by voltage are constants with their source.
Hostile: a voltage that is missing, impossible or has no rule is an UnfitError, never 120 by default.
Alone:   tests/scoring/test_protocol.py: tables of presets, voltages and kernels.
"""

from scoring.protocol.acquisition import Acquisition, Gating
from scoring.protocol.choices import PATIENT_SIZES, CalibrationEntry, CalibrationSource, ScoringChoices
from scoring.protocol.choose import protocol_for
from scoring.protocol.presets import PRESETS, SIZE_TOLERANCE_MM2, STEPS_120_KVP_HU, Protocol, Steps
from scoring.protocol.voltage import ARTIFICIAL_120_KVP, READS_LOW_KVP, STANDARD_KVP, STEPS_BY_KVP_HU

__all__ = [
    "ARTIFICIAL_120_KVP",
    "PATIENT_SIZES",
    "PRESETS",
    "READS_LOW_KVP",
    "SIZE_TOLERANCE_MM2",
    "STANDARD_KVP",
    "STEPS_120_KVP_HU",
    "STEPS_BY_KVP_HU",
    "Acquisition",
    "CalibrationEntry",
    "CalibrationSource",
    "Gating",
    "Protocol",
    "ScoringChoices",
    "Steps",
    "protocol_for",
]
