# shellcheck shell=bash
# A throw-away PostgreSQL cluster behind a Unix socket, and the migrations applied to it.

# shellcheck source=script/lib/packages.sh
source "${BASH_SOURCE[0]%/*}/packages.sh"

# Starts a cluster in a new temporary folder and sets `database_url`; stop_cluster ends it and removes the folder.
start_cluster() {
  local bin
  bin=$(postgres_bin) || die "no PostgreSQL $oldest_postgres or newer found"
  cluster=$(mktemp -d "${TMPDIR:-/tmp}/guildhall.XXXXXX")
  cluster_control=("$bin/pg_ctl" -D "$cluster/data" -s -w)
  cluster_as=()
  if [[ $(id -u) == 0 ]]; then # PostgreSQL refuses to run as root
    local user=postgres
    id -u "$user" >/dev/null 2>&1 || user=nobody
    cluster_as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
    chown "$user" "$cluster"
  fi
  # The folder is closed to other users, so the socket needs no password.
  (cd "$cluster" && ${cluster_as[@]+"${cluster_as[@]}"} "$bin/initdb" -D "$cluster/data" -A trust -U postgres \
    --encoding=UTF8 --locale=C --no-sync >/dev/null)
  (cd "$cluster" && ${cluster_as[@]+"${cluster_as[@]}"} "${cluster_control[@]}" -l "$cluster/log" \
    -o "-k $cluster -c listen_addresses= -c fsync=off -c full_page_writes=off" start) || {
    cat "$cluster/log" >&2
    die 'the temporary PostgreSQL cluster did not start'
  }
  # shellcheck disable=SC2034 # for the script that sources this file
  database_url="postgres:///postgres?host=$cluster&user=postgres"
}

stop_cluster() {
  [[ -n ${cluster:-} ]] || return 0
  (cd / && ${cluster_as[@]+"${cluster_as[@]}"} "${cluster_control[@]}" -m immediate stop) || true
  rm -rf "$cluster"
  cluster=
}

# Applies every migration, in order, to the empty database at $1, the way the server does.
apply_migrations() {
  local file single
  for file in migrations/*.sql; do
    single=--single-transaction
    [[ $(head -n 1 "$file") != '-- no-transaction'* ]] || single=
    "$(postgres_bin)/psql" "$1" -qX -v ON_ERROR_STOP=1 ${single:+"$single"} -f "$file" >/dev/null ||
      die "migration failed: $file"
  done
}
