"""The cache: what changes is read again, and nothing else; what is broken is as if it was not there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adf_export.frontend import read_dags
from adf_export.ir.dag import Reading

FILES = {
    "dags/one.py": """\
import os
from pathlib import Path
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
from local_tools import COMMAND
try:
    from optional_tools import MORE
except ImportError:
    MORE = ""
settings = Path(__file__).with_name("one.txt").read_text()
parts = sorted(path.name for path in (Path(__file__).parent / "parts").iterdir())
with DAG("one"):
    BashOperator(task_id="a", bash_command=f"{COMMAND} {settings} {parts} {os.environ.get('ONE', '-')} {MORE}")
""",
    "dags/one.txt": "settings",
    "dags/parts/first.txt": "",
    "dags/two.py": "from airflow.sdk import DAG\nwith DAG('two'):\n    pass\n",
    "plugins/local_tools.py": "from deeper_tools import COMMAND\n",
    "plugins/deeper_tools.py": "COMMAND = 'echo'\n",
}
# One asks another process, the other cannot be imported: both are read each time.
NEVER_KEPT = {
    "asks.py": "import subprocess\nfrom airflow.sdk import DAG\nsubprocess.run(['true'])\ndag = DAG('asks')\n",
    "fails.py": "from airflow.sdk import DAG\nimport comes_later\n",
}
LONG_AGO = 1_700_000_000


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Reading, ...]]:
    """A folder of DAGs with a cache that knows them, and what was read."""
    folder = tmp_path_factory.mktemp("cached")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return folder, read_dags([folder / "dags"], cache=folder / "cache")


@pytest.fixture
def folder(filled: tuple[Path, tuple[Reading, ...]], tmp_path: Path) -> Iterator[Path]:
    """It, restored afterwards at the same place: paths are part of the key."""
    place, _ = filled
    shutil.copytree(place, tmp_path / "spare")
    yield place
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "spare", place)


def write(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    return change


def touch(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        os.utime(path)


def break_everything(folder: Path) -> None:
    for path in (folder / "cache").iterdir():
        path.write_bytes(b"\x93\xff" + path.read_bytes()[5:])


def break_readings(folder: Path) -> None:
    for path in (folder / "cache").iterdir():
        if path.name != "index.msgpack":
            path.write_bytes(path.read_bytes()[:-1])


def same_size_and_time(folder: Path) -> None:
    """What only the content tells: but for the inode, which a new file has."""
    path = folder / "plugins" / "deeper_tools.py"
    path.unlink()
    path.write_text("COMMAND = 'ECHO'\n", encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))


# What happens -> the files that are read again.
CHANGES: list[tuple[str, Callable[[Path], None], list[str]]] = [
    ("nothing", lambda folder: None, []),
    ("touch", touch, []),
    ("the DAG file", write("dags/two.py", FILES["dags/two.py"] + "# more\n"), ["two.py"]),
    ("a module that a module imports", write("plugins/deeper_tools.py", "COMMAND = 'cat'\n"), ["one.py"]),
    ("its content alone", same_size_and_time, ["one.py"]),
    ("a file that it reads", write("dags/one.txt", "other"), ["one.py"]),
    ("a file in a folder that it lists", write("dags/parts/second.txt", ""), ["one.py"]),
    ("a module that was not there", write("dags/optional_tools.py", "MORE = 'more'\n"), ["one.py"]),
    ("a module that could hide another", write("plugins/other.py", ""), ["one.py", "two.py"]),
    ("a DAG file that is new", write("dags/three.py", FILES["dags/two.py"].replace("two", "three")), ["three.py"]),
    ("a file that nobody reads", write("dags/notes.md", "x"), []),
    ("a broken cache", break_everything, ["one.py", "two.py"]),
    ("broken readings", break_readings, ["one.py", "two.py"]),
]


def read(folder: Path) -> tuple[list[str], tuple[Reading, ...]]:
    """The files that are read anew, and all readings."""
    seen: list[str] = []
    found = read_dags([folder / "dags"], cache=folder / "cache", progress=seen.append)
    return sorted(seen), found


@pytest.mark.parametrize(("change", "again"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_what_is_read_again(
    filled: tuple[Path, tuple[Reading, ...]], folder: Path, change: Callable[[Path], None], again: list[str]
) -> None:
    change(folder)
    seen, found = read(folder)
    assert seen == again
    assert [one for one in found if one.file not in again] == [one for one in filled[1] if one.file not in again]
    assert read(folder) == ([], found)


def test_environment_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO", "nobody asks")
    assert read(folder)[0] == []
    monkeypatch.setenv("ONE", "asked")
    assert read(folder)[0] == ["one.py"]
    monkeypatch.setenv("AIRFLOW__CORE__DEFAULT_TASK_RETRIES", "3")
    assert read(folder)[0] == ["one.py", "two.py"]


def test_what_is_never_kept(folder: Path) -> None:
    for name, text in NEVER_KEPT.items():
        (folder / "dags" / name).write_text(text, encoding="utf-8")
    assert [read(folder)[0] for _ in range(2)] == [[*NEVER_KEPT]] * 2


def test_another_root_is_another_reading(folder: Path) -> None:
    (reading,) = read_dags([folder / "dags" / "two.py"], root=folder, cache=folder / "cache")
    assert reading.file == "dags/two.py"
    assert reading.dags[0].origin.file == "dags/two.py"


def test_airflow_is_not_imported(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from adf_export.frontend import read_dags; "
        "seen = []; found = read_dags([Path(sys.argv[1])], cache=Path(sys.argv[2]), progress=seen.append); "
        "assert found[0].dags and not seen, seen; "
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'airflow']"
    )
    arguments = [str(folder / "dags" / "two.py"), str(folder / "cache")]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, timeout=60)
