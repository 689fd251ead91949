import io
from dataclasses import replace
from functools import lru_cache

import numpy as np
from PIL import Image

from node.pictures.canvas import AMBER, GREEN, ORANGE
from node.pictures.explain import HEART
from node.reports import explain
from scoring.phantom import demo_spec, make_phantom
from scoring.protocol import ScoringChoices
from scoring.result import Finding, Score, Severity, Unfit
from scoring.score import score
from scoring.volume import Volume


@lru_cache(maxsize=1)
def scored() -> tuple[Score, Volume]:
    phantom = make_phantom(replace(demo_spec(), matrix=256, fov_mm=220.0))
    result = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
    assert isinstance(result, Score)
    return result, phantom.volume


def drawn(result: Score | Unfit, volume: Volume) -> list[np.ndarray]:
    """The pages without their heads, where the key shows every colour."""
    return [np.asarray(Image.open(io.BytesIO(picture.data)))[100:] for picture in explain(result, volume)]


def has(page: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((page == colour).all(axis=2).any())


def test_every_slice_with_a_candidate_is_shown_six_on_a_page() -> None:
    result, volume = scored()
    slices = len({round(z) for *_, z in [item.centre_lps_mm for item in (*result.lesions, *result.excluded)]})
    assert slices / 6 - 1 <= len(drawn(result, volume)) <= slices / 6 + 2


def test_a_page_shows_the_heart_the_arteries_and_what_was_not_counted_in_their_colours() -> None:
    result, volume = scored()
    pages = np.concatenate(drawn(result, volume)[:1])
    assert has(pages, HEART)
    assert has(pages, AMBER)
    assert has(pages, ORANGE) or has(pages, GREEN)


def test_a_zero_shows_where_calcium_was_looked_for() -> None:
    result, volume = scored()
    bare = replace(result, lesions=(), excluded=(), labels=np.zeros_like(result.labels))
    (page,) = drawn(bare, volume)
    assert has(page, HEART)
    assert not has(page, ORANGE)


def test_a_refusal_shows_slices_with_its_reason_even_where_no_heart_was_found() -> None:
    _, volume = scored()
    reason = Finding(code="no_heart", severity=Severity.REFUSE, sentence="not scored: no heart was found")
    (page,) = drawn(Unfit(reason=reason), volume)
    assert page.shape[0] > 1000  # two rows of slices
    assert not has(page, HEART)
