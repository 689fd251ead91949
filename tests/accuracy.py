"""Totals and vessels of random phantoms against their truth, and the real series: `make accuracy`."""

import json
import subprocess
import sys

import numpy as np

from scoring.phantom import make_phantom, random_spec
from scoring.protocol import ScoringChoices
from scoring.result import Score, Vessel, printed_agatston
from scoring.risk import category
from scoring.score import score
from tests.support.shared import shared_folder

SEEDS = range(2000, 2030)
REAL = (
    "chest-philips-5mm",
    "chest-philips-5mm-sharp",
    "chest-siemens-8mm",
    "petct-siemens-overlap",
    "apex-siemens-no-heart",
    "petct-ge-140kv-heart-cut",
    "qrm-canon",
)


def phantoms() -> None:
    """Print one line a phantom, then the agreement."""
    rows, refused, same = [], 0, 0
    for seed in SEEDS:
        phantom = make_phantom(random_spec(seed))
        found = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
        if not isinstance(found, Score):
            refused += 1
            sys.stdout.write(f"{seed}  refused: {found.reason.code}\n")
            continue
        true = [phantom.truth.agatston, *(phantom.truth.vessels[vessel] for vessel in Vessel)]
        ours = [found.total.agatston, *(found.vessels[vessel].agatston for vessel in Vessel)]
        same += category(printed_agatston(true[0])) == category(printed_agatston(ours[0]))
        rows.append((true, ours))
        sys.stdout.write(f"{seed}  truth {_figures(true)}   score {_figures(ours)}\n")
    table = np.array(rows)
    off = np.abs(table[:, 1] - table[:, 0])
    sys.stdout.write(f"\n{len(SEEDS)} phantoms, {refused} refused, category right in {same} of {len(rows)}\n")
    for place, name in enumerate(("total", *Vessel)):
        exact = int((off[:, place] <= 0.1 * table[:, 0, place] + 1).sum())
        sys.stdout.write(
            f"{name:6s} within 10 % (or 1): {exact} of {len(rows)}; mean difference {off[:, place].mean():.1f}; "
            f"sum of truth {table[:, 0, place].sum():.0f}, of scores {table[:, 1, place].sum():.0f}\n"
        )


def _figures(values: list[float]) -> str:
    return " ".join(f"{value:7.1f}" for value in values)


def real() -> None:
    """Print what the command says of each real series."""
    for name in REAL:
        folder = shared_folder() / "data" / name
        if folder.is_dir():
            command = [sys.executable, "-m", "node.cli", "score", str(folder), "--json", "-"]
            said = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)["results"][0]
            reason = said["reason"]["code"] if said["reason"] else f"Agatston {said['total']['agatston']:.1f}"
            findings = ", ".join(finding["code"] for finding in said["quality"])
            sys.stdout.write(f"{name}: {said['status']}, {reason}; findings: {findings or 'none'}\n")


if __name__ == "__main__":
    sys.stdout.write("seed  total, LM, LAD, LCX, RCA\n")
    phantoms()
    sys.stdout.write("\n")
    real()
