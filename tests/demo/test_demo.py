"""The whole demo as a user runs it: through the command line, on real engines."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.options import PROJECT

pytestmark = pytest.mark.demo
SECONDS = 1500
LAKEHOUSE = {
    "bronze.coins_markets",
    "bronze.market_chart_range",
    "silver.observations",
    "silver.quarantine",
    "gold.ohlcv_hourly",
    "gold.ohlcv_daily",
    "gold.indicators_daily",
    "gold.dominance",
}


def start(state: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "demo", "--state", str(state), *arguments]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(state: Path, *arguments: str) -> dict[str, Any]:
    process = start(state, "--json", *arguments)
    output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors[-4000:]
    assert left_behind(state) == []
    document: dict[str, Any] = json.loads(output)
    return document


def left_behind(state: Path) -> list[str]:
    """Processes that name the state folder in their command line or that work with files below it."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
        if any(str(state) in word for word in words) and process.pid != psutil.Process().pid:
            found.append(" ".join(process.info["cmdline"] or []))
    return found


def tables(document: dict[str, Any]) -> dict[str, int]:
    return {line["table"]: line["rows"] for line in document["tables"]}


@pytest.mark.timeout(2 * SECONDS)
def test_the_demo_brings_the_market_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = run(state)
    assert all(line["state"] == "success" for line in first["runs"])
    assert set(tables(first)) >= LAKEHOUSE
    assert first["market"] == "simulated market, seed 42"
    main = [chart for chart in first["charts"] if chart["market"] == first["market"]]
    assert [chart["coin_id"] for chart in main] == ["bitcoin", "ethereum", "solana"]
    assert all(chart["observations"] >= 7 * 24 for chart in main)
    assert sum(line["new_files"] for line in first["landing"]) == sum(line["files"] for line in first["landing"])
    assert all(line["provenance"].startswith(("simulated; seed=42", "recorded;")) for line in first["landing"])
    again = run(state)
    # an hour may have begun in between: one snapshot more
    fresh = sum(run["new_files"] for run in again["runs"])
    assert fresh <= 1
    assert sum(run["known_files"] for run in again["runs"]) + fresh == sum(line["files"] for line in first["landing"])
    if not fresh:
        assert tables(again) == tables(first)


def recorded_points(folder: Path) -> set[int]:
    """The moments of the recorded hourly chart, read from the file itself."""
    file = next(folder.glob("coins_id_market_chart/hourly_historical_prices_for_one_coin_*.json"))
    return {int(moment) for moment, price in json.loads(file.read_text())["prices"] if price is not None}


@pytest.mark.timeout(2 * SECONDS)
def test_two_demos_in_two_folders_do_not_disturb_each_other(tmp_path: Path, shared_dir: Path) -> None:
    states = [tmp_path / name for name in ("one", "two")]
    replay = shared_dir / "coingecko" / "recorded"
    arguments = ("--json", "--snapshots", "1", "--coins", "bitcoin", "--replay", str(replay))
    processes = [start(state, *arguments, "--seed", str(seed)) for seed, state in enumerate(states)]
    outputs = [process.communicate(timeout=SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], [errors[-3000:] for _, errors in outputs]
    documents = [json.loads(output) for output, _ in outputs]
    assert [document["market"] for document in documents] == ["simulated market, seed 0", "simulated market, seed 1"]
    prices = [{(chart["market"], chart["last_price"]) for chart in document["charts"]} for document in documents]
    assert len(prices[0] & prices[1]) == 1, "only the recorded chart is the same"
    for document in documents:
        recorded = next(chart for chart in document["charts"] if chart["market"] == "recorded")
        assert recorded["observations"] == len(recorded_points(replay))
    assert [left_behind(state) for state in states] == [[], []]


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("line", ["Starting", "All services are healthy", "land.markets"])
def test_ctrl_c_leaves_nothing_behind(line: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    process = start(state, "--snapshots", "1")
    assert process.stderr
    assert process.stdout
    with process.stderr as progress, process.stdout:
        told = next(text for text in progress if line in text)
        process.send_signal(signal.SIGINT)
        rest = progress.read()
        assert process.wait(SECONDS) == 130, told + rest
    assert "Interrupted: everything is stopped" in rest
    assert left_behind(state) == []


@pytest.mark.timeout(SECONDS)
def test_an_unknown_coin_is_one_clear_message(tmp_path: Path) -> None:
    state = tmp_path / "state"
    process = start(state, "--snapshots", "1", "--coins", "bitcion")
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    message = errors[errors.index("error:") :]
    assert "bitcion" in message
    assert "bitcoin" in message
    assert len(message.splitlines()) < 12
    assert left_behind(state) == []


def test_no_network_is_one_clear_message_for_the_real_market(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo", "--live", "--state", str(tmp_path / "state")]
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=PROJECT, env=nowhere, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "--live needs the real CoinGecko" in done.stderr
    assert len(done.stderr.splitlines()) == 1
