"""The real series, and what a correct node says of each; and the same scans stored in another order."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scoring.protocol import Acquisition, ScoringChoices
from scoring.result import Demographics, Score, Unfit, Vessel
from scoring.score import score
from scoring.volume import Volume
from tests.evaluation.hearts import heart_case
from tests.evaluation.phantoms import phantom_case
from tests.evaluation.variants import TURNS, turned_volume
from tests.support.shared import shared_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Status, and codes of which one must be the reason of a refusal or stand among the findings of a score."""

    status: str
    codes: tuple[str, ...]


REAL: Mapping[str, Expected] = {
    "chest-philips-5mm": Expected(status="scored", codes=("thickness",)),
    "petct-siemens-overlap": Expected(status="scored", codes=("thickness",)),
    "chest-siemens-8mm": Expected(status="refused", codes=("thickness",)),
    "chest-philips-5mm-sharp": Expected(status="refused", codes=("noise",)),
    "apex-siemens-no-heart": Expected(status="refused", codes=("no_heart", "coverage")),
    "petct-ge-140kv-heart-cut": Expected(status="refused", codes=("coverage",)),
    "qrm-canon": Expected(status="refused", codes=("no_heart",)),
}
"""By the readings that came with the series; one that is scored must be 0."""


def real_line(name: str) -> tuple[bool, str]:
    """Whether the command says of a real series what it should, and its words."""
    folder = shared_folder() / "data" / name
    command = [sys.executable, "-m", "node.cli", "score", str(folder), "--json", "-"]
    said = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)["results"][0]
    codes = {finding["code"] for finding in said["quality"]}
    expected = REAL[name]
    if said["reason"]:
        right = expected.status == "refused" and said["reason"]["code"] in expected.codes
        words = f"refused, {said['reason']['code']}"
    else:
        agatston = said["total"]["agatston"]
        right = expected.status == "scored" and agatston == 0 and bool(codes & set(expected.codes))
        words = f"Agatston {agatston:.1f}"
    return right, f"{name:26s} {words:22s} findings: {', '.join(sorted(codes)) or 'none'}"


# ------------------------------------------------------------------------------------------ turns


def turns_of(kind: str, seed: int, number: int, turns: Iterable[str] = tuple(TURNS)) -> list[tuple[bool, str]]:
    """The same scan in every order of its rows, columns and slices: whether the lesions are the same."""
    case = phantom_case(seed, number) if kind == "phantoms" else heart_case(kind, seed, number)
    first = _answer(case.volume, case.acquisition)
    lines = []
    for name in turns:
        again = _answer(turned_volume(case.volume, name), case.acquisition)
        lines.append(
            (again == first, f"{case.name:32s} {name:22s} {'same' if again == first else f'{first} | {again}'}")
        )
    return lines


def _answer(volume: Volume, acquisition: Acquisition) -> tuple[str, ...]:
    result = score(volume, acquisition, Demographics(), ScoringChoices())
    if isinstance(result, Unfit):
        return ("refused", result.reason.code)
    return _words(result)


def _words(result: Score) -> tuple[str, ...]:
    lesions = sorted(
        (str(one.vessel), round(one.agatston, 2), *map(round, one.centre_lps_mm)) for one in result.lesions
    )
    vessels = [f"{vessel} {result.vessels[vessel].agatston:.2f}" for vessel in Vessel]
    return (*vessels, *(" ".join(map(str, lesion)) for lesion in lesions))
