"""What depends on the score: specks, and whether a zero is clean."""

from dataclasses import replace

import pytest

from scoring.protocol import PRESETS, Acquisition, Gating
from scoring.quality import ScoredLesion, is_uncertain, result_findings
from scoring.quality.result import AGAINST_A_ZERO
from scoring.result import Finding, Severity

LITERATURE = PRESETS["literature"]
GATED_3_MM = Acquisition(kvp=120.0, slice_thickness_mm=3.0, kernel="Qr36f", gating=Gating.STATED)
LESION = ScoredLesion(agatston=20.0, peak_hu=500.0, area_mm2=8.0, slices=2, confidence=0.9)


def test_a_clean_zero_needs_no_finding_and_every_doubt_is_named() -> None:
    asked = {"noise_sd_hu": 12.0, "unresolved": 0}
    assert result_findings([], [], GATED_3_MM, LITERATURE, **asked) == []
    doubts = [
        Finding(code="coverage", severity=Severity.WEAKENS, sentence=""),
        Finding(code="gating", severity=Severity.WEAKENS, sentence=""),
    ]
    thick = replace(GATED_3_MM, slice_thickness_mm=5.0)
    (finding,) = result_findings([], doubts, thick, LITERATURE, noise_sd_hu=28.0, unresolved=1)
    assert (finding.code, finding.severity) == ("zero", Severity.WEAKENS)
    for words in ("covered whole", "28 HU", "5 mm thick", "not gated", "1 doubtful place was"):
        assert words in finding.sentence


def test_specks_are_counted_and_said_with_the_score_without_them() -> None:
    speck = replace(LESION, agatston=1.5, peak_hu=140.0, area_mm2=1.2, slices=1)
    (finding,) = result_findings([LESION, speck], [], GATED_3_MM, LITERATURE, noise_sd_hu=12.0, unresolved=0)
    assert "1.5 of 21.5" in finding.sentence
    assert "the score is 20" in finding.sentence
    (alone,) = result_findings([speck], [], GATED_3_MM, LITERATURE, noise_sd_hu=12.0, unresolved=0)
    assert alone.code == "zero_or_one_uncertain"


@pytest.mark.parametrize(
    ("lesion", "uncertain"),
    [
        (LESION, False),
        (replace(LESION, confidence=0.55), True),
        (replace(LESION, peak_hu=150.0, area_mm2=2.0), True),
        (replace(LESION, peak_hu=150.0, area_mm2=6.0), False),
        (replace(LESION, area_mm2=1.2, slices=1), True),
    ],
    ids=["sure", "little confidence", "faint and small", "faint and large", "one tiny island"],
)
def test_which_lesions_are_uncertain(lesion: ScoredLesion, *, uncertain: bool) -> None:
    assert is_uncertain(lesion, LITERATURE, noise_sd_hu=15.0) is uncertain


def test_every_finding_that_may_hide_calcium_is_held_against_a_zero() -> None:
    hide = {"coverage", "contrast", "gating", "kvp", "increment", "anatomy", "mirrored", "tilt"}
    hide |= {"motion_possible", "metal", "streak", "saturation", "stent_possible", "cabg_possible"}
    assert set(AGAINST_A_ZERO) == hide


@pytest.mark.parametrize("code", sorted(AGAINST_A_ZERO))
def test_what_weakens_a_scan_keeps_its_zero_from_being_clean_and_a_note_does_not(code: str) -> None:
    def zero(severity: Severity) -> list[Finding]:
        doubt = Finding(code=code, severity=severity, sentence="")
        return result_findings([], [doubt], GATED_3_MM, LITERATURE, noise_sd_hu=12.0, unresolved=0)

    (finding,) = zero(Severity.WEAKENS)
    assert finding.sentence == f"no calcium found; not a clean zero because {AGAINST_A_ZERO[code]}"
    assert zero(Severity.NOTE) == []


@pytest.mark.parametrize(
    ("noise_sd_hu", "thickness_mm", "words"),
    [
        (25.0, 3.5, None),
        (25.1, 3.0, "noise is 25 HU"),
        (float("nan"), 3.0, "noise is not known"),
        (12.0, 3.6, "slices are 3.6 mm thick"),
        (12.0, None, "the slice thickness is not known"),
    ],
)
def test_a_zero_has_its_own_limits_of_noise_and_thickness(
    noise_sd_hu: float, thickness_mm: float | None, words: str | None
) -> None:
    acquisition = replace(GATED_3_MM, slice_thickness_mm=thickness_mm)
    found = result_findings([], [], acquisition, LITERATURE, noise_sd_hu=noise_sd_hu, unresolved=0)
    assert [words in finding.sentence for finding in found if words] == ([True] if words else [])
    assert bool(found) is bool(words)
