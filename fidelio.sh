#!/usr/bin/env bash
# From a fresh Debian 12 machine to a result: installs the packages Fidelio needs, builds it, and then
#   ./fidelio.sh validate MODEL [options]   runs build/bin/validate
#   ./fidelio.sh test                       builds and runs every test
#   ./fidelio.sh check-format               compares the sources with .clang-format
#   ./fidelio.sh check-tidy                 runs .clang-tidy's checks over all but kernels and tests
#   ./fidelio.sh fuzz [SECONDS]             fuzzes each reader of untrusted files from its committed corpus
# Packages come from Debian alone; where they are already installed nothing is asked of the network.
set -euo pipefail
cd "$(dirname "$0")"

packages=(
  ca-certificates cmake g++ git ninja-build pkg-config
  libbenchmark-dev libcli11-dev libfmt-dev libgmock-dev libgtest-dev libhwy-dev libpcre2-dev
  libsentencepiece-dev libutf8proc-dev libvalijson-dev libxml2-utils libxxhash-dev nlohmann-json3-dev
)

install_packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  echo "Installing: ${missing[*]}" >&2
  local sudo=()
  [[ $(id -u) -eq 0 ]] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# build TARGET...: configures once, builds what is asked for.
build() {
  cmake --preset release "${cmake_options[@]}" >&2
  cmake --build --preset release --target "$@" >&2
}

# fuzz_one FUZZER: the committed corpus, then $seconds s of new inputs, which go to build-fuzz. A finding lies in
# build-fuzz/findings, and stops the fuzzers that have not begun (status 255 to xargs).
fuzz_one() {
  local reader log
  reader=$(basename "${1%_fuzzer}")
  log=build-fuzz/$reader.log
  mkdir -p "build-fuzz/findings/$reader" "build-fuzz/corpus/$reader"
  if ! "$1" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="build-fuzz/findings/$reader/" "build-fuzz/corpus/$reader" "tests/fuzz/corpus/$reader" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    return 255
  fi
  echo "$reader: $(grep number_of_executed_units "$log" | grep -o '[0-9]*$') executions, no finding"
}

verb=${1:-help}
[[ $# -eq 0 ]] || shift
cmake_options=()
case $verb in
  validate)
    install_packages "${packages[@]}"
    build validate
    exec build/bin/validate "$@"
    ;;
  test)
    install_packages "${packages[@]}"
    build all
    ctest --preset release --output-on-failure -j "$(nproc)" "$@"
    ;;
  check-format)
    install_packages clang-format
    git ls-files '*.h' '*.cc' | xargs clang-format --dry-run --Werror
    ;;
  check-tidy)
    install_packages "${packages[@]}" clang-tidy
    cmake --preset dev >&2
    # The preset dev compiles, and so checks, each file by itself. The kernels' sources are included once per vector
    # target, which clang-tidy cannot follow. Findings go to stdout; stderr only counts warnings in system headers.
    git ls-files 'capsules/*.cc' 'core/*.cc' 'patches/*.cc' 'validate/*.cc' |
      xargs -P "$(nproc)" -n 4 clang-tidy -p build-dev --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null
    ;;
  fuzz)
    seconds=${1:-600}
    install_packages "${packages[@]}" clang libclang-rt-14-dev
    cmake --preset fuzz >&2
    cmake --build --preset fuzz --target fuzzers >&2
    export -f fuzz_one
    export seconds
    printf '%s\n' build-fuzz/bin/*_fuzzer | xargs -P "$(nproc)" -I '{}' bash -c 'fuzz_one "$1"' _ '{}'
    ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
