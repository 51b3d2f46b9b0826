#!/usr/bin/env bash
# kill -9 at random moments of put, rm, gc and repair. After each kill the
# store opens, every hash that was printed reads back, and in the end verify
# is clean after gc. KILLS says how often (250 with OURO_LONG=1, else 40),
# KILL_SEED which moments.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238,SC2054
. "$(dirname "$0")/lib.bash"

kills=${KILLS:-$([ "${OURO_LONG:-}" = 1 ] && echo 250 || echo 40)}

# Files of many sizes, some of which share chunks.
make_files() {
	local i size
	mkdir files
	for i in $(seq 1 40); do
		size=$(((i % 5 == 0 ? 900000 : 3000) + RANDOM % 40000))
		head -c "$size" /dev/urandom > "files/$i"
		[ $((i % 7)) != 0 ] || cat files/5 >> "files/$i"
	done
}

# Runs a command and kills it after a random time, unless it ends before.
killed() {
	local child killer
	"$@" &
	child=$!
	(
		sleep "0.$(printf %03d $((RANDOM % 70)))"
		kill -9 $child 2>/dev/null
	) &
	killer=$!
	wait $child
	wait $killer
}

# Only whole lines of a killed put count: a line cut short told nobody.
put_some() {
	local first=$((1 + RANDOM % 30)) i hash files=()
	for i in $(seq "$first" $((first + 9))); do
		files+=("files/$i")
	done
	killed "$program" --quiet put "${files[@]}" > out
	i=0
	while IFS= read -r hash; do
		echo "$hash ${files[i]}" >> printed
		i=$((i + 1))
	done < out
}

# From the moment its removal begins a hash is promised no more.
remove_one() {
	local hash
	hash=$(tail -n 1 printed | cut -d' ' -f1)
	[ -n "$hash" ] || return 0
	grep -vF "$hash " printed > rest
	mv rest printed
	killed "$program" --quiet rm "hash:$hash"
}

check_printed() {
	local hash file
	sort -u printed > sorted
	while read -r hash file; do
		"$program" get "hash:$hash" > back ||
			fail "round $1: $hash ($file) cannot be read"
		cmp back "$file" || fail "round $1: $hash differs from $file"
	done < sorted
}

kills_lose_nothing() {
	local round
	RANDOM=${KILL_SEED:-4711}
	make_files
	: > printed
	"$program" --quiet put files/1 || fail "the first put"
	for round in $(seq 1 "$kills"); do
		case $((RANDOM % 6)) in
		0) remove_one ;;
		1) killed "$program" --quiet gc ;;
		2) killed "$program" --quiet repair ;;
		*) put_some ;;
		esac
		"$program" ls > /dev/null || fail "round $round: no opening"
		[ $((round % 10)) != 0 ] || check_printed "$round"
	done
	check_printed "$round"
	"$program" --quiet gc || fail "gc after the kills"
	"$program" --quiet verify || fail "verify after gc"
}

check kills_lose_nothing
finish
