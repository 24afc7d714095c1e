#!/bin/bash
# Run once by the Postgres image, on an empty volume: the role that migrates owns the database, and
# the application has another one that may do no more than the migrations grant it.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
  --set=owner="$ROLECALL_OWNER_PASSWORD" --set=app="$ROLECALL_APP_PASSWORD" <<'SQL'
SET log_min_error_statement = 'panic';
CREATE ROLE rolecall_owner LOGIN PASSWORD :'owner';
CREATE ROLE rolecall_app LOGIN PASSWORD :'app';
CREATE DATABASE rolecall OWNER rolecall_owner;
REVOKE ALL ON DATABASE rolecall FROM PUBLIC;
GRANT CONNECT ON DATABASE rolecall TO rolecall_app;
SQL
