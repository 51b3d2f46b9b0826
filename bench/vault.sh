#!/usr/bin/env bash
# Stores, stores again, stores an edited copy and restores a mixed tree: with
# ouroboros, with its parts alone, with restic and with borg, in turns.
#
#   make bench-vault
#
#   BENCH_MIB=1024     size of the tree
#   BENCH_ROUNDS=3     each program does each job so often; medians count
#   BENCH_RESULTS=     a file that gets every single measurement as well
#
# All lie in one temporary directory below $TMPDIR (needs 7 times BENCH_MIB),
# what is restored in /dev/shm when it has the room. Files to be read are in
# the page cache, everything earlier is on the disk before a job begins. What
# a program takes to store and restore one empty file is its start-up and is
# taken off. docs/PERFORMANCE.md tells how to read the table.
set -eu -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.."
program=$(realpath "${OUROBOROS:-build/cc/ouroboros}")
parts=$(realpath "${BUILD:-build/cc}/bench/stages_bench")
mib=${BENCH_MIB:-1024}
rounds=${BENCH_ROUNDS:-3}
threads=2

die() {
	echo "bench-vault: $*" >&2
	exit 1
}

[ "$mib" -ge 32 ] || die "BENCH_MIB is at least 32"
[ "$rounds" -ge 1 ] || die "BENCH_ROUNDS is at least 1"

# ---- where -------------------------------------------------------------------
free_mib() { # directory
	echo $(($(df -Pk "$1" | awk 'NR == 2 { print $4 }') / 1024))
}

memory_mib() {
	awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo
}

work=$(mktemp -d "${TMPDIR:-/tmp}/ouroboros-bench-XXXXXX")
out=$work/out
trap 'rm -rf "$work" "$out"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ "$(free_mib "$work")" -ge $((7 * mib)) ] ||
	die "$work needs $((7 * mib)) MiB of free space; set TMPDIR or BENCH_MIB"
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] &&
	[ "$(free_mib /dev/shm)" -ge $((2 * mib)) ] &&
	[ "$(memory_mib)" -ge $((6 * mib)) ]; then
	out=$(mktemp -d /dev/shm/ouroboros-bench-XXXXXX)
fi
mkdir -p "$out"

unset OUROBOROS_DIR OUROBOROS_KEY OUROBOROS_PASSPHRASE OUROBOROS_RECOVERY_KEY
export RESTIC_PASSWORD=bench RESTIC_CACHE_DIR=$work/restic-cache
export RESTIC_REPOSITORY=$work/restic
export BORG_PASSPHRASE=bench BORG_BASE_DIR=$work/borg-base BORG_REPO=$work/borg
unset RESTIC_PASSWORD_FILE RESTIC_REPOSITORY_FILE BORG_PASSCOMMAND

# ---- measuring ---------------------------------------------------------------
results=$work/results # round program job seconds cpu anonymous written size

# Runs a job with its output in a file and notes what it took.
measured() { # program job directory-of-the-repository output command...
	local name=$1 job=$2 repository=$3 output=$4 size
	shift 4
	sync -f "$work"
	"$parts" run "$work/report" "$@" >"$output" 2>"$work/log" || {
		tail -n 5 "$work/log" >&2
		die "$name: $job failed: $1 $2"
	}
	sync -f "$work"
	size=$(du -s -B1 "$repository" | cut -f 1)
	echo "$round $name $job $(cat "$work/report") $size" >>"$results"
}

warm() { # directory
	find "$1" -type f -exec cat {} + >/dev/null
}

same() { # program, directory that was restored
	diff -rq "$2" "$work/edited" >&2 || die "$1 restored something else"
}

# ---- ouroboros -----------------------------------------------------------------
# Restores to one file: `get` writes several contents one after the other.
ouroboros_start() { # name k+m
	local dir=$work/$1 hash
	hash=$("$program" put --quiet --dir "$dir" --rs "$2" "$work/empty")
	measured "$1" start-put "$dir" "$work/hashes" \
		"$program" put --quiet --dir "$dir" --rs "$2" "$work/empty"
	measured "$1" start-get "$dir" "$work/restored" \
		"$program" get --quiet --dir "$dir" "$hash"
}

ouroboros_store() { # name job directory
	local files
	mapfile -d '' -t files < <(find "$3" -type f -print0 | sort -z)
	measured "$1" "$2" "$work/$1" "$work/hashes-$1" "$program" put \
		--quiet --dir "$work/$1" --rs "${1#ouroboros-}" "${files[@]}"
}

ouroboros_restore() { # name
	local hashes
	mapfile -t hashes <"$work/hashes-$1"
	measured "$1" restore "$work/$1" "$out/all" \
		"$program" get --quiet --dir "$work/$1" "${hashes[@]}"
	find "$work/edited" -type f -print0 | sort -z | xargs -0 cat |
		cmp - "$out/all" || die "$1 restored something else"
}

# ---- restic ----------------------------------------------------------------------
restic_start() {
	restic init --quiet
	restic backup --quiet "$work/empty"
	measured restic start-put "$work/restic" /dev/null \
		restic backup --quiet --force "${restic_options[@]}" "$work/empty"
	measured restic start-get "$work/restic" /dev/null \
		restic restore --quiet latest --target "$out/empty"
}

restic_store() { # name job directory
	local force=()
	[ "$2" = store ] || force=(--force)
	measured restic "$2" "$work/restic" /dev/null restic backup --quiet \
		--compression auto "${force[@]}" "${restic_options[@]}" "$3"
}

restic_restore() {
	measured restic restore "$work/restic" /dev/null \
		restic restore --quiet latest --target "$out/restic"
	same restic "$out/restic$work/edited"
}

# ---- borg ------------------------------------------------------------------------
# repokey: HMAC-SHA-256, with SHA instructions faster than repokey-blake2.
borg_store() { # name job directory
	measured borg "$2" "$work/borg" /dev/null borg create \
		--files-cache=disabled --compression zstd,3 "::$2" "$3"
}

borg_start() {
	borg init --encryption repokey
	borg create ::first "$work/empty"
	borg_store borg start-put "$work/empty"
	mkdir "$out/empty"
	(cd "$out/empty" && measured borg start-get "$work/borg" /dev/null \
		borg extract ::start-put)
}

borg_restore() {
	mkdir "$out/borg"
	(cd "$out/borg" && measured borg restore "$work/borg" /dev/null \
		borg extract ::edited)
	same borg "$out/borg$work/edited"
}

# ---- the parts alone -----------------------------------------------------------------
bare_all() { # name
	local km=${1#bare-}
	warm "$work/data"
	warm "$work/edited"
	sync -f "$work"
	"$parts" bare "${km%+*}" "${km#*+}" $threads "$work/data" \
		"$work/edited" "$work/$1" "$out/$1" >"$work/stages"
	same "$1" "$out/$1"
	awk -v round="$round" -v name="$1" '
		/^stored/ { stored = $2; grown = $4; next }
		/^[a-z]/ { job[++n] = $1; seconds[n] = $2; next }
		match($0, /[0-9.]+ s /) { cpu[n] += substr($0, RSTART) }
		END { for (i = 1; i <= n; i++)
			print round, name, job[i], seconds[i], cpu[i], 0, 0,
			    stored + (job[i] == "edited" || job[i] == "restore" ? grown : 0)
		}' "$work/stages" >>"$results"
	for job in start-put start-get; do
		echo "$round $1 $job 0 0 0 0 0" >>"$results"
	done
	rm -rf "${work:?}/$1" "${out:?}/$1"
}

# ---- rounds ----------------------------------------------------------------------------
programs=(ouroboros-3+2 ouroboros-1+0)
bares=(bare-3+2 bare-1+0)
restic_options=()
if command -v restic >/dev/null; then
	programs+=(restic)
	! restic backup --help | grep -q -e --no-scan ||
		restic_options=(--no-scan)
fi
! command -v borg >/dev/null || programs+=(borg)

do_start() { # name
	case $1 in
	ouroboros-*) ouroboros_start "$1" "${1#ouroboros-}" ;;
	*) "$1_start" >"$work/log" 2>&1 || die "$1: $(tail -n 1 "$work/log")" ;;
	esac
	rm -rf "${out:?}"/*
}

do_store() { # name job directory
	warm "$3"
	"${1%%-*}_store" "$@"
}

do_restore() { # name
	"${1%%-*}_restore" "$1"
	rm -rf "${out:?}"/*
}

do_bares() {
	local name
	for name in "${bares[@]}"; do bare_all "$name"; done
}

# The parts come first in odd rounds, last in even ones.
one_round() {
	local name
	[ $((round % 2)) = 0 ] || do_bares
	for name in "${programs[@]}"; do do_start "$name"; done
	for name in "${programs[@]}"; do do_store "$name" store "$work/data"; done
	for name in "${programs[@]}"; do do_store "$name" again "$work/data"; done
	for name in "${programs[@]}"; do do_store "$name" edited "$work/edited"; done
	for name in "${programs[@]}"; do do_restore "$name"; done
	for name in "${programs[@]}"; do rm -rf "${work:?}/$name"; done
	rm -rf "$work/restic-cache" "$work/borg-base"
	[ $((round % 2)) = 1 ] || do_bares
	# The next round begins with another.
	programs=("${programs[@]:1}" "${programs[0]}")
}

# ---- what came out -------------------------------------------------------------------------
report() { # names of all programs, then the results on standard input
	awk -v names="$*" -v bytes="$bytes" -v edited="$edited_bytes" \
		-f bench/vault.awk
}

tree_bytes() { # directory
	find "$1" -type f -printf '%s\n' |
		awk '{ b += $1 } END { printf "%.0f", b }'
}

busy() { # load
	awk -v load="$1" -v cores="$(nproc)" 'BEGIN { exit !(load > cores / 2) }'
}

began=$SECONDS
load=$(cut -d ' ' -f 1 /proc/loadavg)
: >"$work/empty"
"$parts" data "$work/data" "$mib"
"$parts" edit "$work/data" "$work/edited"
bytes=$(tree_bytes "$work/data")
edited_bytes=$(tree_bytes "$work/edited")
names=("${programs[@]:0:2}" "${bares[@]}" "${programs[@]:2}")
for ((round = 1; round <= rounds; round++)); do
	echo "round $round of $rounds" >&2
	one_round
done
[ -z "${BENCH_RESULTS:-}" ] || cp "$results" "$BENCH_RESULTS"

echo "$mib MiB in $(find "$work/data" -type f | wc -l) files, medians of $rounds rounds, MB = 10^6 bytes, MiB = 2^20"
echo "files restored to $(stat -f -c %T "$out"), repositories on $(stat -f -c %T "$work"), $(nproc) cores, $((SECONDS - began)) s"
! busy "$load" || echo "the machine was busy at the beginning (load $load): who runs more threads got more of it; trust CPU times only"
! command -v restic >/dev/null || restic version
! command -v borg >/dev/null || borg --version
echo
report "${names[@]}" <"$results"
echo
echo "the parts in one thread, 3+2, CPU time:"
"$parts" bare 3 2 1 "$work/data" "$work/edited" "$work/bare" "$out/bare" |
	sed -e '/^again/,/^stored/d' -e 's/^\(store\|restore\) .*/\1/'
