#!/usr/bin/env bash
# The container engines of a test run: one for all tests that need one, and gone afterwards.
#   docker_engine.sh start DIR    the engine at DOCKER_HOST, or at its usual place, if one answers, else a dockerd of our
#                                 own; also Podman's service. Their addresses are noted in DIR. Both get the image
#                                 ottobot-agent:lean, which is built once and kept in ~/.cache/ottobot-tests
#   docker_engine.sh restart DIR  starts our dockerd again, after it was killed
#   docker_engine.sh stop DIR     ends what was started, and leaves the machine's network as it was
# Without root or without the programs there is no engine, and without a mirror no image: DIR/missing or DIR/missing-lean
# says why, and the tests are skipped. With CI set, start fails instead.
set -euo pipefail

command=${1-} dir=${2-}
[ -n "$dir" ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }

image=ottobot-test:busybox
lean=ottobot-agent:lean
repo_dir=$(cd "$(dirname "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ottobot-tests
start_seconds=60
tls_port=23761

say() { printf '%s\n' "$*" >&2; }

# missing FILE WHY
missing() {
  say "engine: $2"
  mkdir -p "$dir"
  printf '%s\n' "$2" >"$dir/$1"
  [ -z "${CI-}" ] || exit 1
}

give_up() {
  missing missing "$*"
  exit 0
}

answers() { timeout 10 docker -H "$1" version >/dev/null 2>&1; }

# A root file system that knows nothing of OttoBot: busybox, and no desktop.
make_image() {
  local root=$work/image name
  mkdir -p "$root"/{bin,etc,tmp}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for name in sh cat chmod dd echo env find grep id ip kill ls mkdir nc ping ps rm sleep stat test touch wget; do
    ln -sf busybox "$root/bin/$name"
  done
  chmod 1777 "$root/tmp"
  tar -C "$root" -cf "$work/image.tar" .
}

# The file system of the lean image, kept as long as its recipe stays the same.
lean_file() {
  local recipe
  recipe=$(awk '/^FROM/ { on = / AS lean$/ } on' "$repo_dir/docker/Dockerfile" | sha256sum | cut -c1-16)
  echo "$cache/lean-image-$recipe.tar"
}

# Its settings, as `docker import --change` takes them, a line each.
lean_settings() {
  docker -H "$1" image inspect --format '{{range .Config.Env}}ENV {{.}}{{"\n"}}{{end}}USER {{.Config.User}}{{"\n"}}WORKDIR {{.Config.WorkingDir}}' "$lean"
}

# By the file system and not by `docker save`, which fails where the engine has to mount layers to compare them.
keep_lean() {
  local container part
  mkdir -p "$cache"
  part=$(mktemp "$cache/part-XXXXXX")
  lean_settings "$1" >"$(lean_file).settings" &&
    container=$(docker -H "$1" create "$lean") &&
    docker -H "$1" export "$container" >"$part" &&
    docker -H "$1" rm "$container" >/dev/null &&
    mv "$part" "$(lean_file)"
}

# A mirror may be slow and a busy engine's runtime may stumble: what is built already stays for the next attempt.
build_lean() {
  local attempt
  for attempt in 1 2 3; do
    DOCKER_HOST=$1 "$repo_dir/scripts/build-images" lean >"$work/lean.log" 2>&1 && return
    say "engine: attempt $attempt to build $lean:"
    tail -20 "$work/lean.log" >&2
    sleep 5
  done
  return 1
}

import_lean() {
  local changes=() line
  while read -r line; do changes+=(--change "$line"); done <"$(lean_file).settings"
  docker -H "$1" import "${changes[@]}" - "$lean" <"$(lean_file)" >/dev/null
}

# provide_lean HOST: what is not there is noted as ours.
provide_lean() {
  if docker -H "$1" image inspect "$lean" >/dev/null 2>&1; then
    [ -e "$(lean_file)" ] || keep_lean "$1" # for the other engine
    return
  fi
  if [ ! -e "$(lean_file)" ]; then
    build_lean "$1" || { missing missing-lean "the image $lean cannot be built: $(tail -1 "$work/lean.log")" && return; }
    keep_lean "$1" || { missing missing-lean "the image $lean cannot be kept in $cache" && return; }
  else
    import_lean "$1"
  fi
  echo "$1" >>"$dir/lean-is-ours"
}

# certificate NAME SUBJECT USE: signed by our authority.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1-key.pem" -subj "/CN=$2" -out "$1.csr"
  printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=%s\n' "$3" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
}

make_certificates() (
  mkdir -p "$work/certs" && cd "$work/certs"
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca-key.pem -subj /CN=test -days 2 -out ca.pem
    certificate server 127.0.0.1 serverAuth
    certificate client client clientAuth
    mv client.pem cert.pem && mv client-key.pem key.pem
  } >"$work/openssl.log" 2>&1
)

network_tools() { command -v iptables-save >/dev/null && command -v ip >/dev/null; }

bridges() { ip -o link show type bridge | awk -F': ' '{ print $2 }' | sort; }

save_network() {
  iptables-save >"$work/iptables"
  bridges >"$work/bridges"
  cat /proc/sys/net/ipv4/ip_forward >"$work/ip_forward"
}

# An engine that was killed, or that had networks at its end, leaves their bridges.
restore_network() {
  local bridge
  iptables-restore <"$work/iptables"
  for bridge in $(comm -13 "$work/bridges" <(bridges)); do
    case $bridge in docker0 | br-* | cni-podman*) ip link delete "$bridge" || true ;; esac
  done
  cat "$work/ip_forward" >/proc/sys/net/ipv4/ip_forward
}

wait_for() {
  local until=$((SECONDS + start_seconds))
  until answers "$1"; do
    [ $SECONDS -lt $until ] && kill -0 "$2" 2>/dev/null || return 1
    sleep 0.2
  done
}

run_dockerd() {
  setsid dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" -H "unix://$work/docker.sock" \
    -H "tcp://127.0.0.1:$tls_port" --tlsverify --tlscacert "$work/certs/ca.pem" --tlscert "$work/certs/server.pem" \
    --tlskey "$work/certs/server-key.pem" >>"$work/log" 2>&1 </dev/null &
  echo $! >"$work/dockerd.pid"
}

# The lock is held by dockerd itself: two at once on a machine take each other's bridge away.
start_docker() {
  exec 9>/tmp/ottobot-test-dockerd.lock
  flock -w 900 9 || give_up "another test run has had its dockerd for too long"
  save_network
  make_certificates
  run_dockerd
  exec 9>&-
  host=unix://$work/docker.sock
  wait_for "$host" "$(cat "$work/dockerd.pid")" || {
    tail -20 "$work/log" >&2
    end_docker
    give_up "dockerd does not start here: $(tail -1 "$work/log")"
  }
}

restart() {
  work=$(cat "$dir/work")
  end_process "$(cat "$work/dockerd.pid")"
  rm -f "$work/pid" "$work/docker.sock"
  # Its containerd, which lives on, has kept the lock.
  exec 9>/tmp/ottobot-test-dockerd.lock
  flock -n 9 || true
  run_dockerd
  exec 9>&-
  wait_for "unix://$work/docker.sock" "$(cat "$work/dockerd.pid")" || { tail -20 "$work/log" >&2 && exit 1; }
}

start_podman() {
  command -v podman >/dev/null || return 0
  # Its own crun refuses a machine that has control groups of both versions.
  setsid podman --root "$work/podman/root" --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" --runtime runc \
    --cgroup-manager cgroupfs --events-backend file --network-config-dir "$work/podman/networks" \
    system service --time=0 "unix://$work/podman.sock" >"$work/podman.log" 2>&1 </dev/null &
  echo $! >"$work/podman.pid"
  wait_for "unix://$work/podman.sock" "$(cat "$work/podman.pid")" || return 0
  docker -H "unix://$work/podman.sock" import - "$image" <"$work/image.tar" >/dev/null || return 0
  [ ! -e "$(lean_file)" ] || import_lean "unix://$work/podman.sock"
  echo "unix://$work/podman.sock" >"$dir/podman"
}

end_process() {
  local pid=$1 until=$((SECONDS + 30))
  kill "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do
    [ $SECONDS -lt $until ] || kill -KILL "$pid" 2>/dev/null || true
    sleep 0.1
  done
}

end_docker() {
  end_process "$(cat "$work/dockerd.pid")"
  restore_network
}

unmount_below() { awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l; }

start() {
  rm -rf "$dir"
  mkdir -p "$dir"
  command -v docker >/dev/null || give_up "docker is not installed (apt-get install docker.io)"
  command -v busybox >/dev/null || give_up "busybox is not installed (apt-get install busybox-static)"
  # Sockets want short paths.
  work=$(mktemp -d /tmp/ottobot-engine-XXXXXX)
  echo "$work" >"$dir/work"
  make_image
  host=${DOCKER_HOST:-unix:///var/run/docker.sock}
  if ! answers "$host"; then
    [ "$(id -u)" -eq 0 ] || give_up "a dockerd of our own needs root; or set DOCKER_HOST"
    command -v dockerd >/dev/null && network_tools || give_up "dockerd or iptables is not installed (docker.io, iptables)"
    start_docker
    [ ! -e "$dir/missing" ] || return 0
    printf 'tcp://127.0.0.1:%s\n%s\n' "$tls_port" "$work/certs" >"$dir/tls"
  fi
  docker -H "$host" import - "$image" <"$work/image.tar" >/dev/null
  provide_lean "$host"
  echo "$host" >"$dir/docker"
  [ "$(id -u)" -ne 0 ] || start_podman
}

stop() {
  [ -e "$dir/work" ] || return 0
  work=$(cat "$dir/work")
  if [ -e "$work/podman.pid" ]; then
    [ ! -e "$dir/podman" ] || docker -H "$(cat "$dir/podman")" rmi -f "$image" >/dev/null 2>&1 || true
    end_process "$(cat "$work/podman.pid")"
  fi
  if [ -e "$work/dockerd.pid" ]; then
    end_docker
  elif [ -e "$dir/docker" ]; then
    docker -H "$(cat "$dir/docker")" rmi -f "$image" >/dev/null 2>&1 || true
    [ ! -e "$dir/lean-is-ours" ] || docker -H "$(cat "$dir/docker")" rmi -f "$lean" >/dev/null 2>&1 || true
  fi
  unmount_below "$work"
  rm -rf "$work" "$dir"
}

case $command in
  start | restart | stop) "$command" ;;
  *) exit 2 ;;
esac
