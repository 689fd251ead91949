"""The evaluation suite: `make evaluate [SEED=...] [CASES=...]`, or `python -m tests.evaluation --help`.

Phantoms by seed, real hearts with calcium put into them, the real series, and scans stored in another order.
"""

import argparse
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from tests.evaluation.hearts import HEARTS, heart_case, heart_numbers
from tests.evaluation.judged import Judged, judge
from tests.evaluation.phantoms import GROUP, phantom_case
from tests.evaluation.real import REAL, real_line, turns_of
from tests.evaluation.tables import case_line, table, wrong_lines
from tests.support.shared import shared_folder

WORKERS = 2
STAGES = ("phantoms", "hearts", "real", "turns")


def main() -> None:
    """Run the stages that were asked for and print their tables."""
    asked = _arguments()
    began = time.perf_counter()
    with _workers(asked.workers) as pool:
        judged = _judged(pool, asked)
        _print_tables(judged)
        if asked.json:
            _write_json(judged, asked)
        kept = True
        if "real" in asked.stages:
            kept = _print_real(pool)
        if "turns" in asked.stages:
            kept &= _print_turns(pool, asked.seed)
    say(f"\nseed {asked.seed}, wall time {time.perf_counter() - began:.0f} s")
    if not kept:
        say("a real series or a scan in another order is NOT as it must be: see above")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other cases")
    parser.add_argument("--cases", type=int, default=100, help="phantoms; 50 hold one of each share of faults")
    parser.add_argument("--hearts", type=int, default=24, help="real hearts with calcium put in, both by turns")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--json", type=Path, help="every case and every wrong lesion, for programs")
    parser.add_argument("--out", type=Path, help="folder for a picture of each case with a wrong lesion")
    parser.add_argument("--workers", type=int, default=WORKERS)
    return parser.parse_args()


def _workers(count: int) -> ProcessPoolExecutor:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=count, mp_context=context, initializer=_begin_worker)


def _begin_worker() -> None:
    """Give way to whoever works at this machine, and end with the run: a killed parent tells its workers nothing."""
    os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _judged(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> list[Judged]:

    jobs: list[tuple[str, int]] = []
    if "phantoms" in asked.stages:
        jobs += [("phantoms", number) for number in range(asked.cases)]
    if "hearts" in asked.stages and (shared_folder() / "data").is_dir():
        jobs += heart_numbers(asked.hearts)
    elif "hearts" in asked.stages:
        say("the real scans are not beside this checkout (../shared): no real hearts")
    began = time.perf_counter()
    say(f"{'case':32s} {'truth: total, LM, LAD, LCX, RCA':>39s} | score")
    futures = [pool.submit(judge_one, kind, asked.seed, number, asked.out) for kind, number in jobs]
    done = {}
    for future in as_completed(futures):
        try:
            done[future] = future.result()
        except Exception as fault:  # noqa: BLE001 - one case that cannot be made or scored must not hide the others
            say(f"FAILED {jobs[futures.index(future)]}: {type(fault).__name__}: {fault}")
        else:
            say(case_line(done[future]))
    cases = [done[future] for future in futures if future in done]
    scoring = sum(one.seconds for one in cases)
    say(f"{len(cases)} cases in {time.perf_counter() - began:.0f} s, of which scoring took {scoring:.0f} s of one core")
    return cases


def judge_one(kind: str, seed: int, number: int, out: Path | None) -> Judged:
    """Build and judge one case; what a worker does."""

    return judge(phantom_case(seed, number) if kind == "phantoms" else heart_case(kind, seed, number), out)


def _print_tables(judged: Sequence[Judged]) -> None:

    say("\nmissed, false and misplaced lesions: case, LPS mm, truth and ours, confidence, Agatston, evidence")
    for line in wrong_lines(judged):
        say(line)
    groups = [(GROUP, [one for one in judged if one.group == GROUP])]
    groups += [(heart, [one for one in judged if one.group == heart]) for heart in HEARTS]
    groups.append(("both real hearts", [one for one in judged if one.group != GROUP]))
    for title, cases in groups:
        if cases:
            say("")
            for line in table(title, cases):
                say(line)


def _print_real(pool: ProcessPoolExecutor) -> bool:

    if not (shared_folder() / "data").is_dir():
        return True
    say("\nreal series")
    return _print_lines(pool.map(real_line, REAL))


def _print_turns(pool: ProcessPoolExecutor, seed: int) -> bool:

    cases = [(GROUP, 1), (GROUP, 2)]
    cases += [(heart, 5) for heart in HEARTS if (shared_folder() / "data").is_dir()]
    say("\nthe same scan with its rows, columns or slices in another order")
    jobs = [pool.submit(turns_of, kind, seed, number) for kind, number in cases]
    return _print_lines(line for job in jobs for line in job.result())


def _print_lines(lines: Iterable[tuple[bool, str]]) -> bool:
    all_right, began = True, time.perf_counter()
    for right, words in lines:
        say(f"{'ok ' if right else 'NOT'} {words}")
        all_right &= right
    say(f"    in {time.perf_counter() - began:.0f} s")
    return all_right


def _write_json(judged: Sequence[Judged], asked: argparse.Namespace) -> None:
    cases = [asdict(one) | {"answered": one.answered} for one in judged]
    text = json.dumps({"seed": asked.seed, "cases": cases}, indent=1, default=str)
    asked.json.write_text(text + "\n", encoding="utf-8")


def say(words: str) -> None:
    """A line of the answer, at once: a run takes minutes."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
