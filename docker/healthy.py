"""Exit code 0 if Airflow's API server says that a component is healthy: `python healthy.py scheduler`.

A question over HTTP; `airflow jobs check` would import Airflow each time, which takes seconds of a processor.
"""

import json
import os
import sys
import urllib.request

URL = os.environ.get("AIRFLOW_HEALTH_URL", "http://api-server:8080/api/v2/monitor/health")


def main(component: str) -> int:
    with urllib.request.urlopen(URL, timeout=10) as answer:
        health = json.load(answer)
    return 0 if (health.get(component) or {}).get("status") == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
