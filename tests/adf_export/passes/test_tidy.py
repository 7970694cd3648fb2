"""Expressions are said shorter: the rows below, and equal values over all kinds of inputs."""

import pytest

from adf_export.passes.rewriting import rewrite_node
from adf_export.passes.run_fields import ISO
from adf_export.passes.tidy import shorter
from adf_lang import AdfLangError, Scope, evaluate, parse

P = "pipeline().parameters.p"
NULLABLE = f"if(equals({P}, ''), null, {P})"
MOMENT = f"formatDateTime({P}, '{ISO}')"
# Before -> after; None: it stays.
ROWS: list[tuple[str, str | None]] = [
    (f"empty({NULLABLE})", f"empty({P})"),
    (f"if(empty({NULLABLE}), 'x', {NULLABLE})", f"if(empty({P}), 'x', {P})"),
    (f"concat(if(empty({NULLABLE}), 'x', {NULLABLE}), 'y')", f"concat(if(empty({P}), 'x', {P}), 'y')"),
    (f"if(empty({P}), {NULLABLE}, 'x')", None),
    (NULLABLE, None),
    (f"if(equals({P}, 'a'), null, {P})", None),
    (f"formatDateTime({MOMENT}, 'yyyy-MM-dd')", f"formatDateTime({P}, 'yyyy-MM-dd')"),
    (f"addDays({MOMENT}, -1, 'yyyy-MM-dd HH:mm')", f"addDays({P}, -1, 'yyyy-MM-dd HH:mm')"),
    (f"formatDateTime({MOMENT}, 'yyyy-MM-ddTHH:mm:ssK')", None),
    (f"formatDateTime({MOMENT}, 'd')", None),
    (f"addDays({MOMENT}, -1)", None),
    (f"formatDateTime(formatDateTime({P}, 'yyyy-MM-dd'), 'HH')", None),
]
VALUES = [
    "",
    None,
    "a",
    "2026-01-31",
    "2026-01-31T23:30:00+02:00",
    "2026-01-31T01:30:00.123-05:00",
    "2026-02-28T23:59:59Z",
]


def value(text: str, given: str | None) -> object:
    try:
        return evaluate(f"@{text}", Scope(parameters={"p": given}))
    except AdfLangError:
        return AdfLangError


@pytest.mark.parametrize(("before", "after"), ROWS)
def test_rows(before: str, after: str | None) -> None:
    found = str(rewrite_node(parse(f"@{before}"), shorter))
    assert found == str(parse(f"@{after or before}"))
    assert [value(found[1:], given) for given in VALUES] == [value(before, given) for given in VALUES]
