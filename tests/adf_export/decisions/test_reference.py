"""docs/templates.md says what the tables say."""

from pathlib import Path

from adf_export.decisions.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "templates.md"


def test_the_page_is_not_stale() -> None:
    wanted = "python -m adf_export.decisions.reference > docs/templates.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), f"run: {wanted}"
