#!/bin/sh
# PostgreSQL takes a private key from a file of its own user only, so it gets a copy, in memory.
set -eu
install -m 0600 /run/secrets/sallyport/server.key /run/tls/server.key
exec docker-entrypoint.sh postgres \
  -c ssl=on \
  -c ssl_cert_file=/run/secrets/sallyport/server.crt \
  -c ssl_key_file=/run/tls/server.key \
  -c hba_file=/etc/postgresql/sallyport/pg_hba.conf \
  -c password_encryption=scram-sha-256 \
  -c max_connections=200
