#!/bin/sh
# Azurite with our guard (local_azure/blob/guard.js): TLS with checked tokens, and a clear answer while the disk is full.
# The guard wants its settings as a line of standard input, and ends with it.
set -eu
given=/var/lib/adf-export/secrets/azurite
AZURITE_ACCOUNTS=$(cat "$given/accounts")
export AZURITE_ACCOUNTS
NODE_OPTIONS='' tail -n +1 -f "$given/tls.json" |
    azurite-blob --blobHost 0.0.0.0 --blobPort 10000 --location /var/lib/adf-export/blobs \
        --disableProductStyleUrl --skipApiVersionCheck --disableTelemetry --silent --oauth basic
