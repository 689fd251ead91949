"""Pictures: draw what a person reads. Values in, pixels out.

In:      HU and label slices, words that are spelled already, colours.
Out:     RGB arrays (row, column, channel) and PNG bytes.
Keeps:   the shipped font, loaded once, and the last lines of legends that were drawn with it.
Hostile: nothing comes in from outside: words are ours, arrays are checked by those who made them.
Alone:   tests/node/pictures: small arrays and words; pixels are looked up where something must or must not be drawn.
"""

from node.pictures.agreement import AgreementWords, Limits, agreement_page, bland_altman_plot
from node.pictures.canvas import AMBER, GREEN, ORANGE, PURPLE, SKY, WHITE, Colour, Mask, Plane, Rgb, png
from node.pictures.curve import Curve, CurveWords
from node.pictures.explain import (
    ASCENDING,
    DESCENDING,
    TILES,
    Ellipse,
    ExplainRow,
    ExplainTile,
    Mark,
    explain_page,
)
from node.pictures.overlay import LegendLine, Lettering, legend_sizes, lettering, overlay, quiet_place, stamped
from node.pictures.phantom import Panel, PhantomWords, Ring, phantom_page
from node.pictures.summary import Note, RefusalWords, SummaryWords, TableRow, Tile, refusal_page, summary_page

__all__ = [
    "AMBER",
    "ASCENDING",
    "DESCENDING",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "SKY",
    "TILES",
    "WHITE",
    "AgreementWords",
    "Colour",
    "Curve",
    "CurveWords",
    "Ellipse",
    "ExplainRow",
    "ExplainTile",
    "LegendLine",
    "Lettering",
    "Limits",
    "Mark",
    "Mask",
    "Note",
    "Panel",
    "PhantomWords",
    "Plane",
    "RefusalWords",
    "Rgb",
    "Ring",
    "SummaryWords",
    "TableRow",
    "Tile",
    "agreement_page",
    "bland_altman_plot",
    "explain_page",
    "legend_sizes",
    "lettering",
    "overlay",
    "phantom_page",
    "png",
    "quiet_place",
    "refusal_page",
    "stamped",
    "summary_page",
]
