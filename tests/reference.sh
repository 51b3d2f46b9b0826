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

the_pages_of_the_commands_are_those_of_the_program() {
	need_python
	"$top/scripts/man.py" --check "$program" || fail "type: make reference"
}

# Every command and option, and what `man` is asked for.
every_command_is_in_the_manual() {
	need_python
	o help --json >out || fail "help"
	python3 - >names <<-'END' || fail "help --json"
		import json
		answer = json.load(open("out"))
		for command in answer["commands"]:
		    print("ouroboros", command["name"])
		    for option in command["options"]:
		        print("ouroboros", command["name"], "--" + option["name"])
		for option in answer["options"]:
		    print("ouroboros", "--" + option["name"])
	END
	[ "$(wc -l <names)" -gt 30 ] || fail "the program has too few"
	cat "$top"/docs/man/*.1 | sed 's/\\-/-/g; s/\\f[BIR]//g' >pages
	while read -r _ command option; do
		grep -qF -- "${option:-$command}" pages || fail "$command $option is on no page"
		case $command in
		--*) continue ;;
		esac
		grep -qE "^[.]SS .ouroboros $command( |\$|.\$)" pages || fail "$command has no section"
	done <names
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
	the_pages_of_the_commands_are_those_of_the_program every_command_is_in_the_manual \
	every_function_is_in_the_reference
finish
