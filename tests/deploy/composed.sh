#!/usr/bin/env bash
# docker-compose.yml as an operator runs it, on the engine of the test run: the README's calls work, a worker and an API
# server may go, sessions outlive `down`, and nothing is left afterwards.
#   composed.sh ENGINE_DIR BIN_DIR
# Exit code 77: there is no engine, or no docker-compose. With CI set that is a failure.
set -euo pipefail
engine_dir=$1 bin_dir=$2
repo_dir=$(cd "$(dirname "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ottobot-tests
patience=120

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "FAILED: $*"
  exit 1
}
skip() {
  say "skipped: $*"
  [ -z "${CI-}" ] || exit 1
  exit 77
}

# Debian with the packages of all images, kept as long as the lists stay the same.
provide_base() {
  local packages file base container
  packages="$(awk '/^\[/ { on = ($0 == "[server]"); next } on && NF' "$repo_dir/scripts/packages.txt" | xargs) redis-server nginx-light"
  file=$cache/deploy-base-$(sha256sum <<<"$packages" | cut -c1-16).tar
  if [ ! -e "$file" ]; then
    base=$("$repo_dir/scripts/build-images" base)
    printf 'FROM %s\nARG http_proxy https_proxy\nRUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends %s && rm -rf /var/lib/apt/lists/* /var/cache/apt/*\n' \
      "$base" "$packages" |
      DOCKER_BUILDKIT=0 docker build --network host --build-arg http_proxy --build-arg https_proxy -t ottobot-test:deploy-build -
    mkdir -p "$cache"
    container=$(docker create ottobot-test:deploy-build)
    docker export "$container" >"$file.part"
    docker rm "$container" >/dev/null
    mv "$file.part" "$file"
  fi
  docker import - ottobot-test:deploy <"$file" >/dev/null
}

compose() { docker-compose --project-directory "$repo_dir" -f "$repo_dir/docker-compose.yml" "${options[@]}" "$@"; }

# The container of a service; docker-compose itself takes its time to start.
part() { docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1"; }

left() { { docker ps -aq && docker volume ls -q && docker network ls -q; } | sort; }

finish() {
  local status=$?
  trap - EXIT
  if [ $status -ne 0 ]; then
    compose ps >&2 || true
    compose logs --tail 30 >&2 || true
  fi
  compose down -v >"$work/down.log" 2>&1 || true
  [ -z "${instance-}" ] || docker ps -aq --filter "label=io.ottobot.instance=$instance" | xargs -r docker rm -fv >/dev/null
  rm -rf "$work"
  exit $status
}

# eventually WHAT COMMAND...
eventually() {
  local what=$1 until=$((SECONDS + patience))
  shift
  until "$@"; do
    [ $SECONDS -lt $until ] || fail "not within $patience s: $what"
    sleep 0.3
  done
}

curl() { command curl -f --noproxy '*' -m 60 "$@"; }
field() { curl -s "$url/session/$id" | jq -r ".$1"; }
turns() { curl -s "$url/session/$id/events?after=0&limit=1000" | jq '[.events[] | select(.type == "turn_finished")] | length'; }
has_turns() { [ "$(turns)" -ge "$1" ]; }
last_outcome() { curl -s "$url/session/$id/events?after=0&limit=1000" | jq -r '[.events[] | select(.type == "turn_finished")][-1].data.outcome'; }
create() { curl -s "$url/session" -d '{"initial_prompt": "A to-do list"}' | jq -r .session_id; }
sandboxes() { docker ps -aq --filter "label=io.ottobot.instance=$instance" | wc -l; }
has_no_sandbox() { [ "$(sandboxes)" -eq 0 ]; }

# The README's line with PATTERN in it, asked of this service for this session.
readme() {
  local line
  line=$(grep -E '^curl .*localhost:3000' "$repo_dir/README.md" | grep -F -- "$1" | head -1 | sed 's/ *#.*//')
  [ -n "$line" ] || fail "the README has no call with $1"
  line=${line//localhost:3000/${url#http://}}
  line=${line//\/ID/\/$id}
  (cd "$work" && eval "$line") || fail "the README's call fails: $line"
}

calls_of_the_readme() {
  id=
  id=$(readme initial_prompt | jq -r .session_id)
  eventually "the first turn's end" has_turns 1
  [ "$(last_outcome)" = completed ] || fail "the first turn is $(last_outcome)"
  readme 'session/ID ' | jq -e '.status' >/dev/null
  readme 'events?after=0' | jq -e '.events | length > 10' >/dev/null
  readme 'download/ID'
  unzip -p "$work"/*.zip README.md | grep 'to-do list' >/dev/null || fail "the project's zip has no README.md: $(ls "$work")"
}

# Its address stays known for a moment: the balancer asks the other one.
without_an_api_server() {
  docker kill "$(part api-1)" >/dev/null
  curl -s "$url/session/$id" >/dev/null || fail "with one API server there is no answer"
  docker start "$(part api-1)" >/dev/null
}

after_a_workers_restart() {
  docker restart -t 45 "$(part worker-1)" >/dev/null
  readme 'session/ID/messages' >/dev/null
  eventually "the second turn's end" has_turns 2
  [ "$(last_outcome)" = completed ] || fail "the second turn is $(last_outcome)"
}

command -v docker-compose >/dev/null || skip "docker-compose is not installed (apt-get install docker-compose)"
[ -e "$engine_dir/docker" ] || skip "$(cat "$engine_dir/missing" 2>/dev/null || echo "no engine in $engine_dir")"
[ ! -e "$engine_dir/missing-lean" ] || skip "$(cat "$engine_dir/missing-lean")"
DOCKER_HOST=$(cat "$engine_dir/docker")
export DOCKER_HOST
work=$(mktemp -d /tmp/ottobot-deploy-XXXXXX)
project=ottobot-test-$$
options=(-p "$project" --env-file "$work/env")
cat >"$work/env" <<TEXT
OTTOBOT_CLUSTER_SECRET=$(head -c 32 /dev/urandom | sha256sum | cut -c1-64)
OTTOBOT_AUTH=none
OTTOBOT_IMAGE=ottobot-server:test
REDIS_IMAGE=ottobot-redis:latest
NGINX_IMAGE=ottobot-nginx:latest
OTTOBOT_ENGINE_SOCKET=${DOCKER_HOST#unix://}
OTTOBOT_DATA_DIR=$work/data
OTTOBOT_PUBLISH=127.0.0.1:0
TEXT

say "== images"
provide_base >"$work/base.log" 2>&1 || { cat "$work/base.log" >&2 && fail "no base"; }
BASE_IMAGE=ottobot-test:deploy OTTOBOT_IMAGE=ottobot-server:test OTTOBOT_BIN_DIR=$bin_dir "$repo_dir/scripts/build-images" server services \
  >"$work/images.log" 2>&1 || { tail -20 "$work/images.log" >&2 && fail "no images"; }
before=$(left)
trap finish EXIT
say "== up"
compose up -d
url=http://localhost:$(docker port "$(part balancer)" 8080 | sed 's/.*://')
curl -s "$url/" | grep -i '<html' >/dev/null || fail "there is no page"
[ "$(command curl -s -m 60 --noproxy '*' -o /dev/null -w '%{http_code}' -H 'Host: evil.example:3000' "$url/session")" = 403 ] ||
  fail "a name that somebody may let lead here is answered"
eventually "two workers" eval 'curl -s "$url/health" | jq -e ".services.workers == 2 and .status == \"healthy\"" >/dev/null'
instance=$(docker exec "$(part redis)" redis-cli hget ottobot:meta store_id 2>/dev/null)
say "== the README's calls"
calls_of_the_readme
say "== without an API server"
without_an_api_server
say "== a worker starts again"
after_a_workers_restart
readme 'session/ID/stop' >/dev/null
readme 'DELETE' >/dev/null
eventually "the end of its sandbox" has_no_sandbox
id=$(create)
eventually "another turn's end" has_turns 1
say "== down, with a session"
compose down
containers=$(docker ps -aq | sort)
[ "$containers" = "$(comm -12 <(echo "$containers") <(echo "$before"))" ] || fail "after down there are still: $(docker ps -a --format '{{.Names}} {{.Status}}')"
say "== up again"
compose up -d
url=http://localhost:$(docker port "$(part balancer)" 8080 | sed 's/.*://')
eventually "an answer" eval '[ "$(field status)" = ready ]'
readme 'session/ID/messages' >/dev/null
eventually "the next turn's end" has_turns 2
[ "$(last_outcome)" = completed ] || fail "the turn after down and up is $(last_outcome)"
say "== down, for good"
compose down -v
[ "$(left)" = "$before" ] || fail "left over: $(comm -13 <(echo "$before") <(left) | xargs)"
trap - EXIT
rm -rf "$work"
