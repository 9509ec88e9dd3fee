#!/bin/sh
# The first passwords of KurrentDB's own users can be set by its environment only: read here, so that they are
# in no configuration.
set -eu
secrets=/run/secrets/sallyport
KURRENTDB_DEFAULT_ADMIN_PASSWORD=$(cat "$secrets/admin.password")
KURRENTDB_DEFAULT_OPS_PASSWORD=$(cat "$secrets/ops.password")
export KURRENTDB_DEFAULT_ADMIN_PASSWORD KURRENTDB_DEFAULT_OPS_PASSWORD
exec /opt/kurrentdb/KurrentDB
