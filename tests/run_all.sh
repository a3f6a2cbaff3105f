#!/usr/bin/env bash
# Builds and runs every test; ./dev test is the way to call it, when all packages are there.
# Each step has a time-out and a log in build/test-logs. The closing line is `N passed, N failed`.
set -u

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
logs=build/test-logs
rm -rf "$logs"
mkdir -p "$logs"
server=build/release/scrubjay
passed=0
failed=0
skipped=0
jobs=${JOBS:-$(nproc)}

# Adds up what a step's log says: "N passed, N failed" lines, ctest's and unittest's summaries.
count() {
  awk '
    /[0-9]+ passed, [0-9]+ failed/ {
      match($0, /[0-9]+ passed, [0-9]+ failed/)
      split(substr($0, RSTART, RLENGTH), word, " ")
      passed += word[1]; failed += word[3]; summed = 1
    }
    /tests failed out of [0-9]+$/ {
      match($0, /[0-9]+ tests failed out of [0-9]+$/)
      split(substr($0, RSTART, RLENGTH), word, " ")
      failed += word[1]; passed += word[6] - word[1]
    }
    /^Ran [0-9]+ tests? in / { ran = $2 }
    /^FAILED \(/ {
      gsub(/[^0-9]+/, " ")
      for (i = 1; i <= NF; ++i) bad += $i
    }
    END {
      if (!summed) { passed += ran - bad; failed += bad }
      print passed + 0, failed + 0
    }' "$1"
}

# step NAME SECONDS COMMAND...: runs it, prints its end when it fails, and counts.
step() {
  local name=$1 limit=$2 log=$logs/${1// /-}.log start=$SECONDS status good bad
  shift 2
  timeout -k 10 "$limit" "$@" >"$log" 2>&1 </dev/null
  status=$?
  read -r good bad < <(count "$log")
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  if [ "$status" -eq 0 ] && [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then good=1; fi
  passed=$((passed + good))
  failed=$((failed + bad))
  if [ "$status" -ne 0 ] || [ "$bad" -gt 0 ]; then
    tail -n 60 "$log" | sed 's/^/    /'
    [ "$status" -eq 124 ] && echo "    stopped after $limit s"
    printf 'FAILED  %-24s %5d passed, %d failed, %d s (%s)\n' "$name" "$good" "$bad" \
      $((SECONDS - start)) "$log"
    return 1
  fi
  printf 'ok      %-24s %5d passed, %d s\n' "$name" "$good" $((SECONDS - start))
  grep '^SKIPPED' "$log" && skipped=$((skipped + 1))
  return 0
}

# compile PRESET [TARGET...]: counts only when it fails.
compile() {
  local preset=$1 start=$SECONDS log=$logs/build-$1.log
  shift
  if { cmake --preset "$preset" &&
    timeout -k 10 2400 cmake --build "build/$preset" -j "$jobs" ${1:+--target "$@"}; } \
    >"$log" 2>&1 </dev/null; then
    printf 'built   %-24s %d s\n' "$preset" $((SECONDS - start))
    return 0
  fi
  grep -A20 -m3 'error\|FAILED' "$log" | head -n 60
  failed=$((failed + 1))
  printf 'FAILED  %-24s %d s (%s)\n' "build $preset" $((SECONDS - start)) "$log"
  return 1
}

compile release scrubjay unit_base unit_commands && {
  # Those of memory need jemalloc; the sanitizers bring an allocator of their own.
  step 'unit, allocator' 300 ctest --test-dir build/release -j "$jobs" --timeout 120 \
    -R '^unit/(base|commands)/' --output-on-failure --no-tests=error
  step conformance 420 /usr/bin/python3 tests/conformance/run.py --limit 400 --server "$server" \
    --oracle redis-server
  step clients 420 bash tests/clients/run.sh "$server"
  for test in tests/system/*_test.py tests/system/*_test.sh; do
    [ -e "$test" ] || continue
    name=$(basename "${test%.*}")
    case $test in
      *.py) step "system ${name%_test}" 300 /usr/bin/python3 "$test" "$root/$server" ;;
      *.sh) step "system ${name%_test}" 300 bash "$test" "$root/$server" ;;
    esac
  done
}
compile dev && {
  step 'unit and model' 600 ctest --test-dir build/dev -j "$jobs" --timeout 120 -LE stress \
    -E '^system/' --output-on-failure --no-tests=error
  step 'conformance, sanitizers' 420 /usr/bin/python3 tests/conformance/run.py --limit 400 \
    --server build/dev/scrubjay
}
compile tsan scrubjay stress_engine stress_bank stress_hub stress_invalidation &&
  step 'stress, threads' 300 ctest --test-dir build/tsan -L stress --timeout 240 \
    --output-on-failure --no-tests=error

[ "$skipped" -eq 0 ] || echo "$skipped steps were skipped in part, see SKIPPED above"
echo "took $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
