"""The engine's door: what it refuses, whatever stands in its tables."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from node.pipeline.engine import Engine, EngineError

SCRIPT = """
    import base64, pickle, sqlite3, sys, time
    from pathlib import Path
    from node.registry import open_registry
    from node.pipeline.engine import Engine, EngineClient, prepare

    folder = Path(sys.argv[1])
    registry = open_registry("sqlite", folder)
    prepare(registry.url)

    class Bomb:
        def __reduce__(self):
            return (Path.write_text, (folder / "ran", "code from a row ran"))

    client = EngineClient(registry.url)
    client.ring("pacs")
    planted = base64.b64encode(pickle.dumps({"args": (Bomb(),), "kwargs": {}})).decode()
    table = sqlite3.connect(folder / "registry.sqlite", timeout=30)
    with table:
        changed = table.execute("update workflow_status set serialization = 'py_pickle' where name = 'drain'").rowcount
        inputs = table.execute("update workflow_input set inputs = ?", (planted,)).rowcount
    assert changed == 1 and inputs == 1, (changed, inputs)

    class Work:
        def score(self, key): return key
        def ring(self, key): return key
        def drain(self, key): return key

    engine = Engine(registry.url, "slot-0", Work())
    engine.start(score_workers=0, send_workers=1)
    end = time.monotonic() + 30
    status = ""
    while time.monotonic() < end and status not in ("ERROR", "SUCCESS"):
        status = table.execute("select status from workflow_status where name = 'drain'").fetchone()[0]
        time.sleep(0.05)
    print(status)
    engine.stop(1)
    sys.stdout.flush()
    import os
    os._exit(0)
"""


def test_a_pickled_row_planted_in_the_engines_tables_runs_nothing(tmp_path: Path) -> None:
    """Seen red with `close_pickle_door` emptied: the file appears."""
    script = tmp_path / "planted.py"
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, "-W", "ignore", str(script), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()
    assert done.stdout.split()[-1] != "SUCCESS", done.stderr


def test_an_environment_that_would_change_the_engines_identity_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBOS__APPVERSION", "7")
    with pytest.raises(EngineError, match="unset the environment variable DBOS__APPVERSION"):
        Engine("sqlite:///nowhere", "slot-0", None)  # type: ignore[arg-type]
