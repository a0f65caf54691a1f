#!/usr/bin/env bash
# The files for operators are what their programs take them for: docker-compose, nginx, systemd. No engine is needed.
#   files.sh PROGRAM     PROGRAM: ottobot, which the units start
# Exit code 77: a program is missing. With CI set that is a failure.
set -euo pipefail
program=$1
repo_dir=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

for needed in docker-compose nginx systemd-analyze openssl; do
  command -v "$needed" >/dev/null && continue
  echo "skipped: $needed is not installed" >&2
  [ -z "${CI-}" ] || exit 1
  exit 77
done

check_compose() {
  : >"$work/none"
  cd "$repo_dir"
  OTTOBOT_CLUSTER_SECRET=x OTTOBOT_AUTH=none docker-compose --env-file "$work/none" -f docker-compose.yml config >"$work/config"
  [ "$(grep -c 'OTTOBOT_CLUSTER_SECRET: x$' "$work/config")" -eq 4 ] || fail "not every server gets the secret"
  docker-compose --env-file "$work/none" -f docker-compose.dev.yml config -q
  if env -u OTTOBOT_CLUSTER_SECRET OTTOBOT_AUTH=none docker-compose --env-file "$work/none" config >/dev/null 2>"$work/said"; then
    fail "docker-compose starts without a secret"
  fi
  grep -q 'openssl rand -hex 32' "$work/said" || fail "nobody is told how to make a secret: $(cat "$work/said")"
  if env -u OTTOBOT_AUTH OTTOBOT_CLUSTER_SECRET=x docker-compose --env-file "$work/none" config >/dev/null 2>&1; then
    fail "docker-compose starts without a word on who may use it"
  fi
}

check_nginx() {
  cp "$repo_dir"/deploy/nginx*.conf "$work/"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/privkey.pem" -subj /CN=test -days 2 \
    -out "$work/fullchain.pem" 2>/dev/null
  sed -i "s,/etc/nginx/tls/,$work/," "$work/nginx-tls.conf"
  sed -i "s,pid /tmp/nginx.pid,pid $work/pid,; s,_path /tmp/,_path $work/," "$work/nginx.conf"
  nginx -t -q -c "$work/nginx.conf"
  # As nginx.conf says: in the place of its own server block.
  sed -i '/^  server {/,/^  }/d; s,^  # \(include nginx-tls.conf;\),  \1,' "$work/nginx.conf"
  grep -q '^  include nginx-tls.conf' "$work/nginx.conf"
  nginx -t -q -c "$work/nginx.conf"
}

check_units() {
  local unit
  for unit in ottobot.service ottobot@.service; do
    sed "s,/usr/local/bin/ottobot,$program,; s,^User=.*,User=root," "$repo_dir/deploy/$unit" >"$work/$unit"
  done
  systemd-analyze verify --man=no "$work/ottobot.service" "$work/ottobot@worker.service" 2>"$work/units" || { cat "$work/units" >&2 && fail "a unit is refused"; }
  # It warns and goes on; of the machine's own units, too.
  if grep "^$work" "$work/units"; then fail "a unit is questioned"; fi
}

check_compose
check_nginx
check_units
