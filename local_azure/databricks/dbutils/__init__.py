"""`dbutils` as a notebook sees it."""

import sys
import types
from typing import TYPE_CHECKING

from local_azure.databricks.dbutils.fs import FileSystems
from local_azure.databricks.dbutils.notebook import NotebookExit, NotebookTools
from local_azure.databricks.dbutils.secrets import Secrets
from local_azure.databricks.dbutils.widgets import Widgets

if TYPE_CHECKING:
    from local_azure.databricks.runtime import Runtime

__all__ = ["DBUtils", "NotebookExit", "install_dbutils"]

MODULES = ("fs", "notebook", "secrets", "widgets")


class DBUtils:
    """The object named `dbutils`."""

    def __init__(self, runtime: "Runtime") -> None:
        self.fs = FileSystems(runtime.settings.dbfs, runtime.settings.storage)
        self.notebook = NotebookTools(runtime)
        self.secrets = Secrets(runtime.settings.secrets, lambda value: runtime.link.ask({"secret": value}))
        self.widgets = Widgets(runtime.parameters)

    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"dbutils.{name} is not offered here, only {', '.join(f'dbutils.{m}' for m in MODULES)}")

    def help(self) -> None:
        """Say what there is."""
        sys.stdout.write("".join(f"dbutils.{name}: {getattr(self, name).__doc__}\n" for name in MODULES))


def install_dbutils(runtime: "Runtime") -> DBUtils:
    """Make the run's `dbutils`, also for code that asks `pyspark.dbutils.DBUtils(spark)` for it."""
    dbutils = DBUtils(runtime)
    module = types.ModuleType("pyspark.dbutils")
    module.DBUtils = lambda _spark=None: dbutils  # type: ignore[attr-defined]
    sys.modules["pyspark.dbutils"] = module
    return dbutils
