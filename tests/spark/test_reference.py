"""docs/lakehouse.md says what the code says."""

from pathlib import Path

from crypto_lakehouse.quality import REASONS, Reason
from crypto_lakehouse.reference import render_reference
from crypto_lakehouse.schemas import TABLES


def test_the_page_is_current(project_dir: Path) -> None:
    page = (project_dir / "docs" / "lakehouse.md").read_text()
    assert page == render_reference(), "run: python -m crypto_lakehouse.reference > docs/lakehouse.md"


def test_every_reason_has_a_meaning_and_a_remedy_in_the_order_of_the_enum() -> None:
    assert list(REASONS) == list(Reason)
    assert all(text.meaning and text.remedy for text in REASONS.values())


def test_every_key_and_bucket_is_a_column() -> None:
    for table in TABLES:
        assert {*table.key, *filter(None, [table.bucket])} <= set(table.column_names)
