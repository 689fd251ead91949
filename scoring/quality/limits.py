"""Every threshold of the quality findings, once, with its source; and which refusal is the reason."""

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.anatomy import MIRRORED_PERCENT
from scoring.result import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """From which figure on a finding is a note, weakens the result or forbids it; None: never."""

    unit: str
    source: str
    note: float | None = None
    weakens: float | None = None
    refuse: float | None = None
    below: bool = False  # the finding is about too small a figure

    def severity(self, measured: float) -> Severity | None:
        """The severest level that the figure passes; a figure exactly at a limit does not pass it."""
        levels = ((self.refuse, Severity.REFUSE), (self.weakens, Severity.WEAKENS), (self.note, Severity.NOTE))
        for limit, severity in levels:
            if limit is not None and (measured < limit if self.below else measured > limit):
                return severity
        return None


_MONTE_CARLO = (
    "simulated blood of 45 HU: from 25 HU of noise on specks of 1 mm2 pass 130 HU, from 35 HU 10 to 25 a slice"
)
_HEARTS = "19 whole hearts measured at least 42 mm below and 51 mm above their centre; every cut one less than 35 or 38"
_EXTENTS = "hearts of NLST: 102 to 146 mm wide, 105 to 117 mm deep"
_MOTION = (
    "beyond what slice and kernel blur, the border of a heart at rest is not broadened: at most 0.9 mm in 30 scans, "
    "real ones not gated at most 0.8; a heart seen twice 3.5 mm apart 1.2 to 3"
)
_TUBE = "a coronary stent is a tube of 2.5 to 4 mm and at least 8 mm long, bright on all sides of its lumen"

LIMITS: dict[str, Limit] = {
    "contrast": Limit(
        unit="HU", note=60.0, weakens=80.0, refuse=100.0, source="blood measures 35 to 50 HU without contrast"
    ),
    "noise": Limit(unit="HU", note=20.0, weakens=25.0, refuse=35.0, source=_MONTE_CARLO),
    "noise_without_minimum": Limit(unit="HU", note=15.0, weakens=20.0, refuse=30.0, source=_MONTE_CARLO),
    "swarm": Limit(
        unit="%", weakens=0.05, refuse=0.2, source="white noise of 26 and 30 HU on blood of 45 HU: hundreds of specks"
    ),
    "thickness_thick": Limit(
        unit="mm", note=3.0, weakens=3.5, refuse=5.0, source="standard 3 mm; a thicker slice hides calcium"
    ),
    "thickness_thin": Limit(
        unit="mm",
        note=2.9,
        weakens=2.0,
        below=True,
        source="defined for 3 mm; thinner slices raise peaks",
    ),
    "gap": Limit(unit="%", weakens=1.0, refuse=10.0, source="calcium between the slices is missed"),
    "tilt": Limit(unit="degrees", note=1.0, weakens=5.0, refuse=15.0, source="islands are defined in axial slices"),
    "top": Limit(unit="mm", weakens=44.0, refuse=38.0, below=True, source=_HEARTS),
    "bottom": Limit(unit="mm", note=42.0, weakens=35.0, below=True, source=_HEARTS),
    "top_share": Limit(
        unit="%",
        refuse=80.0,
        source="at the highest slice of a whole heart its outline is narrow: 0 to 55 % of 20 scans",
    ),
    "bottom_share": Limit(
        unit="%",
        weakens=90.0,
        source="at the lowest slice of a whole heart its outline is narrow: 0 to 62 % of 20 scans",
    ),
    "core": Limit(
        unit="mm",
        weakens=12.5,
        below=True,
        source="soft core between the lungs: whole hearts 13 to 27 mm, cut ones 4 to 11",
    ),
    "extent": Limit(unit="mm", refuse=50.0, below=True, source="half of the smallest heart, 105 mm"),
    "side": Limit(unit="mm", weakens=52.0, refuse=40.0, below=True, source=_EXTENTS),
    "front": Limit(unit="mm", weakens=46.0, refuse=34.0, below=True, source=_EXTENTS),
    "aorta": Limit(unit="", weakens=0.5, below=True, source="tracks of real hearts that lay on the aorta"),
    "mirrored": Limit(
        unit="%",
        weakens=0.0,
        refuse=MIRRORED_PERCENT,
        below=True,
        source="two thirds of the heart lie left of the spine: its left border is about twice as far out as its right",
    ),
    "step": Limit(
        unit="mm", note=2.5, weakens=3.0, source="a contour that jumps by more than 3 mm between slices has moved"
    ),
    "doubling": Limit(unit="mm", note=1.0, weakens=1.2, source=_MOTION),
    "metal": Limit(unit="voxels", weakens=4.0, source="nothing but metal exceeds 2000 HU"),
    "metal_away": Limit(unit="voxels", note=4.0, source="nothing but metal exceeds 2000 HU"),
    "lead": Limit(unit="mm", weakens=40.0, source="no clip and no valve is so long; a lead runs through the heart"),
    "stent": Limit(unit="mm", weakens=7.5, source=_TUBE),
    "clips": Limit(unit="pieces", weakens=2.0, source="clips close the branches of a graft: several in a row"),
    "saturation": Limit(unit="voxels", weakens=4.0, source="a dozen voxels of equal, highest value are no measurement"),
    "streak": Limit(
        unit="times", note=2.0, weakens=3.0, source="noise of a soft kernel has no direction; real scans 0.6 to 1.6"
    ),
    "padding": Limit(unit="ml", refuse=0.5, source="a heart holds no air"),
    "duplicates": Limit(unit="slices", refuse=0.0, source="noise is never the same twice"),
}

METAL_HU = 2000.0
METAL_REACH_MM = 10.0

CLIP_HU = 1500.0
"""Calcified plaque peaks at 130 to 1300 HU; a clip of millimetres keeps its peak above."""

AORTA_LEFT_MM = 5.0
"""A descending aorta so far left of the spine's middle is on its usual side."""

STENT_WALL_HU = 250.0
STENT_PEAK_HU = 450.0
STENT_CLOSED_SHARE = 0.35
"""Share of a stent's length along which its lumen is closed all around; calcium on opposite walls leaves it open."""
STENT_CLOSED_MM3 = 8.0
"""So much lumen is closed all around: a third of that of the shortest stent, 2 mm wide and 8 mm long inside."""
STENT_WHOLE_SHARE = 0.6
STENT_CLOSED_IN_PLAQUE_MM3 = 16.0
"""Where less of a bright piece is hollow, plaque hangs on to the stent or plaque alone made a gap: more is asked."""

WRAPPED_HU = -900.0
WRAPPED_AMONG_HU = 1000.0

CLEAN_ZERO_NOISE_HU = 25.0
CLEAN_ZERO_THICKNESS_MM = 3.5

UNCERTAIN_BELOW = 0.6
SPECK_NOISE_SD = 2.0
SPECK_MM2 = 3.0
LONE_SPECK_MM2 = 1.5

REASON_ORDER = (
    "contrast",
    "no_heart",
    "mirrored",
    "coverage",
    "noise",
    "kvp",
    "increment",
    "tilt",
    "gap",
    "uneven",
    "thickness",
    "padding",
    "duplicates",
)
"""Of several refusals the first of this order is the reason that is given."""


def first_reason(findings: Iterable[Finding]) -> Finding | None:
    """The refusal that is given as the reason, or None when nothing refuses."""
    refusals = [finding for finding in findings if finding.severity is Severity.REFUSE]
    order = {code: place for place, code in enumerate(REASON_ORDER)}
    return min(refusals, key=lambda finding: order.get(finding.code, len(order)), default=None)
