"""Coins by id or symbol: exact, or told with candidates."""

import pytest

from adf_export_airflow.coingecko.coins import CoinDirectory, read_coin_list
from adf_export_airflow.coingecko.errors import AmbiguousSymbolError, BrokenAnswerError, UnknownCoinError

ROWS = [
    {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"},
    {"id": "wrapped-bitcoin", "symbol": "wbtc", "name": "Wrapped Bitcoin"},
    {"id": "ethereum", "symbol": "eth", "name": "Ethereum"},
    {"id": "bridged-eth", "symbol": "ETH", "name": "Bridged Ether"},
    {"id": "meme", "symbol": "bitcoin", "name": "HarryPotterObama"},
    {"id": "bitCNY", "symbol": "bitcny", "name": "bitCNY"},
    {"id": "nameless", "symbol": None, "name": None},
]


@pytest.fixture
def directory() -> CoinDirectory:
    return read_coin_list(ROWS)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (["bitcoin"], ["bitcoin"]),  # an id wins over a symbol
        (["BTC", "btc", "bitcoin"], ["bitcoin"]),
        (["wbtc", "ethereum"], ["wrapped-bitcoin", "ethereum"]),
        (["bitCNY"], ["bitCNY"]),
        (["Ethereum"], ["ethereum"]),
        ([], []),
    ],
)
def test_resolved(directory: CoinDirectory, wanted: list[str], ids: list[str]) -> None:
    assert directory.resolve(wanted) == ids


def test_ambiguous_symbol_names_all_candidates(directory: CoinDirectory) -> None:
    with pytest.raises(AmbiguousSymbolError) as caught:
        directory.resolve(["btc", "eth"])
    assert "'eth': ethereum (Ethereum), bridged-eth (Bridged Ether)" in str(caught.value)
    assert "btc" not in str(caught.value)


def test_unknown_names_the_nearest(directory: CoinDirectory) -> None:
    with pytest.raises(UnknownCoinError) as caught:
        directory.resolve(["bitcoinn", "eth", "qqqq"])
    said = str(caught.value)
    assert "'bitcoinn', 'qqqq'" in said
    assert "Nearest to 'bitcoinn': bitcoin" in said
    assert "Nothing is near 'qqqq'" in said
    assert "ambiguous: 'eth'" in said


@pytest.mark.parametrize("document", [{}, [], None, [1], [{"symbol": "btc"}], [{"id": ""}]])
def test_a_list_that_is_none(document: object) -> None:
    with pytest.raises(BrokenAnswerError):
        read_coin_list(document)
