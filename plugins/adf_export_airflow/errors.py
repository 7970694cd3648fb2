"""The base of every error that this package raises: one line that names what, where and the remedy."""

from typing import ClassVar


class AdfExportAirflowError(Exception):
    """Something outside or in the user's input stops a task."""

    transient: ClassVar[bool] = False
    """True: the same task may succeed later, so Airflow's retries apply; False: it fails at once."""

    def __init__(self, summary: str, *, place: str = "", remedy: str = "") -> None:
        self.summary = summary
        self.place = place
        self.remedy = remedy
        super().__init__(summary, place, remedy)

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        then = f". {self.remedy}" if self.remedy else ""
        return " ".join(f"{self.summary}{where}{then}".split())
