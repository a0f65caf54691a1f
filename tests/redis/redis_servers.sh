#!/usr/bin/env bash
# The Redis servers of a test run: one for all tests that need one, and gone afterwards.
#   redis_servers.sh start DIR    one server, and a cluster of three; their URLs are in DIR/single and DIR/cluster
#   redis_servers.sh stop DIR     ends them
# Without the programs there is none: DIR/missing says why, and the tests judge.
set -euo pipefail

command=${1-} dir=${2-}
[ -n "$dir" ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
dir=$(realpath -m "$dir")

memory_only=(--save '' --appendonly no --daemonize yes --protected-mode no)

start_node() {
  local port=$1 home=$dir/node-$1
  mkdir -p "$home"
  redis-server --port "$port" --bind 127.0.0.1 --cluster-enabled yes --cluster-port $((port + 100)) --dir "$home" \
    --cluster-node-timeout 2000 --pidfile "$home/redis.pid" --logfile "$home/log" "${memory_only[@]}"
}

# Three free ports in a row that nobody's outgoing connections use either.
start_cluster() {
  local try base
  for try in 1 2 3 4 5; do
    base=$((20000 + RANDOM % 2500))
    stop_nodes
    if start_node "$base" && start_node $((base + 1)) && start_node $((base + 2)) && join "$base"; then
      echo "redis://127.0.0.1:$base" >"$dir/cluster"
      return
    fi
  done
  echo "no cluster after $try tries; see $dir" >&2
  exit 1
}

join() {
  local n
  for n in $(seq 50); do
    redis-cli -p "$1" ping && redis-cli -p $(($1 + 1)) ping && redis-cli -p $(($1 + 2)) ping && break
    sleep 0.1
  done >/dev/null 2>&1
  redis-cli --cluster create 127.0.0.1:"$1" 127.0.0.1:$(($1 + 1)) 127.0.0.1:$(($1 + 2)) --cluster-yes \
    >"$dir/create.log" 2>&1 || return 1
  for n in $(seq 100); do
    for port in "$1" $(($1 + 1)) $(($1 + 2)); do
      redis-cli -p "$port" cluster info | grep -q cluster_state:ok || { sleep 0.1; continue 2; }
    done
    return 0
  done
  return 1
}

stop_nodes() {
  local pidfile pid
  for pidfile in "$dir"/*/redis.pid; do
    [ -f "$pidfile" ] || continue
    pid=$(cat "$pidfile")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  done
  rm -rf "$dir"/node-* "$dir"/single-node
}

case $command in
start)
  "$0" stop "$dir"
  mkdir -p "$dir"
  if ! command -v redis-server >/dev/null || ! command -v redis-cli >/dev/null; then
    echo "redis-server is not installed (apt-get install redis-server)" | tee "$dir/missing"
    exit 0
  fi
  start_cluster
  mkdir -p "$dir/single-node"
  socket=$(mktemp -d /tmp/ottobot-redis.XXXXXX)
  echo "$socket" >"$dir/socket-dir"
  redis-server --port 0 --unixsocket "$socket/redis.sock" --dir "$dir/single-node" \
    --pidfile "$dir/single-node/redis.pid" --logfile "$dir/single-node/log" "${memory_only[@]}"
  for _ in $(seq 50); do redis-cli -s "$socket/redis.sock" ping >/dev/null 2>&1 && break || sleep 0.1; done
  echo "unix:$socket/redis.sock" >"$dir/single"
  ;;
stop)
  stop_nodes
  [ ! -f "$dir/socket-dir" ] || rm -rf "$(cat "$dir/socket-dir")"
  rm -rf "$dir"
  ;;
*) exit 2 ;;
esac
