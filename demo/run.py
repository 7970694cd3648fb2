"""Runs the lakehouse end to end on this machine. The stages, what each needs and what it leaves:

1. check     needs the user's options; leaves the claimed state folder. Anything missing is one line, before a start.
2. start     needs the state folder; leaves running stand-ins and Airflow's four processes. The database is migrated
             while Spark starts: both take seconds, on different cores.
3. prepare   needs both; leaves the DAGs known and unpaused, and no half-done run of a demo that was killed: such runs
             are marked failed, their files are landed under the same names again or already there.
4. follow    needs the plan of runs; leaves files in Blob and rows in tables. Runs go through the scheduler as a user's
             would: triggered over REST, one after the other, since they share one silver stream.
5. report    needs what landed and what the tables hold; tables are read by a notebook, as the warm JVM owns the
             metastore; leaves one document.
6. stop      whatever happened: the process family ends, so that nothing stays behind.

The simulated market is a function of time, so a snapshot of an hour ago is taken by setting its clock. Run names do
not hold the present: a second demo lands the same names, finds them there, and brings only what is new.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from demo.airflow_api import AirflowApi
from demo.airflow_stack import AirflowStack
from demo.errors import DemoError
from demo.family import Family
from demo.follow import Done, Follower
from demo.options import Options
from demo.plan import DAGS, Planned, plan_runs
from demo.preflight import check_machine, claim_state
from demo.report import Report, make_report
from demo.screen import Screen
from demo.stand_ins import StandIns

DAG_SECONDS = 120.0
POLL_SECONDS = 0.2
NO_RECORDING = "No recorded run: this clone brings no recordings (give a folder with --replay DIR)"
LIVE_SNAPSHOT = "One snapshot instead of six: the real market cannot be asked for past hours"


def run_demo(options: Options, screen: Screen, *, finish: Callable[[Report], None]) -> None:
    """All stages; `finish` shows the report, and with --keep-up returns only when the user has seen enough."""
    started = time.monotonic()
    with ExitStack() as held:
        check_machine(options)
        held.enter_context(claim_state(options))
        family = held.enter_context(Family())
        stand_ins = StandIns(family=family, options=options)
        stack = AirflowStack(family=family, home=options.airflow)
        api = start(stand_ins, stack, screen)
        prepare(api, stack, stand_ins)
        done = follow(options, api, stack, stand_ins, screen)
        report = make_report(
            options,
            done,
            stand_ins.landed_files(),
            stand_ins.run_notebook("/Shared/demo/report", {"coins": ",".join(charted(options, done))}),
            seconds=time.monotonic() - started,
            notes=notes(options),
            airflow=where(stack) if options.keep_up else {},
        )
        if not options.keep_up:
            screen.say("Stopping all services")
            family.close()
        finish(report)


def start(stand_ins: StandIns, stack: AirflowStack, screen: Screen) -> AirflowApi:
    began = time.monotonic()
    screen.say("Starting Azure's stand-ins (Blob, Key Vault, identity, Databricks with Spark, CoinGecko) and Airflow")
    stand_ins.start()
    stack.migrate()
    stand_ins.wait_ready()
    screen.say(f"The stand-ins are ready after {time.monotonic() - began:.0f} s")
    stack.env = stand_ins.environment()
    stack.start()
    api = stack.wait_healthy()
    screen.say(f"All services are healthy after {time.monotonic() - began:.0f} s")
    return api


def prepare(api: AirflowApi, stack: AirflowStack, stand_ins: StandIns) -> None:
    until = time.monotonic() + DAG_SECONDS
    while missing := set(DAGS) - api.dag_ids():
        check_alive(stack, stand_ins)
        errors = api.import_errors()
        broken = [file for dag_id in sorted(missing) for file in errors if Path(file).stem == dag_id]
        if broken:
            raise DemoError(f"Airflow cannot import {broken[0]}:\n{errors[broken[0]].rstrip()[-1500:]}")
        if time.monotonic() > until:
            raise DemoError(
                f"Airflow does not know {', '.join(sorted(missing))}: see {stack.log('airflow-dag-processor')}"
            )
        time.sleep(POLL_SECONDS)
    for dag_id in DAGS:
        for unfinished in api.runs(dag_id, states=("queued", "running")):
            api.fail(dag_id, unfinished.run_id)
        api.unpause(dag_id)


def follow(
    options: Options, api: AirflowApi, stack: AirflowStack, stand_ins: StandIns, screen: Screen
) -> tuple[Done, ...]:
    def set_market(planned: Planned) -> None:
        stand_ins.use(planned.source)
        if not options.live:
            stand_ins.set_clock(planned.clock)

    follower = Follower(
        api=api,
        screen=screen,
        logs=stack.paths.logs,
        prepare=set_market,
        check=lambda: check_alive(stack, stand_ins),
        now=options.now,
    )
    return follower.follow(plan_runs(options, recorded_at=stand_ins.recorded_at()))


def check_alive(stack: AirflowStack, stand_ins: StandIns) -> None:
    stack.check_alive()
    stand_ins.check_alive()


def charted(options: Options, done: tuple[Done, ...]) -> list[str]:
    """The ids of the coins with a history; the user may have named them by symbol."""
    landed = [one.blob for run in done for one in run.landed if "/market_chart_range/" in one.blob]
    ids = [Path(blob).parent.name.rpartition(".")[0] for blob in landed]
    return list(dict.fromkeys([*(coin for coin in options.coins if coin in ids), *ids]))


def notes(options: Options) -> tuple[str, ...]:
    found = []
    if options.replay is None:
        found.append(NO_RECORDING)
    if options.live:
        found.append(LIVE_SNAPSHOT)
    return tuple(found)


def where(stack: AirflowStack) -> dict[str, str]:
    return {"url": stack.url, "user": stack.user, "password_file": str(stack.password_file)}
