#!/usr/bin/env bash
# K27: memory does not grow with the object. Anonymous memory (RssAnon) of the
# program is sampled while it stores and reads a large object of random bytes
# and a far larger sparse one. OURO_LONG=1: 4 GiB and 1 TiB, as the row says;
# else smaller ones, with the same limit.
#
# Nobody can read 1 TiB to compare it: what is in the few places with data is
# compared, and the file may occupy no more than they do.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238,SC2054
. "$(dirname "$0")/lib.bash"

limit_kib=$((64 * 1024))
if [ "${OURO_LONG:-}" = 1 ]; then
	random_mib=4096 sparse_gib=1024
else
	random_mib=256 sparse_gib=64
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

places=()

# Writes bytes into the file at an offset and notes the blocks of 64 KiB, the
# least that get leaves out, that they touch.
place() { # file offset bytes
	local first=$(($2 / 65536)) last=$((($2 + $3 - 1) / 65536))
	random "$3" | dd of="$1" bs=64K oflag=seek_bytes seek="$2" \
		conv=notrunc status=none || fail "dd"
	places+=("$first $((last - first + 1))")
}

same_sparse() { # file, file that was restored
	local first count most=0 used
	same "$(stat -c %s "$1")" "$(stat -c %s "$2")"
	for place in "${places[@]}"; do
		read -r first count <<<"$place"
		cmp -n $((count * 65536)) "$1" "$2" $((first * 65536)) \
			$((first * 65536)) || fail "other bytes came back"
		most=$((most + count * 65536))
	done
	used=$(($(stat -c %b "$2") * 512))
	echo "$used bytes on the disk"
	[ $used -le $most ] || fail "more than $most bytes on the disk"
}

K27_a_far_larger_sparse_object() {
	local size=$((sparse_gib << 30)) used began=$SECONDS
	skip_if_sanitized
	truncate -s "$size" sparse
	place sparse $((size / 3)) 1000000
	place sparse $((size / 2 + 12345)) 5
	place sparse $((size - 70000)) 70000
	measured "$program" --quiet put sparse >hash || fail "put"
	within_limit "put"
	echo "put: $((SECONDS - began)) s"
	used=$(du -s -B1 store | cut -f 1)
	[ "$used" -lt $((64 << 20)) ] || fail "the store has $used bytes"
	began=$SECONDS
	measured "$program" --quiet get "hash:$(cat hash)" -o restored ||
		fail "get"
	within_limit "get"
	echo "get: $((SECONDS - began)) s"
	same_sparse sparse restored
}

check K27_a_large_object_of_random_bytes K27_a_far_larger_sparse_object
finish
