"""Where in the user's files something was said."""

import msgspec


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place: file and line of a DAG, a task or a field."""

    # Relative to the folder that was compiled, with forward slashes, so that output does not depend on the machine.
    file: str = ""
    # From 1; 0: unknown.
    line: int = 0
    dag_id: str = ""
    task_id: str = ""
    # The template field or argument; empty: the task itself.
    field: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Origin()
