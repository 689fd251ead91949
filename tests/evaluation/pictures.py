"""What went wrong, drawn: each wrong lesion in its slice, ours in the colour of its vessel, the truth in outline."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from node.pictures import GREEN, ORANGE, PURPLE, SKY, Colour, Rgb, png
from node.pictures.font import font
from node.pictures.overlay import grey, ring
from scoring.result import EXCLUDED_LABEL, Point, Score, Vessel
from scoring.volume import Volume
from tests.evaluation.judged import Case, Judged

COLOURS: dict[int, Colour] = {1: PURPLE, 2: ORANGE, 3: SKY, 4: GREEN}
EXCLUDED: Colour = (235, 235, 70)
NOT_CORONARY: Colour = (235, 70, 70)

TILE_PX, CAPTION_PX, AROUND_MM, MOST_TILES, COLUMNS = 360, 76, 45.0, 12, 4
SCALE = 4


def draw_wrong_lesions(case: Case, result: Score, judged: Judged, folder: Path) -> None:
    """One PNG for a case in which a lesion is missed, false or in the wrong vessel; none where all is right.

    Filled: what was scored, in the colour of its vessel. Yellow ring: seen and not counted. Outlines: the truth, a
    vessel in its colour, a look-alike in red.
    """
    tiles = [_tile(case, result, centre, words) for centre, words in _wrong(judged)][:MOST_TILES]
    if tiles:
        folder.mkdir(parents=True, exist_ok=True)
        name = judged.name.replace("/", "-")
        (folder / f"{name}.png").write_bytes(png(_sheet(f"{judged.name}: {judged.about}", tiles)))


def _wrong(judged: Judged) -> Iterator[tuple[Point, str]]:
    for miss in judged.misses:
        sure = "" if miss.confidence is None else f" {miss.confidence:.2f}"
        words = f"missed {miss.vessel} {miss.agatston:.0f}: {miss.verdict}{sure}: {'; '.join(miss.evidence)}"
        yield miss.centre_lps_mm, words
    for lesion in judged.comparison.scored if judged.comparison else ():
        if not lesion.right:
            kind = "wrong vessel" if lesion.coronary else "false"
            sure = "" if lesion.confidence is None else f" {lesion.confidence:.2f}"
            yield (
                lesion.centre_lps_mm,
                f"{kind}: {lesion.mostly} as {lesion.vessel} {lesion.agatston:.0f}{sure}: {'; '.join(lesion.evidence)}",
            )


def _tile(case: Case, result: Score, centre: Point, words: str) -> Rgb:
    slice_index, rows, columns = _window(case.volume, centre)
    part = (slice_index, rows, columns)
    across = case.volume.voxel_to_lps_mm[0, 2] < 0, case.volume.voxel_to_lps_mm[1, 1] < 0
    hu, ours, known = (_shown(array[part], across) for array in (case.volume.hu, result.labels, case.known))
    rgb = np.repeat(grey(hu)[..., None], 3, 2)
    for label, colour in COLOURS.items():
        rgb[ours == label] = 0.45 * rgb[ours == label] + 0.55 * np.array(colour)
        rgb[ring(known == label)] = colour
    rgb[ring(known >= EXCLUDED_LABEL)] = NOT_CORONARY
    rgb[ring(ours == EXCLUDED_LABEL)] = EXCLUDED
    tile = Image.new("RGB", (TILE_PX, TILE_PX + CAPTION_PX))
    tile.paste(Image.fromarray(rgb.astype(np.uint8)).resize((TILE_PX, TILE_PX), Image.Resampling.NEAREST))
    x, y, z = centre
    text = f"slice {slice_index}, LPS {x:.0f} {y:.0f} {z:.0f}\n" + "\n".join(_lines(words, 58)[:4])
    ImageDraw.Draw(tile).multiline_text((4, TILE_PX + 2), text, font=font(11), fill=(240, 240, 240), spacing=1)
    return np.asarray(tile)


def _window(volume: Volume, centre: Point) -> tuple[int, slice, slice]:
    index = np.linalg.inv(volume.voxel_to_lps_mm) @ np.array([*centre, 1.0])
    sides = []
    for place, spacing, size in zip(index[1:3], volume.pixel_spacing_mm, volume.hu.shape[1:], strict=True):
        half = round(AROUND_MM / spacing)
        low = int(np.clip(round(place) - half, 0, max(0, size - 2 * half)))
        sides.append(slice(low, min(size, low + 2 * half)))
    return int(np.clip(round(index[0]), 0, len(volume.hu) - 1)), sides[0], sides[1]


def _shown(plane: np.ndarray, reversed_axes: tuple[bool, bool]) -> np.ndarray:
    """Enlarged by whole pixels, so that outlines lie outside what they surround; the patient's right is left."""
    flipped = np.flip(plane, [axis for axis, is_reversed in zip((1, 0), reversed_axes, strict=True) if is_reversed])
    return np.repeat(np.repeat(flipped, SCALE, 0), SCALE, 1)


def _lines(words: str, letters: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) + 1 > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _sheet(title: str, tiles: list[Rgb]) -> Rgb:
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    height, width = tiles[0].shape[:2]
    page = Image.new("RGB", (columns * (width + 4), 24 + rows * (height + 4)), (16, 18, 22))
    ImageDraw.Draw(page).text((6, 4), title, font=font(14), fill=(240, 240, 240))
    for number, tile in enumerate(tiles):
        at = ((number % columns) * (width + 4), 24 + (number // columns) * (height + 4))
        page.paste(Image.fromarray(tile), at)
    return np.asarray(page)


def vessel_legend() -> str:
    """Which colour is which, for the printed table."""
    names = ("purple", "orange", "blue", "green")
    return ", ".join(f"{vessel} {name}" for vessel, name in zip(Vessel, names, strict=True))
