"""Quality: what about a scan a reader must know, and what forbids a score.

For:     score.
In:      Volume, Acquisition, Demographics, Anatomy, Protocol; the score itself for what depends on it.
Out:     Findings: code, severity, measured figure, sentence. Every threshold stands in `limits`.
Keeps:   nothing.
Hostile: headers that lie or are silent; what cannot be judged is said, never assumed.
Alone:   tests/scoring/quality: tables of figures, and one painted fault for each code.
"""

from scoring.quality.header import header_findings
from scoring.quality.image import image_findings
from scoring.quality.limits import LIMITS, Limit, first_reason
from scoring.quality.result import ScoredLesion, is_uncertain, result_findings

__all__ = [
    "LIMITS",
    "Limit",
    "ScoredLesion",
    "first_reason",
    "header_findings",
    "image_findings",
    "is_uncertain",
    "result_findings",
]
