"""Stage times of the main job on one phantom: `make bench`. Absolute times are noise; compare two runs in turn."""

import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from node import sandbox
from node.demo.modality import write_series
from node.pipeline.series_job import request_for, score_images
from node.settings import Settings
from scoring.phantom import demo_spec, make_phantom

ROUNDS = 5


def main() -> None:
    """Score and report the demo's patient several times, each in a fresh child; print medians."""
    sandbox.warm()
    now = datetime.now(UTC)
    stages: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scan = folder / "scan"
        scan.mkdir()
        written = write_series(make_phantom(demo_spec()), scan, vendor="siemens", created=now, uid_seed="bench")
        for number in range(ROUNDS + 1):
            request = request_for(
                Settings(),
                paths=tuple(written.paths),
                folder=folder / f"result-{number}",
                study_instance_uid=written.study_instance_uid,
                series_instance_uid=written.series_instance_uid,
                created=now,
                software_version="bench",
            )
            reply = score_images(request, wall_seconds=120, memory_megabytes=6144)
            if number:  # the first one loads the libraries
                for stage, seconds in reply.document["timings_s"].items():
                    stages.setdefault(stage, []).append(seconds)
    images = len(written.paths)
    sys.stdout.write(f"{images} slices of 512 x 512, median (min, max) of {ROUNDS} runs, seconds\n")
    for stage, seconds in stages.items():
        median, low, high = statistics.median(seconds), min(seconds), max(seconds)
        sys.stdout.write(f"{stage:10s} {median:6.2f}  ({low:.2f}, {high:.2f})\n")


if __name__ == "__main__":
    main()
