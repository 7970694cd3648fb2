"""The small readers: JSON paths, timespans, wildcards, links, pagination values."""

import datetime
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.data_factory.copying.files import join_url
from local_azure.data_factory.copying.settings import headers
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.json_paths import MISSING, JsonPathError, parse, show
from local_azure.data_factory.stores.pagination import next_link
from local_azure.data_factory.stores.wildcards import compile_wildcards
from local_azure.data_factory.timespans import TimespanError, read

DOCUMENT = {"a": {"b c": [1, {"d": None}]}, "@odata.next": "x", "": 7}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("$.a['b c'][0]", 1),
        ("$['a'][\"b c\"][1].d", None),
        ("['a']['b c'][1]['d']", None),
        ("a.x", MISSING),
        ("$.a['b c'][2]", MISSING),
        ("$.a.b", MISSING),
        ("$['@odata.next']", "x"),
        ("$['']", 7),
        ("[0]", MISSING),
    ],
)
def test_paths(path: str, value: object) -> None:
    assert parse(path).find(DOCUMENT) == value


@pytest.mark.parametrize(
    "path", ["$.@a", "$..a", "$.a[*]", "$.*", "$[?(@.a)]", "$.a[1:2]", "$['a'", "$.", "$a", "$.a["]
)
def test_paths_that_are_not_understood(path: str) -> None:
    with pytest.raises(JsonPathError, match="is not a path"):
        parse(path)


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_an_error(text: str) -> None:
    with suppress(JsonPathError):
        assert parse(text).text == text


@given(
    st.lists(
        st.integers(0, 99) | st.text(st.characters(exclude_characters="'\\", exclude_categories=["Cs"])), max_size=5
    )
)
def test_steps_come_back(steps: list[str | int]) -> None:
    assert list(parse(show(steps)).steps) == steps


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:01:40", 100),
        ("1.00:00:00", 86_400),
        ("00.00:00:00.010", 0.01),
        ("0.12:30:00.5", 45_000.5),
        ("-00:00:01", -1),
    ],
)
def test_timespans(text: str, seconds: float) -> None:
    assert read(text) == datetime.timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "24:00:00", "00:60:00", "1d", "99999999999.00:00:00", "00:00:00.12345678"])
def test_no_timespans(text: str) -> None:
    with pytest.raises(TimespanError):
        read(text)


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*", "", True),
        ("a*b", "a-b", True),
        ("a*b", "a/b", False),
        ("a?", "a", True),
        ("a?", "ab", True),
        ("a?", "abc", False),
        ("a^*", "a*", True),
        ("a^*", "ab", False),
        ("a^", "a^", True),
        ("[a].{b}", "[a].{b}", True),
        ("", "", True),
    ],
)
def test_wildcards(pattern: str, name: str, matches: bool) -> None:
    assert (compile_wildcards(pattern).fullmatch(name) is not None) is matches


@given(st.text(st.characters(exclude_characters="*?^"), max_size=15))
def test_a_name_without_wildcards_matches_itself(name: str) -> None:
    assert compile_wildcards(name).fullmatch(name)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ('<https://a/b?page=2>; rel="next"', "https://a/b?page=2"),
        ('</b>; title="x"; rel=next, </c>; rel=last', "/b"),
        ('</a>; rel="prev", </c>; rel="last next"', "/c"),
        ('</a>; rel="nextish"', None),
    ],
)
def test_links(header: str, target: str | None) -> None:
    assert next_link(header) == target


@pytest.mark.parametrize(
    ("base", "relative", "url"),
    [
        ("https://a", "", "https://a"),
        ("https://a", "b/c", "https://a/b/c"),
        ("https://a/", "/b", "https://a/b"),
        ("https://a/x", "?q=1", "https://a/x?q=1"),
    ],
)
def test_urls_are_joined_as_the_connector_does(base: str, relative: str, url: str) -> None:
    assert join_url(base, relative) == url


def test_headers_as_object_and_as_lines() -> None:
    assert headers({"A": "1", "B": 2, "C": None}) == {"A": "1", "B": "2"}
    assert headers("A: 1\r\n\r\nB: x: y\n") == {"A": "1", "B": "x: y"}
    with pytest.raises(DataError) as told:
        headers("Bearer geheim")
    assert "geheim" not in told.value.message
