#!/usr/bin/env bash
# What the guide shows is what happens: its commands are run and compared with
# what it says they print.
#
#   tests/guide.sh --write     puts what they print now into the guide
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
top=$(realpath "$(dirname "$0")/..")
option=
if [ "${1:-}" = --write ]; then
	option=--write
	shift
fi
. "$(dirname "$0")/lib.bash"

run_page() { # page
	mkdir bin tmp
	ln -s "$program" bin/ouroboros
	export PATH="$PWD/bin:$PATH" LC_ALL=C.UTF-8
	unset OUROBOROS_DIR
	cd tmp || fail "cd"
	python3 "$top/tests/guide.py" "$top/docs/$1" $option
}

the_guide_is_true() {
	run_page GUIDE.md
}

check the_guide_is_true
finish
