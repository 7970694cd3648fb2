"""The worker process: it goes when the one that asked is gone, and tells when it cannot work."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from adf_export.errors import AdfExportError
from adf_export.frontend import read_dags

SLOW = "from airflow.sdk import DAG\nimport time\nopen(__file__ + '.started', 'w').close()\ntime.sleep(600)\n"


def until(met: object, seconds: float = 60) -> bool:
    """Whether something comes true in time; other processes have no clock that could be stepped."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if met():  # type: ignore[operator]  # a function of no arguments
            return True
        time.sleep(0.1)
    return False


def test_it_goes_with_the_process_that_asked(tmp_path: Path) -> None:
    file = tmp_path / "slow.py"
    file.write_text(SLOW, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from adf_export.frontend import read_dags; "
        "read_dags([Path(sys.argv[1])])"
    )
    asking = subprocess.Popen([sys.executable, "-c", code, str(file)])
    assert until((tmp_path / "slow.py.started").exists)
    family = psutil.Process(asking.pid).children(recursive=True)
    assert len(family) == 2  # the worker and its fork
    asking.kill()
    asking.wait()
    assert until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))


def test_it_tells_when_airflow_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "airflow.py").write_text("raise RuntimeError('no airflow here')", encoding="utf-8")
    (tmp_path / "dag.py").write_text("from airflow.sdk import DAG", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    with pytest.raises(AdfExportError, match="did not start") as raised:
        read_dags([tmp_path / "dag.py"])
    assert "no airflow here" in raised.value.remedy
