"""How often the repeat interval holds the score of a repeat: `make interval`, or with a range of seeds as two numbers.

Each phantom patient is scanned once, the interval is made from that scan alone, and then scanned again some
times with other noise, a shifted table and a shifted pixel grid. So that classification does not blur the answer, the
known labels of the phantom say which calcium is whose; a part is repeated through the whole of `score`.
"""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import numpy as np

from scoring.anatomy import find_anatomy
from scoring.candidates import find_islands
from scoring.interval import Categories, Intervals, faint_protocol, find_seeds, measure_noise, repeat_intervals
from scoring.phantom import Phantom, PhantomSpec, make_phantom, random_spec
from scoring.protocol import ScoringChoices, protocol_for
from scoring.result import Interval, Score, UnfitError, Vessel, printed_agatston
from scoring.risk import CATEGORIES, category
from scoring.score import score

SEEDS = range(5000, 5200)
REPEATS = 3
"""Of each patient: the share inside is a mean over all, with less chance in it than one repeat leaves."""
WHOLE_EVERY = 5
"""Every fifth patient also goes through the whole of `score`, the first scan and one repeat."""
WORKERS = 2
SLICES_MM = ((3.0, 3.0), (2.5, 2.5), (3.0, 1.5), (5.0, 5.0))
SHARES = (0.6, 0.2, 0.12, 0.08)
SCHEME = Categories(names=CATEGORIES, of=category)


@dataclass(frozen=True)
class Pair:
    """Interval from the first scan, and what the two scans measured."""

    what: str  # "total" or a vessel
    first: float
    second: float
    interval: Interval

    @property
    def inside(self) -> bool:
        """Whether the repeat lies in the interval; both ends belong to it."""
        low, high = self.interval.agatston
        return low - 1e-6 <= self.second <= high + 1e-6

    @property
    def width(self) -> float:
        """Of the interval, in Agatston."""
        return self.interval.agatston[1] - self.interval.agatston[0]


@dataclass(frozen=True)
class Case:
    """Comparisons of one patient, one a repeat: with the known labels, and through `score`.

    Empty: there was no interval, or the patient was not asked for or refused.
    """

    seed: int
    known: tuple[tuple[Pair, ...], ...]
    whole: tuple[tuple[Pair, ...], ...]


def spec_of(seed: int) -> PhantomSpec:
    """A patient and a protocol by seed: noise 8 to 25 HU, four kinds of slices, pixels of 0.5 to 0.6 mm."""
    rng = np.random.default_rng([seed, 41])
    thickness, increment = SLICES_MM[int(rng.choice(len(SLICES_MM), p=SHARES))]
    fov = float(rng.choice((200.0, 210.0, 220.0)))
    return replace(
        random_spec(seed),
        fov_mm=fov,
        matrix=round(fov / rng.uniform(0.5, 0.6)),
        slice_thickness_mm=thickness,
        slice_increment_mm=increment,
        noise_sd_hu=float(rng.uniform(8, 25)),
    )


def repeat_of(spec: PhantomSpec, number: int) -> PhantomSpec:
    """The same patient once more: other noise, the slices and pixels anywhere against the first ones."""
    rng = np.random.default_rng([spec.seed, 42 + number])
    return replace(
        spec,
        noise_seed=int(rng.integers(1 << 40)),
        table_shift_mm=float(rng.uniform(0, spec.slice_increment_mm)),
        grid_shift_mm=(float(rng.uniform(0, spec.pixel_mm)), float(rng.uniform(0, spec.pixel_mm))),
    )


def by_known_labels(phantom: Phantom) -> Intervals | None:
    """The interval as `score` makes it, with the phantom's labels in the place of classification."""
    volume = phantom.volume
    protocol = protocol_for(ScoringChoices(), phantom.acquisition)[0]
    anatomy = find_anatomy(volume)
    noise = measure_noise(volume, anatomy)
    row, column = volume.pixel_spacing_mm
    faint = find_islands(volume.hu, faint_protocol(protocol, anatomy.blood.hu, noise), row * column)
    seeds = find_seeds(faint, phantom.truth.labels.reshape(-1)[faint.flat], {})
    return repeat_intervals(volume, noise, protocol, seeds, phantom.truth.vessels, SCHEME)


def case_of(seed: int) -> Case:
    """All scans of one patient and what came of them."""
    spec = spec_of(seed)
    first, *others = (make_phantom(one) for one in (spec, *(repeat_of(spec, number) for number in range(REPEATS))))
    try:
        made = by_known_labels(first)
    except UnfitError:
        made = None
    known = [] if made is None else [_pairs(made, first.truth.vessels, other.truth.vessels) for other in others]
    whole = []
    if seed % WHOLE_EVERY == 0:
        one, other = (_score(phantom) for phantom in (first, others[0]))
        if one is not None and other is not None and one.interval is not None:
            said = Intervals(total=one.interval, vessels=one.vessel_intervals)
            whole = [
                _pairs(said, *({vessel: made.vessels[vessel].agatston for vessel in Vessel} for made in (one, other)))
            ]
    return Case(seed, tuple(known), tuple(whole))


def _score(phantom: Phantom) -> Score | None:
    made = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
    return made if isinstance(made, Score) else None


def _pairs(made: Intervals, first: Mapping[Vessel, float], second: Mapping[Vessel, float]) -> tuple[Pair, ...]:
    vessels = [Pair(str(vessel), first[vessel], second[vessel], made.vessels[vessel]) for vessel in Vessel]
    return (Pair("total", sum(first.values()), sum(second.values()), made.total), *vessels)


def report(title: str, found: Sequence[tuple[Pair, ...]]) -> None:
    """Print coverage and width by band of the first scan's score, by vessel, and how the probabilities held."""
    _say(f"\n{title}: {len(found)} repeats\n")
    heads = "".join(f"{word:>9s}" for word in ("n", "inside", "below", "above", "width", "of score"))
    _say(f"{'score of the first scan':26s}{heads}\n")
    totals = [pairs[0] for pairs in found]
    for name in CATEGORIES:
        _row(name, [pair for pair in totals if category(printed_agatston(pair.first)) == name])
    _row("all above 0", [pair for pair in totals if pair.first > 0])
    _row("all", totals)
    for place, vessel in enumerate(Vessel, start=1):
        own = [pairs[place] for pairs in found]
        _row(f"{vessel} above 0", [pair for pair in own if pair.first > 0])
        _row(f"{vessel} at 0", [pair for pair in own if pair.first == 0])
    _probabilities(totals)


def _row(name: str, pairs: Sequence[Pair]) -> None:
    if not pairs:
        _say(f"{name:26s}{0:9d}\n")
        return
    inside = np.mean([pair.inside for pair in pairs])
    below = np.mean([pair.second < pair.interval.agatston[0] - 1e-6 for pair in pairs])
    above = np.mean([pair.second > pair.interval.agatston[1] + 1e-6 for pair in pairs])
    width = np.mean([pair.width for pair in pairs])
    share = [pair.width / pair.first for pair in pairs if pair.first > 0]
    relative = f"{100 * np.mean(share):8.0f}%" if share else f"{'-':>9s}"
    parts = "".join(f"{100 * part:8.1f}%" for part in (inside, below, above))
    _say(f"{name:26s}{len(pairs):9d}{parts}{width:9.1f}{relative}\n")


def _probabilities(totals: Sequence[Pair]) -> None:
    """Brier score over the categories, beside that of being sure of the first scan's category; and reliability."""
    stated, came = [], []
    certain = []
    for pair in totals:
        stated.append([pair.interval.category_probability[name] for name in CATEGORIES])
        came.append([name == category(printed_agatston(pair.second)) for name in CATEGORIES])
        certain.append([name == category(printed_agatston(pair.first)) for name in CATEGORIES])
    said, true, sure = (np.array(table, float) for table in (stated, came, certain))
    _say(
        f"\ncategory of the repeat: mean probability given to it {(said * true).sum(1).mean():.3f}; "
        f"Brier score {((said - true) ** 2).sum(1).mean():.3f}, "
        f"with the first scan's category taken as sure {((sure - true) ** 2).sum(1).mean():.3f}\n"
        f"{'probability said':26s}{'n':>5s}{'mean said':>11s}{'came true':>11s}\n"
    )
    for low, high in ((0.0, 0.05), (0.05, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 0.95), (0.95, 1.01)):
        chosen = (said >= low) & (said < high) & (said > 0)
        if chosen.any():
            _say(
                f"{f'{low:.2f} to {min(high, 1):.2f}':26s}{chosen.sum():5d}"
                f"{said[chosen].mean():11.3f}{true[chosen].mean():11.3f}\n"
            )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main() -> None:
    """Validate on the seeds that no rule has seen, or on those given."""
    asked = [int(word) for word in sys.argv[1:3]]
    seeds = range(*asked) if asked else SEEDS
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        cases = list(pool.map(case_of, seeds))
    unfit = [case.seed for case in cases if not case.known]
    _say(
        f"repeat interval of phantoms {seeds.start} to {seeds.stop - 1}, {REPEATS} repeats of each; "
        f"without an interval: {unfit or 'none'}\n"
    )
    report("known labels", [pairs for case in cases for pairs in case.known])
    report("through the whole of score", [pairs for case in cases for pairs in case.whole])


if __name__ == "__main__":
    main()
