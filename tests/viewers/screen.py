"""One browser window with OHIF in it: what a reader does there, and what is then on the screen.

Nothing waits by the clock: each step ends when what it asks for is on the screen.
"""

import io
import re
import shutil
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:  # without it the other tests run as well
    from playwright.sync_api import Locator, Page

CHROMIUM = "chromium"
PATIENCE_MS = 60_000
SIZE = {"width": 1400, "height": 900}
SMALL_WIDTH, SMALL_BYTES = 900, 40_000

_FLAGS = (
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # WebGL in software: without these the viewports stay black on a machine without a graphics card.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
_DRAWN = """number => {
  const drawn = canvas => {
    if (!canvas.width || !canvas.height) return false;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let bright = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] > 60) bright++;
    return bright > data.length / 4 / 200;
  };
  const all = [...document.querySelectorAll('canvas.cornerstone-canvas')];
  return all.length === number && all.every(drawn);
}"""
_COLOUR = """([red, green, blue]) => [...document.querySelectorAll('canvas.cornerstone-canvas')].some(canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    if (Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 40) found++;
  return found >= 8;
})"""


class Screen:
    """The viewer, opened on one study."""

    def __init__(self, page: "Page", address: str, pictures: Path) -> None:
        self._page, self._address, self._pictures = page, address, pictures
        self._panes = page.locator("[data-cy=viewport-pane]")

    def open(self, study_uid: str) -> None:
        """Open a study; the tour that a first visit shows lies over everything until it is sent away."""
        self._page.goto(f"{self._address}/viewer?StudyInstanceUIDs={study_uid}")
        self._page.get_by_text("Skip all").click()
        self._page.get_by_text("Skip all").wait_for(state="detached")

    def show_image(self, description: str, pane: int = 0) -> None:
        """Put an image series into a pane and wait until it is drawn."""
        self._choose(description, pane)
        self._panes.nth(pane).get_by_text(description, exact=True).wait_for()
        self._until_drawn()

    def show_measurements(self) -> None:
        """Put the Structured Report into the pane and wait for its regions."""
        self._choose("Calcium score SR", 0)
        self._page.locator("svg text").first.wait_for(state="attached")
        self._until_drawn()

    def show_text(self) -> list[str]:
        """Put the Basic Text SR into the pane; its lines."""
        self._choose("Calcium score text", 0)
        self._page.locator("pre").first.wait_for()
        return self._page.locator("pre").all_inner_texts()

    def text_cut_off(self) -> list[str]:
        """Lines of the Basic Text SR that go on beyond the edge of the pane."""
        edge = self._panes.first.bounding_box()
        assert edge is not None
        right = edge["x"] + edge["width"]
        script = """(all, right) => all.filter(one => {
          const range = document.createRange(); range.selectNodeContents(one);
          return range.getBoundingClientRect().right > right; }).map(one => one.textContent)"""
        return list(self._page.locator("pre").evaluate_all(script, right))

    def show_segments(self, colours: tuple[tuple[int, int, int], ...]) -> None:
        """Put the segmentation into the pane and wait until these colours are on it."""
        self._choose("Calcium score segm", 0)
        self._page.locator("[data-cy=yes-hydrate-btn]").wait_for()
        for colour in colours:
            self._page.wait_for_function(_COLOUR, arg=list(colour))

    def asks_to_import(self) -> bool:
        """Whether the viewer takes the report for measurements of its own."""
        return self._page.locator("[data-cy=yes-hydrate-btn]").count() > 0

    def labels(self) -> list[str]:
        """Lines of text beside the regions that are on the screen."""
        lines = self._page.locator("svg text tspan")
        return [" ".join(text.split()) for text in lines.evaluate_all("all => all.map(one => one.textContent)")]

    def next_region(self) -> None:
        """Go to the report's next group, as the arrow beside its name does."""
        before = self.image_number(0)
        self._page.locator("[data-cy=viewport-action-arrows-right]").click()
        shown = self._overlay(0)
        for _ in range(100):  # two vessels may have their largest slice in common
            if int(re.findall(r"\d+", shown.inner_text())[0]) != before:
                break
            self._page.evaluate("() => new Promise(requestAnimationFrame)")
        self._until_drawn()

    def two_panes(self) -> None:
        """Two viewports side by side."""
        self._page.locator("[data-cy=Layout]").first.click()
        self._page.locator("[data-cy=Layout-1-0]").first.click()
        self._panes.nth(1).wait_for()

    def scroll_together(self) -> None:
        """Switch Image Slice Sync on for all viewports, which must be filled."""
        self._page.locator("[data-cy=MoreTools-split-button-secondary]").first.click()
        self._page.locator("[data-cy=ImageSliceSync]").first.click()

    def image_number(self, pane: int) -> int:
        """Instance number of the image that a pane shows, as its corner says it."""
        return int(re.findall(r"\d+", self._overlay(pane).inner_text())[0])

    def images(self, pane: int) -> int:
        """How many images the pane's series has."""
        return int(re.findall(r"\d+", self._overlay(pane).inner_text())[2])

    def scroll_to(self, number: int) -> None:
        """Turn the wheel over the first pane, image by image, until it shows this one."""
        self._panes.nth(0).hover()
        while (at := self.image_number(0)) != number:
            step = 1 if number > at else -1
            self._page.mouse.wheel(0, 120 * step)
            self._overlay(0, at + step).wait_for()

    def other_pane_shows(self, number: int) -> None:
        """Wait until the second pane has followed."""
        self._overlay(1, number).wait_for()
        self._until_drawn()

    def picture(self, name: str) -> Image.Image:
        """The whole window; a small copy is kept under this name."""
        self._page.mouse.move(0, 0)
        shot = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        _keep(shot, self._pictures / f"{name}.jpg")
        return shot

    def drawn(self, pane: int = 0) -> Image.Image:
        """The image in a pane as the viewer drew it, without its own texts."""
        data = self._page.locator("canvas.cornerstone-canvas").nth(pane).evaluate("one => one.toDataURL()")
        return Image.open(io.BytesIO(b64decode(data.partition(",")[2]))).convert("RGB")

    def _choose(self, description: str, pane: int) -> None:
        if self._panes.count() > 1:
            self._panes.nth(pane).click(position={"x": 250, "y": 650})
        self._page.locator("[data-cy=series-description-label]", has_text=description).first.dblclick()

    def _until_drawn(self) -> None:
        self._page.wait_for_function(_DRAWN, arg=self._panes.count())

    def _overlay(self, pane: int, number: int | None = None) -> "Locator":
        words = None if number is None else f"I:{number} "
        return self._panes.nth(pane).locator("[data-cy=viewport-overlay-bottom-right]", has_text=words)


@contextmanager
def screen(address: str, pictures: Path) -> Iterator[Screen]:
    """A new browser with an empty profile."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - the other tests run without it

    pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=list(_FLAGS))
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENCE_MS)
        try:
            yield Screen(page, address, pictures)
        finally:
            browser.close()


def likeness(shown: Image.Image, page: Image.Image) -> float:
    """Correlation of a page with the middle of a pane that shows it letter-boxed: 1 where they are the same."""
    side = min(shown.size)
    left, top = (shown.width - side) // 2, (shown.height - side) // 2
    cut = shown.crop((left, top, left + side, top + side))
    one, other = (np.asarray(image.convert("L").resize((256, 256)), float).ravel() for image in (cut, page))
    return float(np.corrcoef(one, other)[0, 1])


def _keep(shot: Image.Image, path: Path) -> None:
    small = shot.resize((SMALL_WIDTH, shot.height * SMALL_WIDTH // shot.width), Image.Resampling.LANCZOS)
    for quality in range(85, 20, -5):
        small.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= SMALL_BYTES:
            return
