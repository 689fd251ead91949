"""The shipped font: DejaVu Sans 2.37, regular and bold, with its licence beside it."""

from functools import cache
from importlib.resources import files
from io import BytesIO

from PIL import ImageFont

_FILES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}


@cache
def font(size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Face of a height in pixels.

    The basic layout engine is asked for by name: the other one depends on libraries of the machine, and the same
    result must give the same pixels everywhere.
    """
    return ImageFont.truetype(BytesIO(_file(_FILES[bold])), size_px, layout_engine=ImageFont.Layout.BASIC)


@cache
def _file(name: str) -> bytes:
    return (files("node.pictures") / "fonts" / name).read_bytes()
