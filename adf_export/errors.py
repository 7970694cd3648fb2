"""What stops the compiler: one base for its exceptions. What is wrong with the user's DAGs is a Diagnostic instead."""


class AdfExportError(Exception):
    """Something outside of the user's DAGs is in the way: `summary`, `place` and `remedy`, a line each."""

    def __init__(self, summary: str, *, place: str = "", remedy: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [self.summary]
        lines += [f"  in {self.place}"] if self.place else []
        lines += [f"  help: {self.remedy}"] if self.remedy else []
        return "\n".join(lines)
