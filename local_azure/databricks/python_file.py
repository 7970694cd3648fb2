"""Runs the file of a spark_python_task as `__main__`."""

import os
import sys
import types
from pathlib import Path

from local_azure.databricks.runtime import Runtime


def run_task(runtime: Runtime) -> None:
    """Run the job's Python file with its parameters as command-line arguments."""
    run_file(Path(runtime.job["file"]), [str(value) for value in runtime.job.get("parameters") or []])


def run_file(path: Path, arguments: list[str]) -> None:
    """Run one file; errors show its path and lines."""
    enter_folder(path)
    sys.argv = [str(path), *arguments]
    main = new_main()
    main.__file__ = str(path)
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)
    exec(code, main.__dict__)


def enter_folder(path: Path) -> None:
    """The script's folder is the working directory and the first place of imports, as on Databricks."""
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))


def new_main() -> types.ModuleType:
    """A fresh `__main__`: cloudpickle sends functions of that module to Spark's workers by value."""
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    return main
