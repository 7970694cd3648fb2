"""The shared bucket: exact turns under a stepped clock, in one process and in several."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adf_export_airflow.coingecko.errors import CoinGeckoSetupError
from adf_export_airflow.coingecko.rate_limit import RateLimit, SharedBucket, bucket_file
from tests.fakes.clock import StepClock

LIMIT = RateLimit(per_minute=30, burst=3)


@pytest.fixture
def bucket(tmp_path: Path, clock: StepClock) -> SharedBucket:
    return SharedBucket(tmp_path / "limit" / "a.bucket", LIMIT, clock=clock)


def test_a_burst_then_one_every_interval(bucket: SharedBucket) -> None:
    assert [bucket.take() for _ in range(6)] == pytest.approx([0, 0, 0, 2, 2, 2])


def test_an_idle_bucket_fills_up_to_the_burst(bucket: SharedBucket, clock: StepClock) -> None:
    for _ in range(5):
        bucket.take()
    clock.at += 3600
    assert [bucket.take() for _ in range(4)] == pytest.approx([0, 0, 0, 2])


def test_a_hold_stops_everybody_then_lets_them_go_one_by_one(bucket: SharedBucket, clock: StepClock) -> None:
    bucket.hold(60)
    other = SharedBucket(bucket.file, LIMIT, clock=clock)
    assert [other.take(), bucket.take(), other.take()] == pytest.approx([60, 2, 2])


def test_a_shorter_hold_does_not_shorten(bucket: SharedBucket) -> None:
    bucket.hold(60)
    bucket.hold(5)
    assert bucket.take() == pytest.approx(60)


class Interrupted(StepClock):
    """A clock during whose first sleep another process is refused."""

    other: SharedBucket

    def sleep(self, seconds: float) -> None:
        first = not self.sleeps
        StepClock.sleep(self, seconds)
        if first:
            self.other.hold(60)


def test_a_hold_that_begins_while_we_wait_is_respected(tmp_path: Path) -> None:
    clock = Interrupted()
    clock.other = SharedBucket(tmp_path / "a.bucket", LIMIT, clock=clock)
    bucket = SharedBucket(tmp_path / "a.bucket", LIMIT, clock=clock)
    assert [bucket.take() for _ in range(4)] == pytest.approx([0, 0, 0, 62])
    assert clock.sleeps == pytest.approx([2, 60])


@pytest.mark.parametrize("content", [b"", b"torn", b"\xff" * 16, b"\x00" * 12])
def test_a_damaged_file_starts_anew(content: bytes, bucket: SharedBucket) -> None:
    bucket.take()
    bucket.file.write_bytes(content)
    assert bucket.take() == 0


def test_a_clock_set_back_does_not_stop_tasks_for_days(bucket: SharedBucket, clock: StepClock) -> None:
    for _ in range(5):
        bucket.take()
    clock.at -= 30 * 86_400
    assert bucket.take() == 0


def test_an_unusable_folder_is_named(tmp_path: Path, clock: StepClock) -> None:
    (tmp_path / "file").write_text("")
    bucket = SharedBucket(tmp_path / "file" / "a.bucket", LIMIT, clock=clock)
    with pytest.raises(CoinGeckoSetupError, match="rate_limit_folder"):
        bucket.take()


def test_one_file_for_each_host_and_key(tmp_path: Path) -> None:
    places = [("https://a", "k"), ("https://a", "l"), ("https://b", "k")]
    files = {bucket_file(tmp_path, base_url=host, key=key).name for host, key in places}
    assert len(files) == 3
    assert bucket_file(tmp_path, base_url="https://a", key="k").name in files


@given(gaps=st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_never_more_than_the_limit_in_any_window(gaps: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    clock = StepClock()
    bucket = SharedBucket(tmp_path_factory.mktemp("limit") / "a.bucket", LIMIT, clock=clock)
    calls = []
    for gap in gaps:
        clock.at += gap
        bucket.take()
        calls.append(clock.at)
    for first in range(len(calls)):
        for last in range(first, len(calls)):
            allowed = LIMIT.burst + (calls[last] - calls[first]) / LIMIT.interval
            assert last - first + 1 <= allowed + 1e-6


TAKER = """
import sys
from pathlib import Path
from adf_export_airflow.coingecko.rate_limit import RateLimit, SharedBucket

class Frozen:
    def now(self): return 1_800_000_000.0
    def sleep(self, seconds): pass

bucket = SharedBucket(Path(sys.argv[1]), RateLimit(per_minute=60, burst=3), clock=Frozen())
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):
    print(bucket.take())
"""


def test_processes_share_the_turns(tmp_path: Path) -> None:
    file = tmp_path / "a.bucket"
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    waits: list[float] = []
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("go\n")
        taker.stdin.flush()
    for taker in takers:
        out, _ = taker.communicate(timeout=60)
        waits += map(float, out.split())
    # Time stands still, so the turns of all processes together must be exactly one row of places.
    assert sorted(waits) == pytest.approx([max(0, place - 2) for place in range(400)])
