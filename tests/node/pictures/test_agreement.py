"""The Bland-Altman plot and the page that holds it: what must be drawn where."""

import numpy as np
import pytest

from node.pictures import SKY, AgreementWords, Limits, agreement_page, bland_altman_plot

LIMITS = Limits(mean=2.0, low=-30.0, high=34.0)


def dots(plot: np.ndarray) -> np.ndarray:
    """Rows and columns of the pixels in the colour of the dots."""
    return np.argwhere((plot == np.array(SKY)).all(2))


def test_a_score_above_its_reference_lies_higher_than_one_below() -> None:
    above = dots(bland_altman_plot([(100.0, 120.0)], LIMITS))
    below = dots(bland_altman_plot([(120.0, 100.0)], LIMITS))
    assert above[:, 0].max() < below[:, 0].min()
    assert above[:, 1].mean() == pytest.approx(below[:, 1].mean())


def test_a_larger_mean_lies_further_to_the_right() -> None:
    rows = dots(bland_altman_plot([(10.0, 10.0), (1000.0, 1000.0)], LIMITS))
    assert np.ptp(rows[:, 1]) > 300
    assert np.ptp(rows[:, 0]) < 20


@pytest.mark.parametrize("pairs", [[], [(0.0, 0.0)], [(0.0, 0.0), (0.0, 0.0)], [(3e5, 1.0)]])
def test_any_cases_can_be_drawn_with_and_without_limits(pairs: list[tuple[float, float]]) -> None:
    for limits in (LIMITS, None):
        plot = bland_altman_plot(pairs, limits)
        assert plot.dtype == np.uint8
        assert len(dots(plot)) > 0 or not pairs


def test_the_page_holds_the_plot_and_its_figures() -> None:
    plot = bland_altman_plot([(5.0, 6.0)], LIMITS)
    words = AgreementWords(
        title="Agreement",
        figures=(("ICC total", "0.999"), ("kappa", "not defined")),
        table_title="Reference, score",
        table_heads=("0", "1–99"),
        table_rows=(("0", "3", "0"), ("1–99", "0", "4")),
        foot=("Preset literature.",),
    )
    page = agreement_page(words, plot)
    assert page.ndim == 3
    assert len(dots(page)) == len(dots(plot))
    assert (page[80:200, 30:500] > 100).any()
