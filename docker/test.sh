#!/bin/bash
# Builds the container image and tries it as its users would. Where no engine answers, it installs
# one (Debian, as root), runs it for the test alone and removes what it made.
#
# usage: docker/test.sh [--if-possible] [CONTEXT]
#   --if-possible  where no engine can run, say SKIPPED and why, and exit with 0
#   CONTEXT        the folder to build from (default: the repository)
set -u

if_possible=no
[ "${1:-}" = --if-possible ] && { if_possible=yes; shift; }
here=$(cd "$(dirname "$0")" && pwd)
context=$(cd "${1:-$here/..}" && pwd) || exit 1

image=scrubjay:test-$$
work=$(mktemp -d /tmp/sj.XXXXXX)
max_image_bytes=$((12 * 1000 * 1000))
hardening=(--read-only --cap-drop ALL --security-opt no-new-privileges --memory 256m)
dockerd_pid=
debian=debian:bookworm-slim
own_base=scrubjay-base:$$
base_option=()
containers=()
passed=0
failed=0

docker_cli() { "${docker[@]}" "$@"; }

clean_up() {
  local name
  for name in "${containers[@]}"; do docker_cli rm -f -v "$name" > /dev/null 2>&1; done
  if [ -n "$dockerd_pid" ]; then
    kill "$dockerd_pid" 2> /dev/null
    wait "$dockerd_pid" 2> /dev/null
    umount "$work/exec/netns/default" 2> /dev/null
  elif [ -n "${docker+set}" ]; then
    docker_cli image rm -f "$image" ${base_option[@]:+"$own_base"} > /dev/null 2>&1
  fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

cannot_run() {
  if [ "$if_possible" = yes ]; then
    echo "SKIPPED: $1"
    exit 0
  fi
  echo "cannot run: $1" >&2
  exit 1
}

check() {  # check TITLE COMMAND...: passes if the command does
  local title=$1
  shift
  if "$@" > "$work/output" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $title"
  else
    failed=$((failed + 1))
    echo "FAILED  $title"
    sed 's/^/        /' "$work/output" | tail -n 20
  fi
}

# --- the engine -----------------------------------------------------------------------------------

find_engine() {
  local client
  for client in /usr/bin/docker docker; do
    command -v "$client" > /dev/null || continue
    docker=("$client")
    timeout 10 "$client" info > /dev/null 2>&1 && return 0
  done
  return 1
}

install_engine() {
  [ "$(id -u)" = 0 ] || cannot_run "$1, and only root can make up for it"
  command -v apt-get > /dev/null || cannot_run "$1, and there is no apt-get to make up for it"
  if ! [ -x /usr/sbin/dockerd ] || ! command -v mmdebstrap > /dev/null; then
    echo "installing docker.io and mmdebstrap"
    { apt-get update && apt-get install -y --no-install-recommends docker.io mmdebstrap; } \
      > "$work/log" 2>&1 || cannot_run "docker.io did not install: $(tail -n 1 "$work/log")"
  fi
}

start_engine() {
  /usr/sbin/dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" \
    -H "unix://$work/docker.sock" --bridge=none --iptables=false --ip6tables=false \
    --ip-forward=false --ip-masq=false > "$work/dockerd.log" 2>&1 &
  dockerd_pid=$!
  docker=(/usr/bin/docker -H "unix://$work/docker.sock")
  local i
  for ((i = 0; i < 60; i++)); do
    docker_cli info > /dev/null 2>&1 && return
    kill -0 "$dockerd_pid" 2> /dev/null || break
    sleep 0.5
  done
  cannot_run "dockerd did not start: $(tail -n 1 "$work/dockerd.log")"
}

# A minimal Debian in place of the one that a registry would give; it stays in this engine.
import_base() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' |
    head -n 1)
  [ -n "$mirror" ] || cannot_run "apt-get knows no mirror of Debian 12"
  mmdebstrap --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='Acquire::Check-Date "false"' bookworm "$work/base.tar" "$mirror" \
    > "$work/log" 2>&1 || cannot_run "mmdebstrap failed: $(tail -n 1 "$work/log")"
  docker_cli import "$work/base.tar" "$own_base" > /dev/null ||
    cannot_run "the base image was not imported"
  rm -f "$work/base.tar"
  base_option=(--build-arg "BASE=$own_base")
}

# --- helpers for the checks -----------------------------------------------------------------------

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do :; done
  echo "$port"
}

start() {  # start NAME OPTION... -- COMMAND...
  local name=scrubjay-$$-$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  containers+=("$name")
  docker_cli run -d --name "$name" "${hardening[@]}" --health-interval 1s "${options[@]}" "$image" \
    "$@" > /dev/null
}

healthy() {
  local name=scrubjay-$$-$1 state i
  for ((i = 0; i < 60; i++)); do
    state=$(docker_cli inspect -f '{{.State.Health.Status}}' "$name")
    [ "$state" = healthy ] && return 0
    [ "$(docker_cli inspect -f '{{.State.Running}}' "$name")" = true ] || break
    sleep 0.5
  done
  echo "its health is: $state"
  docker_cli inspect -f '{{range .State.Health.Log}}{{.Output}}{{end}}' "$name"
  docker_cli logs "$name"
  return 1
}

inside() {  # inside NAME COMMAND...
  local name=scrubjay-$$-$1
  shift
  docker_cli exec "$name" "$@"
}

answers() {  # answers EXPECTED COMMAND...
  local expected=$1 answer
  shift
  answer=$("$@" 2>&1)
  [ "$answer" = "$expected" ] && return 0
  echo "answered: $answer"
  echo "expected: $expected"
  return 1
}

fails() { ! "$@"; }

image_is_small() {
  local bytes
  bytes=$(docker_cli image inspect -f '{{.Size}}' "$image")
  echo "$bytes bytes"
  [ "$bytes" -le "$max_image_bytes" ]
}

is_no_root() {
  local id
  id=$(inside "$1" id -u) && [ "$id" != 0 ]
}

answers_from_outside() {  # over the host's network, without a client program
  local line
  exec 5<> "/dev/tcp/127.0.0.1/$1" || return 1
  printf 'PING\r\n' >&5
  read -r -t 5 line <&5
  exec 5>&-
  [ "$line" = $'+PONG\r' ]
}

stops_well() {
  local name=scrubjay-$$-$1 code
  docker_cli stop -t 10 "$name" > /dev/null
  code=$(docker_cli inspect -f '{{.State.ExitCode}}' "$name")
  [ "$code" = 0 ] && return 0
  echo "exit code $code"
  docker_cli logs "$name"
  return 1
}

# --- the test -------------------------------------------------------------------------------------

if find_engine; then
  echo "engine: $(docker_cli version -f '{{.Server.Version}}'), already running"
  if ! { docker_cli image inspect $debian || docker_cli pull -q $debian; } > /dev/null 2>&1; then
    install_engine "the engine cannot get $debian"
    import_base
  fi
else
  install_engine "no container engine answers"
  start_engine
  import_base
  echo "engine: $(docker_cli version -f '{{.Server.Version}}'), started for this test"
fi

build() {
  DOCKER_BUILDKIT=1 docker_cli build --progress plain --network host "${base_option[@]}" -t "$image" \
    -f "$here/Dockerfile" "$context"
}
check "the image builds" build
if [ "$failed" -gt 0 ]; then
  echo "$passed passed, $failed failed"
  exit 1
fi
check "the image is at most 12 MB" image_is_small
echo "        $(docker_cli image inspect -f '{{.Size}}' "$image") bytes"

port=$(free_port)
check "starts with options alone" start options --network host -- --port "$port"
check "is healthy by its own check" healthy options
check "answers over the host's network" answers_from_outside "$port"
check "does not run as root" is_no_root options
check "redis-cli works inside" answers PONG inside options redis-cli -p "$port" ping
check "redis-cli finds localhost" answers PONG inside options redis-cli -h localhost -p "$port" ping
check "/data can be written" inside options sh -c 'echo x > /data/probe && rm /data/probe'
check "the rest cannot" fails inside options sh -c 'echo x > /probe'
check "SIGTERM ends it with exit code 0" stops_well options

port=$(free_port)
check "starts as redis-server with a password" start password --network host \
  --health-cmd "redis-cli -p $port ping" -- \
  redis-server --port "$port" --requirepass secret --appendonly yes
check "is healthy by redis-cli ping in a shell" healthy password
check "its own check counts a login wanted as alive" inside password scrubjay healthcheck
check "wants the password" answers "NOAUTH Authentication required." \
  inside password redis-cli -p "$port" ping
check "takes the password" answers PONG \
  inside password redis-cli -a secret --no-auth-warning -p "$port" ping
check "SIGTERM ends it with exit code 0" stops_well password

check "starts without a command" start plain --network none --health-cmd "redis-cli ping | grep PONG" --
check "is healthy on port 6379" healthy plain
check "its own check agrees" inside plain scrubjay healthcheck
check "protected mode is off" answers $'protected-mode\nno' inside plain redis-cli config get protected-mode
check "SIGTERM ends it with exit code 0" stops_well plain

check "starts from a shell" start shell --network none -- sh -c 'redis-server --port $((7000 + 1))'
check "answers there" inside shell sh -c \
  'for i in 1 2 3 4 5 6 7 8 9; do redis-cli -p 7001 ping | grep PONG && exit; sleep 1; done; exit 1'
check "SIGTERM ends it with exit code 0" stops_well shell

printf 'port 7002\n' > "$work/x.conf"
chmod 755 "$work"
check "starts from a configuration file" start file --network none \
  --health-cmd "redis-cli -p 7002 ping" -v "$work/x.conf:/etc/x.conf:ro" -- /etc/x.conf
check "is healthy on the file's port" healthy file
check "its own check finds that port" inside file scrubjay healthcheck
check "SIGTERM ends it with exit code 0" stops_well file

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
