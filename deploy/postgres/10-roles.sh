#!/usr/bin/env bash
# Runs once, when the database's volume is empty: the owner's and the run-time role beside the administrator.
# The same as collections_platform/embedded/roles.py does for the embedded server.
set -euo pipefail

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set owner_password="$POSTGRES_OWNER_PASSWORD" --set app_password="$POSTGRES_APP_PASSWORD" --set db="$POSTGRES_DB" <<'SQL'
CREATE ROLE trato_owner LOGIN PASSWORD :'owner_password'
    NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION NOINHERIT;
CREATE ROLE trato_app LOGIN PASSWORD :'app_password'
    NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION NOINHERIT;
ALTER DATABASE :"db" OWNER TO trato_owner;
REVOKE ALL ON DATABASE :"db" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"db" TO trato_owner, trato_app;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO trato_owner;
GRANT USAGE ON SCHEMA public TO trato_app;
ALTER DEFAULT PRIVILEGES FOR ROLE trato_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO trato_app;
ALTER DEFAULT PRIVILEGES FOR ROLE trato_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO trato_app;
SQL
