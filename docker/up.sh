#!/bin/sh
# `make up`: builds what changed, starts all, and says where Airflow is. Options go to `docker compose up`.
set -eu
cd "$(dirname "$0")/.."
if ! docker compose version >/dev/null 2>&1; then
    echo "make up needs Docker with the compose plugin ('docker compose version' fails): install it, or use 'make demo'" >&2
    exit 1
fi
if ! docker info >/dev/null 2>&1; then
    echo "Docker does not answer ('docker info' fails): start it, or give your user access to it" >&2
    exit 1
fi
docker compose build
docker compose up --detach --wait "$@"
port=$(docker compose port api-server 8080)
echo
echo "Airflow:   http://${port}   user admin, password:"
echo "           docker compose exec api-server cat /run/login/passwords.json"
echo "Look at:   docker compose ps, docker compose logs SERVICE"
echo "End it:    make down (keeps all data; make down ARGS=-v forgets it)"
