"""Every row of the tables has a case in cases/*.txt."""

import pytest

from adf_export.templating.checks import CHECKS
from adf_export.templating.filters import FILTERS
from adf_export.templating.methods import MOMENT_METHODS, TEXT_METHODS
from adf_export.templating.moments import FORMATS
from adf_export.templating.names import NAMES, REMOVED
from tests.adf_export.templating.pairs import pairs

TEXT = "\n".join(pair.template for pair in pairs())


def name_in_a_template(path: str) -> str:
    """How the end of a path stands in a template: `.host`, `xcom_pull(`, `ds`."""
    last = path.rpartition(".")[2]
    if last == "*":
        return path.removesuffix(".*").rpartition(".")[2] + "."
    return last.replace("()", "(") if "." not in path else "." + last.replace("()", "(")


ROWS = [
    *(("name", name_in_a_template(path)) for path in NAMES),
    *(("filter", f"| {name}") for name in FILTERS),
    *(("test", f"is {name}") for name in CHECKS if name.isalpha()),
    *(("method", f".{name}(") for name in (*TEXT_METHODS, *MOMENT_METHODS)),
    *(("strftime", f"%{code}") for code in FORMATS),
]


@pytest.mark.parametrize(("kind", "text"), ROWS, ids=lambda part: part)
def test_every_row_has_a_case(kind: str, text: str) -> None:
    assert text in TEXT, f"add a pair for the {kind} '{text}' to cases/"


def test_names_of_airflow_2_are_not_names() -> None:
    assert not set(REMOVED) & set(NAMES)
