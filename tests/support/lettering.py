"""Whether words stand in a picture, without reading them: they are drawn again and looked for, pixel for pixel."""

import numpy as np

from node.pictures import LegendLine, lettering
from node.pictures.canvas import Canvas, Colour, Style

_MARGIN_PX = 4  # blank around the words: "37" is not found in "370"


def page_shows(page: np.ndarray, words: str, style: Style, *, anchor: str = "la") -> bool:
    """Whether a page holds exactly these words, with blanks before and after them; `anchor` as they were drawn."""
    width = round(style.face.getlength(words)) + 2 * _MARGIN_PX
    drawn = Canvas(width, style.line_px)
    drawn.text((_MARGIN_PX if anchor == "la" else width - _MARGIN_PX, 0), words, style, anchor=anchor)
    return _found(page, drawn.rgb, np.ones(drawn.rgb.shape[:2], bool))


def overlay_shows(rgb: np.ndarray, words: str, colour: Colour, *, size_px: int) -> bool:
    """Whether an overlay's legend holds these words: the pixels that its letters cover fully are compared."""
    legend = lettering((LegendLine(words=words, colour=colour),), size_px=size_px)
    return _found(rgb, legend.rgb, legend.cover == 1)


def _found(picture: np.ndarray, template: np.ndarray, counts: np.ndarray) -> bool:
    """Places where every pixel that counts is equal: each pixel of the template leaves fewer of them."""
    rows, columns = (whole - part + 1 for whole, part in zip(picture.shape[:2], template.shape[:2], strict=True))
    places = np.argwhere(np.ones((max(rows, 0), max(columns, 0)), bool))
    wanted = np.argwhere(counts)
    brightest_first = wanted[np.argsort(-template[counts].astype(int).sum(axis=1), kind="stable")]
    for row, column in brightest_first:
        if not len(places):
            return False
        equal = (picture[places[:, 0] + row, places[:, 1] + column] == template[row, column]).all(axis=1)
        places = places[equal]
    return bool(len(places))
