#!/usr/bin/env bash
# export and import, as a person types them.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238
. "$(dirname "$0")/lib.bash"

# A store with a bit of everything, and a second copy of it in ./other.
fill() {
	random 1500000 >large
	echo one >one
	echo two >two
	put large --name large >large.hash
	put one --name name >/dev/null
	put two --name name >/dev/null
	put one >one.hash
	put two --parent "$(cat one.hash)" >two.hash
}

key() {
	echo "$PWD/store/member.key"
}

# The program on the other copy.
other() { # code argument...
	OUROBOROS_DIR=$PWD/other OUROBOROS_KEY=$(key) expect "$@"
}

make_other() {
	expect 0 export -o stream
	other 0 import stream
}

names() { # directory
	OUROBOROS_DIR=$1 OUROBOROS_KEY=$(key) o ls --json >list ||
		fail "ls $1"
	sed 's/.*"hash": *"\([^"]*\)".*/\1/' list | sort
}

a_vault_goes_through_a_file() {
	fill
	expect 0 export -o stream
	answers '^exported 5 versions, 4 contents, [0-9]+ chunks: 1\.[0-9] MiB$'
	[ "$(stat -c %a stream)" = 600 ] || fail "others may read the stream"
	other 0 import stream
	answers '^imported 5 versions \(0 were there\), 4 contents'
	other 0 verify
	other 0 get name:large
	cmp -s out large || fail "it differs"
	other 0 get name:name
	cmp -s out two || fail "it differs"
	other 0 import stream
	answers '^imported 0 versions \(5 were there\), 0 contents, 0 chunks'
	! grep -q "snake" stream || fail "not encrypted"
}

a_vault_goes_through_a_pipe() {
	fill
	o export 2>err.export | OUROBOROS_DIR=$PWD/other \
		OUROBOROS_KEY=$(key) o import - >out || fail "export | import"
	grep -q "exported 5 versions" err.export || fail "nothing is told"
	answers '^imported 5 versions'
	other 0 get "$(cat large.hash)"
	cmp -s out large || fail "it differs"
}

a_terminal_gets_no_stream() {
	fill
	command -v script >/dev/null || skip "there is no script"
	script -qec "$program export" /dev/null >out </dev/null
	answers 'nothing for a terminal'
}

two_copies_become_equal() {
	fill
	make_other
	echo here >here
	echo there >there
	put here --name here >/dev/null
	OUROBOROS_DIR=$PWD/other OUROBOROS_KEY=$(key) o put --quiet there \
		--name there >/dev/null || fail "put"
	o rm name:large >/dev/null 2>&1 || fail "rm"
	expect 0 export -o a
	other 0 export -o b
	other 0 import a
	answers '^removed, because the other copy had removed them: 1 versions'
	expect 0 import b
	answers '^stays removed: [A-Za-z0-9+/]{43}= .* large$'
	same "$(names "$PWD/store")" "$(names "$PWD/other")"
	other 0 verify
	expect 0 verify
	expect 0 import b --as-new
	answers '^written as new: 1$'
	expect 0 get name:large
	cmp -s out large || fail "it differs"
}

a_name_and_a_subtree_go_alone() {
	fill
	expect 0 export -o empty --name name
	make_other
	echo three >three
	put three --name name >/dev/null
	echo child >child
	put child --parent "$(cat two.hash)" >child.hash
	expect 0 export -o part --name name
	answers '^exported 3 versions, 3 contents, 0 chunks'
	other 0 import part
	answers '^imported 1 versions \(2 were there\)'
	other 0 get name:name
	cmp -s out three || fail "it differs"
	expect 0 export -o part2 "$(cat one.hash)"
	answers '^exported 4 versions, 3 contents'
	other 0 import part2
	other 0 get "$(cat child.hash)"
	cmp -s out child || fail "it differs"
	expect 3 export -o none --name none
	expect 2 export -o none --name name "$(cat one.hash)"
	OUROBOROS_DIR=$PWD/third OUROBOROS_KEY=$(key) expect 5 import part
	[ ! -e third/OUROBOROS ] || fail "a store was made of a part"
}

a_cut_export_is_gone_on_with() {
	local size cut
	fill
	expect 0 export -o whole
	size=$(stat -c %s whole)
	for cut in 0 30 5000 $((size / 3)) $((size / 2)) $((size - 1)) "$size"; do
		head -c "$cut" whole >stream
		expect 0 export -o stream --resume --json
		[ "$(value kept)" -le "$cut" ] || fail "kept too much"
		OUROBOROS_DIR=$PWD/copy OUROBOROS_KEY=$(key) expect 0 import \
			stream
		OUROBOROS_DIR=$PWD/copy OUROBOROS_KEY=$(key) expect 0 get \
			name:large
		cmp -s out large || fail "it differs"
		rm -rf copy
	done
	expect 1 export -o whole
	says "there already; --resume"
	expect 2 export --resume
	expect 5 export -o whole --resume --name name
	says "another part"
}

damage_is_told_and_changes_nothing() {
	local size
	fill
	make_other
	echo three >three
	put three --name name >/dev/null
	random 300000 >more
	put more --name more >/dev/null
	rm stream
	expect 0 export -o stream
	size=$(stat -c %s stream)
	flip stream
	other 4 import stream
	says "damaged at byte [0-9]+"
	other 0 get name:name
	cmp -s out two || fail "something became visible"
	flip stream
	head -c $((size - 3)) stream >cut
	other 4 import cut
	says "ends at byte $((size - 3))"
	other 4 import /dev/null
	echo "no stream at all, but a text of more than a few bytes" >text
	other 4 import text
	says "no stream of OuroborosDB"
	other 0 get name:name
	cmp -s out two || fail "something became visible"
	other 0 import stream
	other 0 get name:name
	cmp -s out three || fail "it differs"
}

only_a_member_reads_it() {
	fill
	expect 0 export -o stream
	OUROBOROS_DIR=$PWD/foreign expect 0 put one
	OUROBOROS_DIR=$PWD/foreign expect 5 import stream
	says "is of the vault"
	OUROBOROS_DIR=$PWD/new expect 3 import stream
	says "member.key"
	OUROBOROS_DIR=$PWD/new OUROBOROS_KEY=$PWD/foreign/member.key \
		expect 5 import stream
	says "no member"
	[ ! -e new/OUROBOROS ] || fail "a store was made"
}

a_recovery_key_makes_a_copy() {
	local recovery
	fill
	recovery=$(o keys export 2>/dev/null | grep -o 'OURO1-[0-9A-Z-]*') ||
		fail "keys export"
	expect 0 export -o stream
	OUROBOROS_DIR=$PWD/new OUROBOROS_RECOVERY_KEY=$recovery expect 0 \
		import stream
	OUROBOROS_DIR=$PWD/new OUROBOROS_RECOVERY_KEY=$recovery expect 0 get \
		name:large
	cmp -s out large || fail "it differs"
}

the_answers_are_json() {
	need_python
	fill
	expect 0 export -o stream --json
	same "$(value file)" stream
	same "$(value versions)" 5
	same "$(value bytes)" "$(stat -c %s stream)"
	other 0 import stream --json
	same "$(value versions)" 5
	same "$(value removed)" "[]"
	other 0 rm name:large
	other 0 import stream --json
	same "$(value versions_removed)" 1
	same "$(value removed 0 name)" large
	same "$(value removed 0 version)" "$(cat large.hash)"
	other 4 import large --json
	same "$(value code)" DAMAGED
}

# Anonymous memory of both, while a large object goes through a pipe.
memory_does_not_grow_with_it() {
	local most=0 now pid
	skip_if_sanitized
	random 200000000 >large
	put large >hash
	mkfifo pipe
	"$program" --quiet export -o - >pipe 2>err &
	local exporting=$!
	OUROBOROS_DIR=$PWD/other "$program" --quiet --key "$(key)" import - \
		<pipe >out &
	local importing=$!
	while kill -0 $importing 2>/dev/null; do
		for pid in $exporting $importing; do
			now=$(awk '/^RssAnon/ { print $2 }' \
				"/proc/$pid/status" 2>/dev/null)
			[ "${now:-0}" -le "$most" ] || most=$now
		done
		sleep 0.02
	done
	wait $exporting && wait $importing || fail "export | import"
	echo "$most KiB of anonymous memory"
	[ "$most" -gt 0 ] || fail "nothing was measured"
	[ "$most" -le 65536 ] || fail "more than 64 MiB"
	other 0 get "$(cat hash)"
	cmp -s out large || fail "it differs"
}

a_reader_that_leaves_ends_it() {
	local codes
	fill
	o export | head -c 100 >/dev/null
	codes=("${PIPESTATUS[@]}")
	[ "${codes[0]}" -ne 0 ] || fail "exit 0"
	expect 0 verify
}

check a_vault_goes_through_a_file a_vault_goes_through_a_pipe \
	a_terminal_gets_no_stream two_copies_become_equal \
	a_name_and_a_subtree_go_alone a_cut_export_is_gone_on_with \
	damage_is_told_and_changes_nothing only_a_member_reads_it \
	a_recovery_key_makes_a_copy the_answers_are_json \
	memory_does_not_grow_with_it a_reader_that_leaves_ends_it
finish
