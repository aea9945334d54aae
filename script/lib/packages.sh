# shellcheck shell=bash
# Which programs the scripts need, where each is found, and the Debian and Ubuntu package that brings it.
# Installs binaries only: no service is started or enabled and no database cluster is created.

PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
oldest_postgres=15

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Runs its arguments as root.
as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

may_become_root() {
  [[ $(id -u) == 0 ]] || command -v sudo >/dev/null
}

# Prints the folder of the newest PostgreSQL server on this machine; fails when none is new enough.
postgres_bin() {
  local dir version best=0 found=
  for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin ${PATH//:/ }; do
    [[ -x $dir/postgres && -x $dir/initdb ]] || continue
    version=$("$dir/postgres" --version)
    [[ $version =~ ([0-9]+) ]] || continue
    if ((BASH_REMATCH[1] > best)); then best=${BASH_REMATCH[1]} found=$dir; fi
  done
  ((best >= oldest_postgres)) && printf '%s\n' "$found"
}

present() {
  case $1 in
    postgres) postgres_bin ;;
    redis) command -v redis-server || command -v valkey-server ;;
    nchan) compgen -G '/usr/lib/nginx/modules/ngx_nchan_module.so' ;;
    *) command -v "$1" ;;
  esac >/dev/null
}

packages_for() {
  case $1 in
    cc) echo gcc libc6-dev ;;
    postgres) echo postgresql ;;
    redis) echo redis-server ;;
    nchan) echo libnginx-mod-nchan ;;
    xmllint) echo libxml2-utils ;;
    *) echo "$1" ;;
  esac
}

# What to install on a system whose package names these scripts do not know.
described() {
  case $1 in
    cc) echo 'a C compiler with the C library headers (cc)' ;;
    postgres) echo "PostgreSQL $oldest_postgres or newer: server, client and contrib modules (postgres, initdb, psql)" ;;
    redis) echo 'Redis or Valkey (redis-server or valkey-server)' ;;
    nchan) echo 'the nchan module for nginx' ;;
    xmllint) echo 'xmllint of libxml2 (xmllint)' ;;
    *) echo "$1" ;;
  esac
}

# Makes sure that each program named is on the machine. Quick, and silent, when all are.
require() {
  local program missing=()
  present cargo || die 'cargo is not installed: install Rust with rustup, or put cargo on PATH, and run this again'
  for program in "$@"; do present "$program" || missing+=("$program"); done
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null || ! may_become_root; then
    for program in "${missing[@]}"; do printf 'missing: %s\n' "$(described "$program")" >&2; done
    die 'install the programs listed above and run this again (as root or with sudo, Debian and Ubuntu get them from apt)'
  fi
  # shellcheck disable=SC2046 # one program may need several packages
  install_packages $(for program in "${missing[@]}"; do packages_for "$program"; done)
  for program in "${missing[@]}"; do
    present "$program" || die "apt brought no $(described "$program"): install it by hand and run this again"
  done
}

# A subshell, so that the trap undoes the two temporary files whatever happens to apt.
install_packages() (
  policy=/usr/sbin/policy-rc.d
  no_cluster=/etc/postgresql-common/createcluster.d/guildhall.conf
  temporary=("$no_cluster")
  trap 'as_root rm -f "${temporary[@]}"' EXIT
  if [[ ! -e $policy ]]; then
    temporary+=("$policy")
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod 755 "$1"' sh "$policy"
  fi
  # shellcheck disable=SC2016
  as_root sh -c 'mkdir -p "${1%/*}" && echo "create_main_cluster = false" >"$1"' sh "$no_cluster"

  echo "installing with apt: $*"
  as_root apt-get update -qq </dev/null || echo 'apt-get update failed: trying with the package lists at hand' >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >/dev/null

  # Not started now is not enough: an enabled service would start at the next boot.
  for service in redis-server nginx; do
    [[ " $* " == *" $service "* ]] || continue
    if command -v systemctl >/dev/null; then
      as_root systemctl disable --quiet "$service"
    else
      as_root update-rc.d "$service" disable
    fi
  done
)
