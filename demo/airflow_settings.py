"""The Airflow configuration of the demo, written as one private airflow.cfg."""

import configparser
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

USER = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowPaths:
    """Where one Airflow lives: everything but the DAGs and plugins is below `home`."""

    home: Path
    dags: Path
    plugins: Path

    @property
    def config(self) -> Path:
        return self.home / "airflow.cfg"

    @property
    def database(self) -> Path:
        return self.home / "airflow.db"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def keys(self) -> Path:
        return self.home / "keys.json"

    @property
    def passwords(self) -> Path:
        return self.home / "passwords.json"


def settings(paths: AirflowPaths, *, port: int, parallelism: int, keys: dict[str, str]) -> dict[str, dict[str, str]]:
    """Section, option, value. A comment says why where the name does not."""
    url = f"http://127.0.0.1:{port}"
    return {
        "core": {
            "dags_folder": str(paths.dags),
            "plugins_folder": str(paths.plugins),
            "executor": "LocalExecutor",
            "parallelism": str(parallelism),
            "load_examples": "False",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(paths.passwords),
            "execution_api_server_url": f"{url}/execution/",
            "fernet_key": keys["fernet_key"],
            # the default asks DNS for our name, which takes seconds without a network
            "hostname_callable": "socket.gethostname",
            "min_serialized_dag_update_interval": "5",
        },
        "api": {
            "host": "127.0.0.1",
            "port": str(port),
            "base_url": url,
            "workers": "1",
            "secret_key": keys["secret_key"],
            "instance_name": "Crypto lakehouse demo",
        },
        "api_auth": {"jwt_secret": keys["jwt_secret"]},
        "database": {
            "sql_alchemy_conn": f"sqlite:///{paths.database}",
            "sql_alchemy_connect_args": "demo.sqlite.CONNECT_ARGS",
            "sql_alchemy_connect_args_async": "demo.sqlite.CONNECT_ARGS",
        },
        "scheduler": {
            # runs are started by the demo: no timetable starts one beside it
            "use_job_schedule": "False",
            "scheduler_idle_sleep_time": "0.25",
            "scheduler_heartbeat_sec": "2",
            "job_heartbeat_sec": "2",
            # tasks of a demo that was killed are taken up again by the next one after these seconds
            "scheduler_health_check_threshold": "12",
            "orphaned_tasks_check_interval": "10",
            "task_instance_heartbeat_timeout": "60",
            "parsing_cleanup_interval": "300",
        },
        "dag_processor": {
            "refresh_interval": "30",
            "min_file_process_interval": "60",
            "stale_dag_threshold": "120",
            "parsing_processes": "2",
            "print_stats_interval": "0",
        },
        # a supervisor looks this often (whole seconds) for the end of its task: a later look lets a fast trigger
        # resume the task before its first half is known to have ended, which the scheduler takes for a failure
        "workers": {"min_heartbeat_interval": "1"},
        "triggerer": {"job_heartbeat_sec": "2", "capacity": "100"},
        "logging": {
            "base_log_folder": str(paths.logs),
            "dag_processor_child_process_log_directory": str(paths.logs / "dag_processor"),
            "colored_console_log": "False",
        },
    }


def read_keys(paths: AirflowPaths) -> dict[str, str]:
    """The random keys of this Airflow, made at its first start: a second start can read what the first encrypted."""
    names = ("fernet_key", "jwt_secret", "secret_key")
    if paths.keys.is_file():
        keys = json.loads(paths.keys.read_text())
        if isinstance(keys, dict) and all(isinstance(keys.get(name), str) for name in names):
            return keys
    keys = {name: urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in names}
    write_private(paths.keys, json.dumps(keys))
    return keys


def read_password(paths: AirflowPaths) -> str:
    """The password of the one user, made at the first start."""
    if paths.passwords.is_file():
        passwords = json.loads(paths.passwords.read_text())
        if isinstance(passwords, dict) and isinstance(passwords.get(USER), str):
            return str(passwords[USER])
    password = secrets.token_urlsafe(18)
    write_private(paths.passwords, json.dumps({USER: password}) + "\n")
    return password


def write_settings(paths: AirflowPaths, *, port: int, parallelism: int) -> None:
    """Writes airflow.cfg, readable by its owner only."""
    config = configparser.RawConfigParser()
    for section, options in settings(paths, port=port, parallelism=parallelism, keys=read_keys(paths)).items():
        config[section] = {name: value.replace("%", "%%") for name, value in options.items()}
    write_private(paths.config, "")
    with paths.config.open("w") as file:
        config.write(file)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
