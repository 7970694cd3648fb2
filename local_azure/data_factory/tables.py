"""The tables of the store: what is asked for has a column, all else is JSON text."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.schema import PrimaryKeyConstraint

# Raised by every change of the tables below or of what is in their JSON; a store of another version is refused.
VERSION = 1

METADATA = MetaData()

# SQLite only counts up by itself in a column of type INTEGER.
_POSITION = BigInteger().with_variant(Integer(), "sqlite")
# Compared byte by byte in both databases: a page of a list goes on where the one before ended.
_KEY = String().with_variant(String(collation="C"), "postgresql")
# Times are microseconds since 1970 in UTC.
_TIME = BigInteger()

SCHEMA_VERSION = Table("schema_version", METADATA, Column("version", Integer, nullable=False))

RESOURCES = Table(
    "resources",
    METADATA,
    Column("factory", _KEY, nullable=False),
    Column("kind", _KEY, nullable=False),
    # The name in small letters; `name` has it as it was first written.
    Column("name_key", _KEY, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("sealed", Boolean, nullable=False),
    Column("etag", Text, nullable=False),
    Column("created", _TIME, nullable=False),
    Column("changed", _TIME, nullable=False),
    PrimaryKeyConstraint("factory", "kind", "name_key"),
)

# What runs share, by the hash of its text: a thousand runs of a pipeline keep its definition once.
DEFINITIONS = Table(
    "definitions",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("sealed", Boolean, nullable=False),
    Column("document", Text, nullable=False),
)

PIPELINE_RUNS = Table(
    "pipeline_runs",
    METADATA,
    Column("position", _POSITION, primary_key=True, autoincrement=True),
    Column("run_id", _KEY, nullable=False, unique=True),
    Column("factory", _KEY, nullable=False),
    Column("group_id", _KEY, nullable=False),
    # In small letters: filters find a pipeline whatever its case.
    Column("pipeline_key", _KEY, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("status", _KEY, nullable=False),
    Column("is_latest", Integer, nullable=False),
    Column("created", _TIME, nullable=False),
    Column("last_updated", _TIME, nullable=False),
    Column("run_start", _TIME),
    Column("run_end", _TIME),
    Column("definition", String(64), nullable=False),
    # Parameters, variables and the return value; encrypted when the definition has a SecureString.
    Column("sealed", Boolean, nullable=False),
    Column("run_values", Text, nullable=False),
    Column("rest", Text, nullable=False),
)
Index("pipeline_runs_updated", PIPELINE_RUNS.c.factory, PIPELINE_RUNS.c.last_updated)
Index("pipeline_runs_group", PIPELINE_RUNS.c.factory, PIPELINE_RUNS.c.group_id)
Index("pipeline_runs_status", PIPELINE_RUNS.c.status)

ACTIVITY_RUNS = Table(
    "activity_runs",
    METADATA,
    Column("position", _POSITION, primary_key=True, autoincrement=True),
    Column("activity_run_id", _KEY, nullable=False, unique=True),
    Column("run_id", _KEY, nullable=False),
    Column("name", _KEY, nullable=False),
    Column("type", _KEY, nullable=False),
    Column("status", _KEY, nullable=False),
    Column("run_start", _TIME, nullable=False),
    Column("run_end", _TIME),
    Column("rest", Text, nullable=False),
    Column("hidden_output", Text),
)
Index("activity_runs_run", ACTIVITY_RUNS.c.run_id, ACTIVITY_RUNS.c.position)

MEMORY = Table(
    "memory",
    METADATA,
    Column("run_id", _KEY, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "key"),
)
