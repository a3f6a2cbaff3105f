#!/usr/bin/env bash
# Runs the client tests against a server of their own:  tests/clients/run.sh PATH_TO_SERVER
# Needs python3-redis for /usr/bin/python3, node and npm. Ends the server by its pid.
set -u

if [ $# -ne 1 ]; then
  echo "usage: $0 PATH_TO_SERVER" >&2
  exit 2
fi
server=$(command -v "$1") || { echo "$1: no such program" >&2; exit 2; }
[[ $server = /* ]] || server=$PWD/$server
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
pid=

finish() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  fi
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

free_port() {
  /usr/bin/python3 -c \
    'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

answers() {
  /usr/bin/python3 - "$1" <<'PYTHON'
import socket, sys
try:
    with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 1) as s:
        s.sendall(b'PING\r\n')
        sys.exit(0 if s.recv(5) == b'+PONG' else 1)
except OSError:
    sys.exit(1)
PYTHON
}

export SCRUBJAY_HOST=127.0.0.1
SCRUBJAY_PORT=$(free_port)
export SCRUBJAY_PORT
(cd "$folder" && exec "$server" --port "$SCRUBJAY_PORT" --bind 127.0.0.1 --save '' \
  --appendonly no) >"$folder/log" 2>&1 &
pid=$!
for _ in $(seq 100); do
  answers "$SCRUBJAY_PORT" && break
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
if ! answers "$SCRUBJAY_PORT"; then
  echo "the server does not answer:" >&2
  tail -20 "$folder/log" >&2
  exit 1
fi

node_missing=''
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  node_missing='there is no node or no npm'
elif [ ! -d "$here/node/node_modules/redis" ] || [ ! -d "$here/node/node_modules/socket.io" ]; then
  echo "== npm install"
  (cd "$here/node" &&
    timeout 180 npm install --no-package-lock --ignore-scripts --no-audit --no-fund --silent) ||
    node_missing='npm install failed: is its registry reachable?'
fi

status=0
echo "== redis-py"
: >"$folder/python"
for file in "$here"/redis_py/test_*.py; do
  timeout 180 /usr/bin/python3 "$file" >"$folder/one" 2>&1 || status=1
  grep -q '^OK' "$folder/one" || cat "$folder/one"
  cat "$folder/one" >>"$folder/python"
done
python_ran=$(sed -n 's/^Ran \([0-9]*\) test.*/\1/p' "$folder/python" |
  awk '{ sum += $1 } END { print sum + 0 }')
python_failed=$(sed -n 's/^FAILED (\(.*\))$/\1/p' "$folder/python" | grep -o '[0-9]*' |
  awk '{ sum += $1 } END { print sum + 0 }')

if [ -z "$node_missing" ]; then
  echo "== ioredis and node-redis"
  : >"$folder/node"
  for file in "$here"/node/*.test.js; do
    (cd "$here/node" && timeout 180 node --test --test-reporter=tap "$file") >"$folder/one" 2>&1 || {
      status=1
      echo "$(basename "$file") failed or did not end:"
      grep -A25 'not ok' "$folder/one" || tail -n 20 "$folder/one"
    }
    cat "$folder/one" >>"$folder/node"
  done
  sum_of() { awk -v what="$1" '$1 == "#" && $2 == what { sum += $3 } END { print sum + 0 }' "$folder/node"; }
  node_passed=$(sum_of pass)
  node_failed=$(sum_of fail)
fi

if ! kill -0 "$pid" 2>/dev/null; then
  echo "the server has ended:" >&2
  tail -20 "$folder/log" >&2
  status=1
fi
python_failed=${python_failed:-0}
echo "redis-py: $((${python_ran:-0} - python_failed)) passed, $python_failed failed"
[ "${python_ran:-0}" -gt 0 ] || status=1
if [ -n "$node_missing" ]; then
  echo "SKIPPED ioredis and node-redis: $node_missing"
else
  echo "ioredis and node-redis: ${node_passed:-0} passed, ${node_failed:-all} failed"
  [ "${node_passed:-0}" -gt 0 ] || status=1
fi
exit $status
