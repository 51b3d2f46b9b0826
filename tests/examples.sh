#!/usr/bin/env bash
# The examples are built against the shipped archive alone, and do what they
# say.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
build=$(realpath "${BUILD:-build/cc}")
top=$(realpath "$(dirname "$0")/..")
. "$(dirname "$0")/lib.bash"

the_store_of_an_address_book() {
	local run
	for run in first second; do
		"$build/examples/store" book >$run 2>err || fail "$run: $(cat err)"
		printf 'Ada: 0815\nGrace: 4711\n0815 is Ada\n' | cmp -s - $run ||
			fail "$run run: $(cat $run)"
	done
	"$build/examples/store" 2>/dev/null && fail "no directory is fine"
	: >file
	"$build/examples/store" file 2>err && fail "a file is fine"
	says 'file'
}

the_header_is_enough_for_other_languages() {
	command -v g++ >/dev/null || skip "there is no g++"
	printf '#include <ouroboros.h>\nint main() { return OURO_OK; }\n' >a.cc
	g++ -Wall -Wextra -Werror -std=c++11 -I"$top/include" -c a.cc ||
		fail "not C++"
}

check the_store_of_an_address_book the_header_is_enough_for_other_languages
finish
