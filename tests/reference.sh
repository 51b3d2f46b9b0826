#!/usr/bin/env bash
# What is made from the header and from the program is up to date.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
top=$(realpath "$(dirname "$0")/..")
. "$(dirname "$0")/lib.bash"

the_reference_is_that_of_the_header() {
	need_python
	"$top/scripts/reference.py" --check || fail "type: make reference"
}

the_mirror_for_python_is_that_of_the_header() {
	need_python
	"$top/scripts/python_abi.py" --check || fail "type: make reference"
}

# Every function by name, with its prototype; nothing left of C comments.
every_function_is_in_the_reference() {
	local name
	grep -oE '\bouro_[a-z0-9_]+\(' "$top/include/ouroboros.h" | tr -d '(' | sort -u >names
	[ "$(wc -l <names)" -gt 60 ] || fail "the header has too few"
	while read -r name; do
		grep -qF "$name(" "$top/docs/API.md" || fail "$name is not in docs/API.md"
		grep -lqF "$name(" "$top"/docs/man/*.3 || fail "$name is on no page"
	done <names
}

check the_reference_is_that_of_the_header the_mirror_for_python_is_that_of_the_header \
	every_function_is_in_the_reference
finish
