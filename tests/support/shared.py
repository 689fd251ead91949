"""Where the real scans and contracts lie: beside the checkout; without them the tests that need them are skipped."""

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve()


def shared_folder() -> Path:
    """Folder `shared` beside the checkout, or where CALCIUM_SHARED says."""
    stated = os.environ.get("CALCIUM_SHARED")
    return Path(stated) if stated else _HERE.parents[3] / "shared"


needs_shared = pytest.mark.skipif(
    not (shared_folder() / "data").is_dir(), reason="the real scans are not beside this checkout (../shared)"
)
