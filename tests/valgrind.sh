#!/usr/bin/env bash
# A short set under valgrind: decoders, codecs and one round trip of the
# program. Sanitized builds cannot run under it and are skipped.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238,SC2054
. "$(dirname "$0")/lib.bash"

build=$(dirname "$program")
tests="base/bytes base/encoding base/json crypt/aead crypt/kdf seal/slice
	seal/canonical seal/keyring engine/record engine/table vault/row
	vault/context vault/store_file"

grind=(valgrind --quiet --error-exitcode=99 --leak-check=full
	--show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite)

unit_tests_are_clean() {
	local test
	skip_if_sanitized
	for test in $tests; do
		[ -x "$build/src/${test}_test" ] || continue
		"${grind[@]}" "$build/src/${test}_test" || fail "$test"
	done
}

a_round_trip_is_clean() {
	local hash
	skip_if_sanitized
	head -c 700000 /dev/urandom > file
	hash=$("${grind[@]}" "$program" --quiet put file) || fail "put"
	"${grind[@]}" "$program" get "$hash" > back || fail "get"
	cmp file back || fail "other bytes came back"
	"${grind[@]}" "$program" --quiet verify || fail "verify"
	"${grind[@]}" "$program" --quiet rm "$hash" || fail "rm"
	"${grind[@]}" "$program" --quiet gc || fail "gc"
}

check unit_tests_are_clean a_round_trip_is_clean
finish
