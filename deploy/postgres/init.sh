#!/bin/sh
# Run once, on a new volume: the role of the service, which is no superuser, and its database.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\set password `cat /run/secrets/sallyport/sallyport.password`
CREATE ROLE sallyport LOGIN PASSWORD :'password';
CREATE DATABASE sallyport OWNER sallyport;
REVOKE ALL ON DATABASE sallyport FROM PUBLIC;
SQL
