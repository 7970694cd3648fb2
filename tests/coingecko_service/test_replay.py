"""Recordings served again: bytes unchanged, cut by range and clock, and nothing that was not recorded."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from local_azure.coingecko.clock import read_moment
from local_azure.coingecko.errors import CoinGeckoStandInError
from local_azure.coingecko.replay import ReplayMarket
from tests.coingecko_service.local import ADMIN, DEMO, PRO, Local, local, replayed

HOURLY = "coins_id_market_chart/hourly_historical_prices_for_one_coin_0_0d95e3.json"
FINE = "coins_id_market_chart/minutely_historical_prices_for_one_coin_1_07c915.json"
STARTS = read_moment("2021-05-16T08:21:20Z")
RANGE = "/api/v3/coins/bitcoin/market_chart/range"


@pytest.fixture
def recorded(shared_dir: Path) -> Path:
    return shared_dir / "coingecko" / "recorded"


@pytest.fixture
def service(recorded: Path) -> Local:
    market = replayed(recorded)
    assert market.starts_at == STARTS
    return local(market, now=STARTS)


UNCHANGED = [
    ("/coins/bitcoin/market_chart?vs_currency=usd&days=30", HOURLY),
    ("/coins/bitcoin/market_chart?days=1&id=bitcoin&vs_currency=usd", FINE),
    ("/coins/bitcoin/market_chart?vs_currency=usd&days=1", FINE),
    ("/coins/bitcoin/market_chart/range?vs_currency=usd&from=2021-04-01&to=2021-05-16T08:21", HOURLY),
    ("/coins/bitcoin/market_chart/range?vs_currency=usd&from=1618499053&to=1621088009", HOURLY),
    ("/coins/bitcoin/market_chart/range?vs_currency=usd&from=1621066793&to=1621153187", FINE),
    ("/coins/markets?ids=bitcoin&vs_currency=usd", "coins_markets/market_data_for_a_coin_0_360f05.json"),
    (
        "/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=250&page=1&ids=bitcoin",
        "coins_markets/market_data_for_a_coin_0_360f05.json",
    ),
    (
        "/coins/markets?vs_currency=eth&ids=ethereum,bitcoin",
        "coins_markets/market_data_for_multiple_coins_in_eth_0_c39e7b.json",
    ),
    ("/coins/markets?vs_currency=usd&category=stablecoins", "coins_markets/trading-bot_coingecko_stablecoins.json"),
    ("/coins/list", "coins_list/the_list_of_supported_coins_0_b237f4.json"),
    ("/coins/list?include_platform=false", "coins_list/the_list_of_supported_coins_0_b237f4.json"),
    ("/simple/price?vs_currencies=usd&ids=bitcoin", "simple_price/btc_to_usd_exchange_rate_0_58b6f8.json"),
    (
        "/coins/bitcoin/ohlc?vs_currency=usd&days=7",
        "coins_id_ohlc/ohlc_data_for_one_coin_in_the_last_7_days_0_b46ed7.json",
    ),
    (
        "/coins/bitcoin/history?date=30-12-2017",
        "coins_id_history/historical_price_for_one_coin_at_a_previous_date_0_b34c71.json",
    ),
    ("/coins/bitcoin", "coins_id/a_coins_complete_current_data_0_4236d3.json"),
]


@pytest.mark.parametrize(("call", "file"), UNCHANGED)
def test_recorded_bytes_are_served_unchanged(call: str, file: str, service: Local, recorded: Path) -> None:
    answer = service.client.get(f"/api/v3{call}", headers=DEMO)
    assert answer.status_code == 200, answer.text
    assert answer.content == (recorded / file).read_bytes()
    provenance = answer.headers["X-Market-Provenance"]
    assert provenance.removesuffix("; query=guessed") == f"recorded; file={file}"
    assert provenance.endswith("guessed") == ("stablecoins" in call)


def test_every_wire_recording_of_a_success_is_served(recorded: Path) -> None:
    with (recorded / "index.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    wire = [row for row in rows if row["kind"] == "wire recording (VCR)" and row["status"] == "200"]
    files = {row["file"]: (recorded / row["file"]).read_bytes() for row in wire}
    assert len(wire) > 10
    service = local(replayed(recorded), now=read_moment("2022-01-01"))
    for row in wire:
        answer = service.client.get(row["query"])
        assert answer.status_code == 200, row["query"]
        assert answer.content in files.values(), row["query"]


def test_a_range_holds_the_recorded_points_in_it(service: Local, recorded: Path) -> None:
    start, end = 1619000000, 1619600000
    answer = service.get(RANGE, vs_currency="usd", from_=start, to=end)
    whole = json.loads((recorded / HOURLY).read_bytes())
    assert answer.json() == {
        name: [point for point in points if start * 1000 <= point[0] <= end * 1000] for name, points in whole.items()
    }
    assert 0 < len(answer.json()["prices"]) < 722
    assert answer.headers["X-Market-Provenance"] == f"recorded; file={HOURLY}"


def test_a_range_that_only_the_fine_chart_reaches_is_cut_from_it(service: Local) -> None:
    answer = service.get(RANGE, vs_currency="usd", from_="2021-05-15T20:00", to="2021-05-16T02:00")
    assert answer.headers["X-Market-Provenance"] == f"recorded; file={FINE}"
    assert len(answer.json()["prices"]) == 72


def test_no_point_is_later_than_the_clock_and_the_clock_is_stepped(service: Local, recorded: Path) -> None:
    stamps = [stamp for stamp, _ in json.loads((recorded / HOURLY).read_bytes())["prices"]]
    seen = []
    for moment in ("2021-04-15T00:00", "2021-04-20T00:00:00Z", str(STARTS)):
        stepped = service.client.put("/_admin/clock", content=moment, headers=ADMIN)
        assert stepped.json()["running"] is False
        answer = service.data(RANGE, vs_currency="usd", from_="2021-04-01", to="2021-05-16")
        assert all(stamp <= read_moment(moment) * 1000 for points in answer.values() for stamp, _ in points)
        seen.append(len(answer["prices"]))
    april = read_moment("2021-04-20T00:00:00Z") * 1000
    assert seen == [0, sum(stamp <= april for stamp in stamps), len(stamps)]
    assert service.client.delete("/_admin/clock", headers=ADMIN).json()["now"] == "2021-05-16T08:21:20.000Z"


def test_of_two_recordings_the_latest_not_after_the_clock_is_served(service: Local) -> None:
    call = {"ids": "bitcoin", "vs_currencies": "usd"}
    assert service.data("/api/v3/simple/price", **call) == {"bitcoin": {"usd": 49326}}
    service.clock.set(read_moment("2021-05-15T14:00"))
    assert service.data("/api/v3/simple/price", **call) == {"bitcoin": {"usd": 49013}}


NOT_RECORDED = [
    ("/coins/markets?vs_currency=usd", "ids=bitcoin&vs_currency=usd"),
    ("/coins/markets?vs_currency=eur&ids=bitcoin", "ids=bitcoin&vs_currency=usd"),
    ("/coins/ethereum/market_chart?vs_currency=usd&days=1", "/coins/bitcoin/market_chart?days=30"),
    ("/coins/bitcoin/market_chart?vs_currency=usd&days=7", "/coins/bitcoin/market_chart?days=30"),
    ("/coins/bitcoin/market_chart/range?vs_currency=eur&from=1619000000&to=1619600000", "2021-04-15T15:04:13.863Z"),
    ("/coins/bitcoin/market_chart/range?vs_currency=usd&from=1600000000&to=1600600000", "2021-04-15T15:04:13.863Z"),
    ("/simple/supported_vs_currencies", "Nothing is recorded for this endpoint"),
    ("/global", "the clock stands at 2021-05-16T08:21:20.000Z"),
]


@pytest.mark.parametrize(("call", "told"), NOT_RECORDED)
def test_what_was_not_recorded_is_404_and_tells_what_was(call: str, told: str, service: Local) -> None:
    answer = service.client.get(f"/api/v3{call}")
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("not recorded")
    assert told in answer.json()["error"]


def test_parameters_are_strict_in_a_replay_too(service: Local) -> None:
    assert service.get("/api/v3/coins/markets", vs_currency="usd", id="bitcoin").status_code == 400
    assert service.get(RANGE, vs_currency="usd", from_=2, to=1).status_code == 400


INDEX = "file\tendpoint\tstatus\tquery\tkind\telements\todd\n"


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CoinGeckoStandInError, match=r"has no index\.tsv"):
        ReplayMarket(tmp_path)


def test_an_index_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.tsv").write_text("file\tendpoint\n")
    with pytest.raises(CoinGeckoStandInError, match="column 'status' is missing"):
        ReplayMarket(tmp_path)


def test_a_file_that_is_gone_is_told_by_name(tmp_path: Path) -> None:
    row = "gone.json\tping\t200\t/coins/bitcoin/market_chart?days=1&vs_currency=usd\trecorded file\t1\t\n"
    (tmp_path / "index.tsv").write_text(INDEX + row)
    with pytest.raises(CoinGeckoStandInError, match=r"gone\.json is in index\.tsv but cannot be read"):
        ReplayMarket(tmp_path)


def test_documentation_and_samples_are_not_served_as_recordings(tmp_path: Path) -> None:
    rows = [
        "a.json\tping\t200\t/ping\tvendor documentation example\t1\t",
        "a.json\tping\t200\t/ping\tembedded sample\t1\t",
        "a.json\tping\t200\t/coins/{id}\trecorded file\t1\t",
        "a.json\tping\t10012\t/ping\trecorded file\t1\t",
    ]
    (tmp_path / "index.tsv").write_text(INDEX + "\n".join(rows) + "\n")
    assert ReplayMarket(tmp_path).recordings == ()
    assert ReplayMarket(tmp_path).starts_at is None


def test_a_copied_recording_serves_the_same(recorded: Path, tmp_path: Path) -> None:
    shutil.copy(recorded / "index.tsv", tmp_path)
    for file in (HOURLY, FINE):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(recorded / file, tmp_path / file)
    answer = local(ReplayMarket(tmp_path), now=STARTS).get(RANGE, vs_currency="usd", from_=1618499053, to=1621088009)
    assert answer.content == (recorded / HOURLY).read_bytes()


def test_the_pro_host_replays_too(service: Local, recorded: Path) -> None:
    path = "/pro/api/v3/coins/bitcoin/market_chart/range"
    answer = service.get(path, headers=PRO, vs_currency="usd", from_=1618499053, to=1621088009)
    assert answer.content == (recorded / HOURLY).read_bytes()
    assert service.get(path, vs_currency="usd", from_=1618499053, to=1621088009).status_code == 401
