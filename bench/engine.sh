#!/usr/bin/env bash
# The same work for our engine, LMDB, RocksDB, LevelDB and a floor, in turns;
# a table with ratios and aims, and a plot.
#
#   make bench-engine
#
#   BENCH_KEYS=1000000    keys of 16 bytes
#   BENCH_ROUNDS=3        each contestant does each job so often; medians count
#   BENCH_DURABLE=1000    durable puts of 1 thread; 8 do twice, 64 four times
#   BENCH_ONLY=           only these contestants ("ours floor")
#   BENCH_RESULTS=        a file that gets every single measurement as well
#   BENCH_PLOT=docs/bench-engine.svg
#
# All lie in one temporary directory below $TMPDIR. Each job of a contestant
# is a process of its own, and everything earlier is on the disk before it
# begins. docs/PERFORMANCE.md tells what is measured, and why that is fair.
set -eu -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.."
program=$(realpath "${BUILD:-build/cc}/bench/engine/engine_bench")
keys=${BENCH_KEYS:-1000000}
rounds=${BENCH_ROUNDS:-3}
durable=${BENCH_DURABLE:-1000}
plot=${BENCH_PLOT:-docs/bench-engine.svg}

die() {
	echo "bench-engine: $*" >&2
	exit 1
}

[ "$keys" -ge 1000 ] || die "BENCH_KEYS is at least 1000"
[ "$rounds" -ge 1 ] || die "BENCH_ROUNDS is at least 1"
[ "$durable" -ge 64 ] || die "BENCH_DURABLE is at least 64"

# ---- where -------------------------------------------------------------------
work=$(mktemp -d "${TMPDIR:-/tmp}/ouroboros-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
free_mib=$(($(df -Pk "$work" | awk 'NR == 2 { print $4 }') / 1024))
need_mib=$((keys * 6 / 1024 + 1024))
[ "$free_mib" -ge "$need_mib" ] ||
	die "$work needs $need_mib MiB of free space; set TMPDIR or BENCH_KEYS"
results=$work/results # round program row value

# ---- contestants ---------------------------------------------------------------
mapfile -t programs < <("$program" names)
for name in lmdb rocksdb leveldb; do
	[[ " ${programs[*]} " == *" $name "* ]] ||
		echo "bench-engine: $name is not installed (lib$name-dev), left out" >&2
done
[ -z "${BENCH_ONLY:-}" ] || read -r -a programs <<<"$BENCH_ONLY"

# ---- rounds --------------------------------------------------------------------
wrong=0

# One job; what it says goes to the results.
job() { # program job
	sync -f "$work"
	if "$program" "$1" "$2" "$work/store" "$keys" "$durable" >"$work/out"; then
		:
	else
		echo "bench-engine: $1: $2 failed" >&2
		wrong=1
	fi
	sed "s/^/$round $1 /" "$work/out" >>"$results"
}

# Jobs that work on one store, one after the other.
jobs_of() { # program job...
	local name=$1 each
	shift
	mkdir "$work/store"
	for each in "$@"; do job "$name" "$each"; done
	rm -rf "$work/store"
}

everyone() { # job...
	local name
	for name in "${programs[@]}"; do jobs_of "$name" "$@"; done
}

one_round() {
	everyone put
	everyone batch read open memory
	everyone durable
	everyone put-1k get-1k
	everyone overwrite
	# The next round begins with another.
	programs=("${programs[@]:1}" "${programs[0]}")
}

busy() { # load
	awk -v load="$1" -v cores="$(nproc)" 'BEGIN { exit !(load > cores / 2) }'
}

began=$SECONDS
load=$(cut -d ' ' -f 1 /proc/loadavg)
: >"$results"
round=0
echo "kill -9" >&2
everyone crash-single
everyone crash-batch
everyone crash-durable
for ((round = 1; round <= rounds; round++)); do
	echo "round $round of $rounds" >&2
	one_round
done
[ -z "${BENCH_RESULTS:-}" ] || cp "$results" "$BENCH_RESULTS"

# ---- what came out -----------------------------------------------------------------
version() { # package
	dpkg-query -W -f ' ${Version}' "$1" 2>/dev/null || echo ' of an unknown version'
}

about="$keys keys of 16 B, medians of $rounds round(s), $(nproc) cores, $(findmnt -n -o FSTYPE -T "$work")"
echo "$about, $((SECONDS - began)) s"
echo "LMDB$(version liblmdb-dev), RocksDB$(version librocksdb-dev), LevelDB$(version libleveldb-dev)"
! busy "$load" || {
	echo "the machine was busy at the beginning (load $load): not to be trusted"
	about+=", on a busy machine"
}
echo
awk -v keys="$keys" -f bench/engine/rows.awk -f bench/engine/table.awk "$results"
awk -v about="$about" -f bench/engine/rows.awk -f bench/engine/plot.awk \
	"$results" >"$work/plot"
cp "$work/plot" "$plot"
echo
echo "plot: $plot"
[ "$wrong" = 0 ] || die "what failed is told above"
