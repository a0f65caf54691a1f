#!/bin/bash
# run.sh server|client REVISION PROGRAM: one leg of the official conformance suite, from the folder where its packages are
# installed, in a network namespace of its own (the harness listens on all addresses).
set -euo pipefail
leg=$1 revision=$2 program=$3
ip link set lo up
PATH=$PWD/node_modules/.bin:$PATH
options=(--requirements "$revision" --expected-failures "$PWD/expected-failures.yml" -o "results/$leg-$revision")
if [ "$leg" = client ]; then
  exec conformance client --command "$program" --timeout 20000 "${options[@]}"
fi
coproc SERVER { exec "$program" 0; }
pid=$SERVER_PID
trap 'kill "$pid"' EXIT
read -r -t 10 line <&"${SERVER[0]}"
conformance server --url "${line##* }" "${options[@]}"
