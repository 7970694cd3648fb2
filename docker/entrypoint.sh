#!/bin/sh
# Variables that can only be given by the environment come from files of the volume `secrets`, not from the compose file.
set -eu
for file in /run/adf-export/environment/*; do
    [ -r "$file" ] || continue
    export "$(basename "$file")=$(cat "$file")"
done
exec "$@"
