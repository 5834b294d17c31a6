#!/usr/bin/env bash
# How the gate counts; read by .ci/run, and by test/gate.test.ts, which shows it suites that die.

passed=0 failed=0 skipped=0 closed=0 running=0
work=$(mktemp -d)
log=$work/log

# What else is to be done at the end.
tidy() { :; }

# Whatever ends the script, the last line is a count; where that was not reached in order, it holds one more failure.
close() {
  local status=$?
  # A second Ctrl-C must not cost the count.
  trap '' INT TERM HUP
  [ "$running" -eq 0 ] || kill -TERM $!
  tidy
  rm -rf "$work"
  [ "$closed" -eq 0 ] || exit "$status"
  echo "FAILED: the gate itself ended early (exit $status)"
  echo "$passed passed, $((failed + 1)) failed"
  exit 1
}
trap close EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# failure WORDS: counts one, and says which.
failure() {
  echo "FAILED: $*"
  failed=$((failed + 1))
}

# apart MINUTES COMMAND...: ended after so many minutes, with nothing on stdin, in a session of its own: a program that signals
# its own process group does not reach this script. What it prints is also in $log. A function runs in this shell instead.
apart() {
  local minutes=$1 status
  shift
  if [ "$(type -t "$1")" = function ]; then
    "$@" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
  else
    # A shell starts what runs in the background with Ctrl-C ignored, and that would be inherited by every test.
    setsid env --default-signal=INT,QUIT timeout --kill-after=10s "${minutes}m" \
      bash -c '"$@" 2>&1 | tee "$0"; exit "${PIPESTATUS[0]}"' "$log" "$@" </dev/null &
    running=1
    wait $!
    status=$? running=0
    [ "$status" -ne 124 ] || echo "not finished after $minutes minutes"
  fi
  # Colours would hide the closing lines.
  sed -i 's/\x1b\[[0-9;]*m//g' "$log"
  return "$status"
}

# closing WORD: the number before it in the runner's closing lines, or nothing.
closing() {
  grep -E "^ *[0-9]+ $1\$" "$log" | tail -n 1 | grep -oE '[0-9]+'
}

# count NAME COMMAND...: runs a suite of `bun test` and adds what its closing lines say.
count() {
  local name=$1 status pass fail skip
  shift
  echo "== $name"
  apart 30 "$@"
  status=$?
  pass=$(closing pass) fail=$(closing fail) skip=$(closing skip)
  if ! grep -qE '^Ran [0-9]+ tests? across [0-9]+ files?' "$log" || [ -z "$pass" ] || [ -z "$fail" ]; then
    failure "$name: the runner's closing lines are missing (exit $status)"
    return
  fi
  passed=$((passed + pass)) failed=$((failed + fail)) skipped=$((skipped + ${skip:-0}))
  if [ "$fail" -gt 0 ]; then
    echo "FAILED: $name: $fail of its tests"
  elif [ "$pass" -eq 0 ] && [ "${skip:-0}" -eq 0 ]; then
    failure "$name: no test ran"
  elif [ "$status" -ne 0 ]; then
    failure "$name: exit $status although no test failed"
  fi
}

# step NAME COMMAND...: something that must succeed, counted as one.
step() {
  local name=$1
  shift
  echo "== $name"
  if apart 15 "$@"; then passed=$((passed + 1)); else failure "$name: exit $?"; fi
}

# verdict: the last line, and whether the gate is open.
verdict() {
  closed=1
  [ "$skipped" -eq 0 ] || echo "$skipped skipped (each named above)"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
