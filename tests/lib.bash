# shellcheck shell=bash
# What the shell tests share. A test sources it, runs its cases with `check`,
# and ends with `finish`.
#
#   OUROBOROS=PROGRAM tests/cli.sh [CASE...]     only these cases
#
# Each case is a function. It runs in a shell and an empty directory of its
# own, with $OUROBOROS_DIR naming a store that is not there yet.
set -u
export LC_ALL=C

program=$(realpath "${OUROBOROS:-build/cc/ouroboros}") || exit 1
[ -x "$program" ] || {
	echo "there is no program $program"
	exit 1
}
unset OUROBOROS_KEY OUROBOROS_PASSPHRASE OUROBOROS_NEW_PASSPHRASE \
	OUROBOROS_RECOVERY_KEY
work=$(mktemp -d "${TMPDIR:-/tmp}/ouroboros-cli-XXXXXX") || exit 1
chosen=("$@")
passed=0 failed=0 skipped=0

remove_work() {
	local mount
	for mount in "$work"/*/disk; do
		! mountpoint -q "$mount" 2>/dev/null || umount "$mount"
	done
	rm -rf "$work"
}
trap remove_work EXIT
trap 'exit 130' INT TERM

# ---- cases -------------------------------------------------------------------
is_chosen() { # case
	local name
	[ ${#chosen[@]} -gt 0 ] || return 0
	for name in "${chosen[@]}"; do
		[ "$name" != "$1" ] || return 0
	done
	return 1
}

check() { # case...
	local name status
	for name in "$@"; do
		is_chosen "$name" || continue
		mkdir "$work/$name"
		(
			cd "$work/$name" || exit 1
			export OUROBOROS_DIR=$work/$name/store HOME=$work/$name
			trap 'kill $(jobs -p) 2>/dev/null' EXIT
			"$name"
		) >"$work/$name.log" 2>&1 </dev/null
		status=$?
		case $status in
		0)
			echo "ok $name"
			passed=$((passed + 1))
			;;
		77)
			echo "skip $name: $(tail -n 1 "$work/$name.log")"
			skipped=$((skipped + 1))
			;;
		*)
			echo "not ok $name"
			sed 's/^/    /' "$work/$name.log"
			failed=$((failed + 1))
			;;
		esac
		rm -rf "${work:?}/$name" 2>/dev/null
	done
}

finish() {
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
	exit
}

# Sanitizers do not run under valgrind, and take memory of their own.
skip_if_sanitized() {
	! nm -D "$program" 2>/dev/null | grep -qE '__(asan|tsan)_init' || {
		echo "a sanitized build"
		exit 77
	}
}

fail() { # words
	echo >&2 "FAIL (line ${BASH_LINENO[1]}): $*"
	exit 1
}

skip() { # words
	echo "$*"
	exit 77
}

# ---- what a case does --------------------------------------------------------
# Without a terminal, so that nothing can be asked.
o() {
	setsid -w "$program" "$@"
}

# Runs the program; its output stands in out and err afterwards.
expect() { # code argument...
	local want=$1 code=0
	shift
	o "$@" >out 2>err || code=$?
	[ $code -eq "$want" ] || {
		sed 's/^/    stderr: /' err
		fail "exit $code, not $want: ouroboros $*"
	}
}

says() { # pattern: on stderr
	grep -qiE -- "$1" err || {
		sed 's/^/    stderr: /' err
		fail "stderr does not say '$1'"
	}
}

answers() { # pattern: on stdout
	grep -qE -- "$1" out || {
		sed 's/^/    stdout: /' out
		fail "stdout does not say '$1'"
	}
}

# A hash as a pattern.
exactly() { # hash
	printf '%s\n' "${1//+/\\+}" # the only such character in a hash
}

silent() { # nothing on stderr
	[ ! -s err ] || {
		sed 's/^/    stderr: /' err
		fail "there is talk on stderr"
	}
}

same() { # text text
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# Stores a file; prints its hash.
put() { # file argument...
	o put --quiet "$@" || fail "put $*"
}

random() { # bytes
	head -c "$1" /dev/urandom
}

# Members of the JSON object in out: value KEY...
value() {
	python3 -c '
import json, sys
v = json.loads(open("out").read().splitlines()[-1])
for key in sys.argv[1:]:
    v = v[int(key)] if isinstance(v, list) else v[key]
print(v if not isinstance(v, bool) else str(v).lower())' "$@"
}

need_python() {
	command -v python3 >/dev/null || skip "there is no python3"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
}

# A small file system of its own at ./disk.
mount_disk() { # size
	need_root
	mkdir disk
	mount -t tmpfs -o "size=$1,mode=700" tmpfs disk 2>/dev/null ||
		skip "cannot mount a tmpfs"
}

# Waits for a condition, 20 s at most.
wait_until() { # command...
	local i
	for ((i = 0; i < 400; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.05
	done
	fail "did not come true: $*"
}

# Changes a byte in the middle of a file.
flip() { # file [offset]
	local size at byte
	size=$(stat -c %s "$1")
	at=${2:-$((size / 2))}
	byte=$(od -An -tu1 -j "$at" -N 1 "$1")
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((byte ^ 255)))" |
		dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# How many things a store lists.
count_listed() {
	o ls --json >listed.json || fail "ls"
	grep -o '"hash":' listed.json | wc -l
}
