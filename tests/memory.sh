#!/usr/bin/env bash
# K27: memory does not grow with the object. Anonymous memory (RssAnon) of the
# program is sampled while it stores and reads a large object of random bytes
# and a far larger sparse one. OURO_LONG=1: 4 GiB and 1 TiB, as the row says;
# else smaller ones, with the same limit.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238,SC2054
. "$(dirname "$0")/lib.bash"

limit_kib=$((64 * 1024))
if [ "${OURO_LONG:-}" = 1 ]; then
	random_mib=4096 sparse_gib=1024
else
	random_mib=256 sparse_gib=3
fi

# Runs a command and leaves the most RssAnon it ever had, in KiB, in `peak`.
measured() {
	local child now most=0
	"$@" &
	child=$!
	while kill -0 $child 2>/dev/null; do
		now=$(awk '/^RssAnon/ { print $2 }' /proc/$child/status 2>/dev/null)
		[ "${now:-0}" -le "$most" ] || most=$now
		sleep 0.01
	done
	echo "$most" > peak
	wait $child
}

within_limit() { # what
	local peak
	peak=$(cat peak)
	echo "$1: $peak KiB of anonymous memory"
	[ "$peak" -gt 0 ] || fail "$1: nothing was measured"
	[ "$peak" -le $limit_kib ] || fail "$1: more than $limit_kib KiB"
}

stores_and_reads() { # file
	local sum hash
	skip_if_sanitized
	sum=$(sha256sum < "$1")
	measured "$program" --quiet put "$1" > hash || fail "put"
	within_limit "put"
	hash=$(cat hash)
	measured "$program" --quiet get "hash:$hash" > >(sha256sum > sum) ||
		fail "get"
	within_limit "get"
	for _ in $(seq 100); do
		[ -s sum ] && break
		sleep 0.1
	done
	[ "$sum" = "$(cat sum)" ] || fail "other bytes came back"
}

K27_a_large_object_of_random_bytes() {
	head -c "${random_mib}M" /dev/urandom > random
	stores_and_reads random
}

K27_a_far_larger_sparse_object() {
	truncate -s "${sparse_gib}G" sparse
	stores_and_reads sparse
}

check K27_a_large_object_of_random_bytes K27_a_far_larger_sparse_object
finish
