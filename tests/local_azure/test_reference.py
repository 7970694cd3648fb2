"""docs/supported.md says what the code honours."""

from pathlib import Path

from local_azure.reference import render_reference


def test_the_page_is_current(project_dir: Path) -> None:
    page = (project_dir / "docs" / "supported.md").read_text()
    assert page == render_reference(), "run: python -m local_azure.reference > docs/supported.md"
