"""One result of `calcium-node score` for a person: the numbers, how sure they are, and every sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from node.cli.render import write_table
from node.cli.risk import arterial_age_words, percentile_words

Document = Mapping[str, Any]  # one element of `results` of the contract

STATUS = "Preliminary, to be verified by a physician"
WORTH_SAYING = 0.005
"""A category is named beside the interval from this probability on: below it prints as 0 %."""


def show(document: Document) -> None:
    """Print one result; a refused one says why and what else was noticed."""
    title = f"Series {document['series_uid']}: {document['status']}"
    if document["status"] != "scored":
        reason = [["reason", document["reason"]["sentence"]]]
        write_table(title, ("", ""), [*reason, *_findings(document)])
        return
    _measures(title, document)
    write_table(STATUS, ("", ""), [*_meaning(document), *_about(document), *_findings(document)])


def headline(document: Document) -> str:
    """The score with its repeat interval and the other categories that a repeat may fall into.

    Examples
    --------
    >>> interval = {"level": 0.95, "agatston": [78.2, 120.9], "covers": "noise and sampling of this scan",
    ...             "category_probability": {"0": 0.0, "1–99": 0.59, "100–399": 0.41, "≥400": 0.0}}
    >>> headline({"total": {"agatston": 97.3}, "interval": interval, "risk": {"category": "1–99"}})
    'Agatston score 97; repeat interval 78–121; 100–399 with 41 %'
    """
    from scoring.result import printed_agatston

    said = [f"Agatston score {printed_agatston(document['total']['agatston'])}"]
    interval = document["interval"]
    if interval is None:
        return said[0]
    said.append(f"repeat interval {_range(interval)}")
    said += [
        f"{category} with {100 * share:.0f} %"
        for category, share in (interval["category_probability"] or {}).items()
        if category != document["risk"]["category"] and share >= WORTH_SAYING
    ]
    return "; ".join(said)


def _range(interval: Mapping[str, Any]) -> str:
    from scoring.result import printed_agatston

    low, high = (printed_agatston(bound) for bound in interval["agatston"])
    return f"{low}–{high}"


def _measures(title: str, document: Document) -> None:
    isotropic = document["protocol"]["printed_volume"] == "isotropic"
    volume = "volume_isotropic_mm3" if isotropic else "volume_mm3"
    calibrated = document["total"]["mass_calibrated"]
    columns = (
        "vessel", "Agatston", "repeat interval", f"volume mm3, {'isotropic' if isotropic else 'voxels'}",
        "mass mg" if calibrated else "mass mg, uncalibrated", "density score", "lesions", "peak HU", "mean HU",
    )  # fmt: skip
    rows = [
        [
            name,
            f"{row['agatston']:.1f}",
            _range(row["interval"]) if row["interval"] else "",
            f"{row[volume]:.1f}",
            f"{row['mass_mg']:.1f}",
            _figure(row["density_score"], 2),
            str(row["lesions"]),
            _figure(row["peak_hu"], 0),
            _figure(row["mean_hu"], 0),
        ]
        for name, row in [*document["vessels"].items(), ("total", document["total"])]
    ]
    write_table(f"{title}. {headline(document)}", columns, rows, right=range(1, len(columns)))


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _meaning(document: Document) -> list[list[str]]:
    risk, spread = document["risk"], document["spread"]
    return [
        ["category", f"{risk['category']} (classic scheme: {risk['category_classic']})"],
        ["CAC-DRS", risk["cac_drs"]],
        *([["very high", "1000 or more"]] if risk["very_high"] else []),
        ["percentile", percentile_words(risk)],
        ["arterial age", arterial_age_words(risk)],
        ["spread", _spread(spread)],
    ]


def _spread(spread: Mapping[str, Any]) -> str:
    number = spread["vessels_involved"]
    if not number:
        return "no vessel with calcium"
    left_main = f"left main {100 * spread['left_main_share']:.0f} % of it" if spread["left_main"] else "left main free"
    return f"{number} of 4 vessels; diffusivity {spread['diffusivity']:.2f}; {left_main}"


def _about(document: Document) -> list[list[str]]:
    """What the numbers rest on: protocol, interval, doubt, and calcium that was not counted."""
    rows = [["protocol", _protocol(document["protocol"])]]
    interval = document["interval"]
    if interval is not None:
        rows.append(["repeat interval", f"{100 * interval['level']:.0f} % of repeats; covers {interval['covers']}"])
        limit = interval["published_rescan_limit"]
        if limit is not None:
            rows.append(["published rescan limit", f"± {limit['agatston']:.0f} ({limit['source']})"])
    uncertain = document["uncertain"]
    if uncertain["lesions"]:
        rows.append(
            ["uncertain", f"{uncertain['agatston']:.1f} of the score in {_many(uncertain['lesions'], 'lesion')}"]
        )
    not_counted = _excluded(document["excluded"])
    return [*rows, ["seen, not counted", not_counted]] if not_counted else rows


def _protocol(protocol: Mapping[str, Any]) -> str:
    steps = ", ".join(f"{step:g}" for step in protocol["weight_steps_hu"])
    area, pixels = protocol["minimum_area_mm2"], protocol["minimum_pixels"]
    smallest = f"{area:g} mm2" if area else _many(pixels, "pixel")
    kvp = f"{protocol['kvp']:g} kVp" if protocol["kvp"] else "kVp not stated"
    thickness = protocol["slice_thickness_mm"]
    slices = f"{thickness:g} mm slices" if thickness else "slices of unstated thickness"
    volume = protocol["volume_threshold_hu"]
    second = "" if volume in (None, protocol["threshold_hu"]) else f", voxel volume and mass from {volume:g} HU"
    return (
        f"{protocol['preset']}: steps {steps} HU{second}, {protocol['connectivity']}-connected, at least {smallest}; "
        f"{slices} every {protocol['slice_increment_mm']:g} mm; {kvp}"
    )


def _excluded(excluded: Sequence[Mapping[str, Any]]) -> str:
    """What was seen and not counted, by kind, with what it would have counted; the largest first."""
    kinds: dict[str, list[float]] = {}
    for calcium in excluded:
        kinds.setdefault(calcium["what"], []).append(calcium["agatston"])
    ordered = sorted(kinds.items(), key=lambda kind: -sum(kind[1]))
    return ", ".join(f"{what} {sum(scores):.1f} (in {len(scores)})" for what, scores in ordered)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _findings(document: Document) -> list[list[str]]:
    """Every finding, what weakens the result before what is only a note."""
    order = ("refuse", "weakens", "note")
    listed = sorted(document["quality"], key=lambda finding: order.index(finding["severity"]))
    return [[finding["severity"], finding["sentence"]] for finding in listed]
