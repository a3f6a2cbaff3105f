#!/usr/bin/env bash
# Runs Redis 7.0.15's own test suite against a server, one unit at a time.
#
#   redis_suite.sh --fetch                              only bring the suite
#   redis_suite.sh --port P [--host H] [UNIT ...]       a server that is already up
#   redis_suite.sh --server PATH [UNIT ...]             a fresh server for each unit
#   redis_suite.sh --internal PATH UNIT ...             the suite starts the servers itself, with
#                                                       configuration files of its own
#
# Options: --tags "..." (default "-slow -needs:debug -needs:repl"), --ignore-encoding,
# --skip TEST (by name, may come again), --singledb, --timeout SECONDS for a unit (300), --logs FOLDER (default: build/redis-suite/logs),
# --list for the names of the units. Without units all of them run.
#
# The suite comes by `apt-get source redis` from the machine's own Debian sources, into
# build/redis-suite, and is not changed. Nothing of it is built: redis-cli and redis-benchmark
# are Debian's (package redis-tools), the server is the one under test. Needs tcl and dpkg-dev.
# Prints a row for each unit (of all units: those with tests for an external server) and the
# names of the tests that failed; exit code 1 if any did.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
place=$root/build/redis-suite
suite=$place/suite
host=127.0.0.1 port='' server='' internal='' tags='-slow -needs:debug -needs:repl' limit=300 logs=$place/logs
extra=() units=() fetch_only='' list_only='' pid='' scratch=''

fail() { echo "$0: $*" >&2; exit 2; }

finish() {
  stop_server
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
}

stop_server() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    pid=
  fi
}

# The source package, through private apt folders: the machine's own lists stay as they are,
# and no root is needed.
fetch() {
  [ -f "$suite/tests/test_helper.tcl" ] && return
  command -v apt-get >/dev/null && command -v dpkg-source >/dev/null ||
    fail 'apt-get and dpkg-source (package dpkg-dev) are needed to fetch the suite'
  local work=$place/fetch
  rm -rf "$work"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts" "$work/source"
  if [ -f /etc/apt/sources.list.d/debian.sources ]; then
    sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources \
      >"$work/parts/source.sources"
  else
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/parts/source.list"
  fi
  local options=(-qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/parts"
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache"
    -o APT::Sandbox::User="$(id -un)")
  apt-get "${options[@]}" update || fail 'apt-get update failed'
  (cd "$work/source" && apt-get "${options[@]}" source --only-source redis) \
    >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; fail 'apt-get source redis failed'; }
  local tree
  tree=$(echo "$work"/source/redis-*/)
  [ -f "$tree/tests/test_helper.tcl" ] || fail 'the source package holds no test suite'
  for program in redis-cli redis-benchmark; do
    command -v "$program" >/dev/null || fail "$program is needed (package redis-tools)"
    ln -sf "$(command -v "$program")" "$tree/src/$program"
  done
  rm -rf "$suite"
  mv "$tree" "$suite"
  rm -rf "$work"
}

answers() {
  local reply=''
  { exec 9<>"/dev/tcp/$host/$port"; } 2>/dev/null || return 1
  printf 'PING\r\n' >&9
  IFS= read -r -t 2 reply <&9
  exec 9<&- 9>&-
  [[ $reply = +PONG* || $reply = -* ]]
}

# A free port below those that the system gives to outgoing connections.
free_port() {
  local candidate
  while :; do
    candidate=$((11000 + RANDOM % 20000))
    (exec 9<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null || { echo "$candidate"; return; }
  done
}

start_server() {
  stop_server
  port=$(free_port)
  rm -rf "$scratch"
  scratch=$(mktemp -d)
  (cd "$scratch" && exec "$server" --port "$port" --bind 127.0.0.1 --save '' --appendonly no \
    --enable-debug-command yes) >"$1" 2>&1 &
  pid=$!
  for _ in $(seq 200); do
    answers && return 0
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.05
  done
  return 1
}

# One unit: prints its row, adds to the totals.
run_unit() {
  local unit=$1 log=$logs/${1//\//-}.log status ok bad note=''
  if [ -n "$server" ] && ! start_server "${log%.log}.server" &&
    ! start_server "${log%.log}.server"; then
    printf '%-36s %7d %7d  %s\n' "$unit" 0 0 'the server did not start'
    aborted=$((aborted + 1))
    stop_server
    return
  fi
  local where=(--host "$host" --port "$port")
  if [ -n "$internal" ]; then where=(--clients 1); fi
  (cd "$suite" && TERM=dumb LC_ALL=C.UTF-8 timeout -k 5 "$limit" tclsh tests/test_helper.tcl \
    "${where[@]}" --single "$unit" --durable --tags "$tags" --timeout 90 \
    --dont-clean --baseport "$(free_port)" --portcount 400 \
    "${extra[@]}") >"$log" 2>&1 </dev/null
  status=$?
  ok=$(grep -ac '^\[ok\]: ' "$log")
  bad=$(grep -ac '^\[err\]: ' "$log")
  if [ "$status" -ge 124 ]; then
    note="stopped after $limit s"
  elif grep -aq '^\[TIMEOUT\]' "$log"; then
    note='a test hangs'
  elif grep -aq '^\[exception\]' "$log"; then
    note="exception: $(grep -a -A1 '^\[exception\]' "$log" | tail -1 | cut -c1-100)"
  elif ! grep -aq 'All tests passed without errors\|Unit aborted\|The End' "$log"; then
    note='ended early'
  fi
  if [ -n "$internal" ]; then
    :
  elif [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then
    note="${note:+$note, }the server has ended"
  elif ! answers; then
    note="${note:+$note, }the server does not answer"
  fi
  stop_server
  if [ -n "$all_units" ] && [ $((ok + bad)) -eq 0 ] && [ -z "$note" ]; then return; fi
  printf '%-36s %7d %7d  %s\n' "$unit" "$ok" "$bad" "$note"
  sed -n 's/^\[err\]: //; t name; d; :name; s/ in tests\/.*//; s/^/    failed: /p' "$log"
  passed=$((passed + ok))
  failed=$((failed + bad))
  if [ -n "$note" ]; then aborted=$((aborted + 1)); fi
}

while [ $# -gt 0 ]; do
  case $1 in
    --host) host=$2; shift 2 ;;
    --port) port=$2; shift 2 ;;
    --server) server=$2; shift 2 ;;
    --internal) internal=$2; shift 2 ;;
    --tags) tags=$2; shift 2 ;;
    --timeout) limit=$2; shift 2 ;;
    --logs) logs=$2; shift 2 ;;
    --skip) extra+=(--skiptest "$2"); shift 2 ;;
    --ignore-encoding | --singledb) extra+=("$1"); shift ;;
    --fetch) fetch_only=1; shift ;;
    --list) list_only=1; shift ;;
    --help) sed -n '2,/^set -u/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    -*) fail "unknown option $1 (--help)" ;;
    *) units+=("$1"); shift ;;
  esac
done
trap finish EXIT
trap 'exit 130' INT TERM

fetch
if [ -n "$fetch_only" ]; then echo "$suite"; exit 0; fi
command -v tclsh >/dev/null || fail 'tclsh is needed (package tcl)'
mapfile -t all < <(cd "$suite" && tclsh tests/test_helper.tcl --list-tests)
if [ -n "$list_only" ]; then printf '%s\n' "${all[@]}"; exit 0; fi
if [ -n "$server" ]; then
  server=$(command -v "$server") || fail 'no such server program'
  [[ $server = /* ]] || server=$PWD/$server
elif [ -n "$internal" ]; then
  internal=$(command -v "$internal") || fail 'no such server program'
  ln -sf "$(realpath "$internal")" "$suite/src/redis-server"
  [ ${#units[@]} -gt 0 ] || fail '--internal needs the names of units'
else
  [ -n "$port" ] || fail 'name a --port or a --server (--help)'
  answers || fail "nothing answers at $host:$port"
fi
all_units=''
if [ ${#units[@]} -eq 0 ]; then
  units=("${all[@]}") all_units=1
fi
mkdir -p "$logs" "$suite/tests/tmp"

passed=0 failed=0 aborted=0
printf '%-36s %7s %7s\n' unit passed failed
for unit in "${units[@]}"; do
  run_unit "$unit"
done
echo "logs: $logs"
echo "$passed passed, $failed failed, $aborted units aborted"
[ "$passed" -gt 0 ] && [ $((failed + aborted)) -eq 0 ]
