# Functions that the scripts share. Sourced, never run: `source "$(dirname "$0")/lib.sh"`.
# Every script runs from the root of the tree, may be run twice, and says what it does.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit
me=$(basename "$0")
cores=$(nproc 2>/dev/null || echo 2)
test_preset=${PAWL_TEST_PRESET:-test}

say() { printf '%s: %s\n' "$me" "$*"; }
complain() { printf '%s: %s\n' "$me" "$*" >&2; }
die() {
  complain "$*"
  exit 2
}

# A compiler cache is used where there is one; nothing depends on it.
if [[ -z ${PAWL_COMPILER_LAUNCHER:-} ]] && command -v ccache >/dev/null; then
  export PAWL_COMPILER_LAUNCHER=ccache
fi
export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

# The version that is built, and when the tree was last changed: the time of what is made of it.
version_of_tree() { sed -nE 's/^project\(pawl VERSION ([0-9.]+).*/\1/p' CMakeLists.txt; }
time_of_tree() { git log -1 --format=%ct 2>/dev/null || stat -c %Y README.md; }

# need_packages GROUP...: installs what is missing of these groups of scripts/packages.txt.
need_packages() {
  local name group reason missing=()
  command -v dpkg-query >/dev/null || {
    complain "this is not Debian: what has to be there is listed in scripts/packages.txt"
    return 0
  }
  while read -r name group reason; do
    [[ -z $name || $name == \#* || " $* " != *" $group "* ]] && continue
    [[ $name == nodejs ]] && command -v node >/dev/null && continue
    [[ $name == npm ]] && command -v npm >/dev/null && continue
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] && continue
    missing+=("$name")
  done <scripts/packages.txt
  if ((${#missing[@]} == 0)); then
    say "every package is there ($*)"
    return 0
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "no root and no sudo: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300)
  mkdir -p build
  "${apt[@]}" update || complain "the package lists could not be renewed; trying with the old ones"
  if ! "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >build/apt.log 2>&1; then
    tail -n 20 build/apt.log >&2
    die "apt-get could not install them; the whole output is in build/apt.log"
  fi
}

# configure PRESET: writes build/PRESET. Quiet unless it fails.
configure() {
  mkdir -p "build/$1"
  if ! cmake --preset "$1" >"build/$1/configure.log" 2>&1; then
    cat "build/$1/configure.log" >&2
    die "cmake --preset $1 failed"
  fi
}

# compile PRESET [TARGET...]: everything of the preset, or these targets.
compile() {
  local preset=$1 start=$SECONDS quiet=()
  shift
  configure "$preset"
  [[ -t 1 ]] || quiet=(--quiet)
  say "compiling (preset $preset, $cores at a time)${*:+: $*}"
  ninja "${quiet[@]}" -j "$cores" -C "build/$preset" "$@"
  say "compiled preset $preset in $((SECONDS - start)) s"
}

# has_target PRESET TARGET: whether the build of that preset knows it.
has_target() {
  ninja -C "build/$1" -t query "$2" >/dev/null 2>&1
}

# await FILE REGEX: the first match, of a program that says where it listens.
await() {
  local i
  for ((i = 0; i < 200; ++i)); do
    grep -oEm 1 "$2" "$1" 2>/dev/null && return 0
    sleep 0.05
  done
  tail -n 3 "$1" >&2
  die "nothing listens: $1"
}

# check WHAT COMMAND...: one thing that has to hold of what a script has made; says all that the
# command said where it does not. `checked` is the closing line.
checks_passed=0 checks_failed=0
check() {
  local what=$1 said="build/log/$me.said"
  shift
  mkdir -p build/log
  if "$@" >"$said" 2>&1; then
    checks_passed=$((checks_passed + 1))
    say "passed: $what"
  else
    checks_failed=$((checks_failed + 1))
    complain "FAILED: $what"
    cat "$said" >&2
  fi
}
checked() {
  echo "$checks_passed passed, $checks_failed failed"
  ((checks_failed == 0 && checks_passed > 0))
}

# podman_words: sets `podman` and `podman_run`, the words by which it is called here and by which it
# runs a container: those of PAWL_PODMAN (`--runtime runc`) and of PAWL_PODMAN_RUN (`--ulimit ...`).
podman_why=
podman_words() {
  read -ra podman <<<"podman ${PAWL_PODMAN:-}"
  read -ra podman_run <<<"${PAWL_PODMAN_RUN:-}"
  # Where there is no systemd to ask for a group of processes, podman makes one itself.
  [[ -d /run/systemd/system ]] || podman+=(--cgroup-manager=cgroupfs)
}
# podman_starts IMAGE ARGUMENT...: whether a container of it runs here, to the end and well. Where
# the caller has not said how, it tries what helps: another runtime (crun of Debian 12 has no mixed
# control groups), and limits that need no right to raise them. Then the words of podman_words are
# those that work; where none do, `podman_why` is what the last of them said.
podman_starts() {
  local base=("${podman[@]}") run=("${podman_run[@]}") runtime limits ours said
  ours=(--ulimit=nofile=1024:4096 --ulimit=nproc=4096:4096)
  for runtime in '' crun runc; do
    [[ -z $runtime ]] || command -v "$runtime" >/dev/null || continue
    for limits in '' ours; do
      podman=("${base[@]}" ${runtime:+--runtime "$runtime"})
      podman_run=("${run[@]}" ${limits:+"${ours[@]}"})
      said=$("${podman[@]}" run "${podman_run[@]}" --pull=never --rm --network host "$@" 2>&1) &&
        return 0
      podman_why=${said##*$'\n'}
      # Who has said how it is to be done meant that.
      [[ -z ${PAWL_PODMAN:-}${PAWL_PODMAN_RUN:-} ]] || break 2
    done
  done
  podman=("${base[@]}") podman_run=("${run[@]}")
  return 1
}

# Counts. Each part of a run adds a line `passed failed skipped` to the file that PAWL_TALLY names.
tally() {
  [[ -n ${PAWL_TALLY:-} ]] && printf '%s %s %s\n' "$1" "$2" "${3:-0}" >>"$PAWL_TALLY"
  return 0
}

# closing_line FILE: prints `N passed, M failed` over a tally; false where something failed or
# nothing ran.
closing_line() {
  local passed=0 failed=0 skipped=0 p f s
  while read -r p f s; do
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  done <"$1"
  if ((skipped > 0)); then
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  else
    printf '%d passed, %d failed\n' "$passed" "$failed"
  fi
  ((failed == 0 && passed > 0))
}

# tally_output NAME LOG STATUS: counts a program's own last line `N passed, M failed[, K skipped]`;
# one that prints none counts as one. A program that fails without a failed case is one failure.
tally_output() {
  local line p=0 f=0 s=0
  line=$(grep -E '^([a-z]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$2" |
    tail -n 1 || true)
  if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)? ]]; then
    p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[4]:-0}
  fi
  if (($3 != 0 && f == 0)); then
    complain "$1 ended with status $3"
    f=1
  elif (($3 == 0 && p == 0 && f == 0)); then
    p=1
  fi
  tally "$p" "$f" "$s"
  (($3 == 0 && f == 0))
}

# cases_of FILE...: `more skipped` over what programs wrote that ran all of their cases as one test:
# cases that passed besides that one, and such as were skipped. Of a program with a failure nothing
# counts but the failure.
cases_of() {
  cat "$@" 2>/dev/null | awk '
    function number(name) {
      return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0
    }
    /<testsuites / {
      good = number("failures") + number("errors") == 0
      if (good) more += number("tests") - 1
    }
    /<testsuite / && good { skipped += number("skipped") + number("disabled") }
    END { print more - skipped, skipped + 0 }'
}

# run_ctest PRESET [ctest options]: runs the tests, shows failures in full and passes as a count.
run_ctest() {
  local preset=$1 log="build/$1/ctest.log" status=0 total failed skipped more left_out
  shift
  rm -rf "build/$preset/cases"
  say "running the tests of preset $preset"
  # One more than there are cores: some of them wait for time that has to pass.
  ctest --test-dir "build/$preset" -j "$((cores + 1))" --output-on-failure "$@" >"$log" 2>&1 ||
    status=$?
  grep -vE '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed |^ +Start +[0-9]+: |^Internal ctest' \
    "$log" || true
  read -r failed total < <(sed -nE \
    's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+)$/\1 \2/p' "$log") || true
  skipped=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*\*\*\*Skipped' "$log" || true)
  read -r more left_out < <(cases_of "build/$preset/cases"/*.xml)
  if [[ -z $total || $total == 0 ]]; then
    complain "no test ran; the whole output is in $log"
    tally 0 1
    return 1
  fi
  if ((status != 0 && failed == 0)); then
    complain "ctest ended with status $status"
    failed=1
  fi
  tally $((total - failed - skipped + more)) "$failed" $((skipped + left_out))
  ((failed == 0))
}

# run_counted NAME COMMAND...: runs a test program of its own kind and counts its closing line.
run_counted() {
  local name=$1 log status=0
  shift
  mkdir -p build/log
  log="build/log/${name//[^a-z0-9]/-}.log"
  say "running $name"
  "$@" 2>&1 | tee "$log" || status=$?
  tally_output "$name" "$log" "$status"
}

# watched PRESET COMMAND...: runs something that starts the program of a sanitizer's preset. Fails
# where any of its processes had something to report, also one whose end is not looked at.
watched() {
  local preset=$1 status=0 reports="$root/build/$1/reports" found
  shift
  mkdir -p "$reports"
  find "$reports" -type f -delete
  PAWL=$root/build/$preset/src/app/pawl \
    ASAN_OPTIONS="log_path=$reports/asan" UBSAN_OPTIONS="log_path=$reports/ubsan" \
    TSAN_OPTIONS="log_path=$reports/tsan" "$@" || status=$?
  found=$(find "$reports" -type f -size +0 | wc -l)
  ((found == 0)) && return "$status"
  find "$reports" -type f -size +0 -exec head -n 40 {} + >&2
  complain "$found processes of preset $preset had something to report, see $reports"
  tally 0 "$found"
  return 1
}
