"""The blocks of docs/guides/python.md, as one script that runs twice."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_guides_script_runs_as_it_stands_twice(platform, tmp_path):
    blocks = re.findall(r"<!-- test -->\n```python\n(.*?)```", (ROOT / "docs/guides/python.md").read_text(), re.S)
    assert len(blocks) >= 4
    script = tmp_path / "guide.py"
    script.write_text("\n".join(blocks))
    for again in (False, True):
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "python/src"), "LEPTON_URL": platform})
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("limits:v1 exists already, unchanged" in done.stdout) == again, done.stdout
        assert "VERSION  PHASE" in done.stdout
