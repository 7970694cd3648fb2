"""`dbutils.notebook`: ends a notebook with a value, runs another one."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_azure.databricks.runtime import Runtime


class NotebookExit(BaseException):
    """Ends the notebook; no `except Exception` of the user's stops it."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class WorkflowException(Exception):  # noqa: N818 - the name that Databricks shows
    """A notebook that was run by another one failed."""


class NotebookTools:
    """Control of notebooks: exit, run"""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime

    def exit(self, value: object = "") -> None:
        """End the notebook; the text is the run's result."""
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: int = 0, arguments: dict[str, Any] | None = None) -> str:
        """Run a notebook in a process and session of its own and return its exit value."""
        from pathlib import Path

        from local_azure.databricks.notebook import resolve

        workspace = self._runtime.workspace
        current = workspace.path_of(Path(self._runtime.job["file"]))
        file = workspace.notebook(resolve(path, current))
        parameters = {key: str(value) for key, value in (arguments or {}).items()}
        child = {"kind": "notebook", "file": str(file), "parameters": parameters, "name": path}
        outcome = self._runtime.link.ask({"child": child, "timeout_seconds": timeout_seconds})
        if outcome["kind"] == "success":
            return outcome["result"] or ""
        reason = outcome.get("error") or outcome.get("message") or f"its process ended ({outcome['kind']})"
        raise WorkflowException(f"the notebook {path} failed: {reason}")
