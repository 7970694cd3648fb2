"""docs/codes.md and docs/operators.md say what the tables say."""

from pathlib import Path

import pytest

from tools.compiler_pages import COMMAND, pages

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_not_stale(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page], f"run: {COMMAND}"


def test_each_code_is_on_the_page() -> None:
    from adf_export.codes import all_codes

    text = next(text for page, text in PAGES.items() if page.name == "codes.md")
    assert all(f"| {code.id} |" in text for code in all_codes())
