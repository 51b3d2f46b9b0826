#!/usr/bin/env bash
# The shell of an engine directory: piped, as JSON, and on a terminal.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2016,SC2317
. "$(dirname "$0")/lib.bash"

# Runs lines; their output stands in out and err afterwards.
shell() { # code text [argument...]
	local want=$1 text=$2 code=0
	shift 2
	printf '%s' "$text" >in
	o shell db "$@" <in >out 2>err || code=$?
	[ $code -eq "$want" ] || {
		sed 's/^/    stderr: /' err
		fail "exit $code, not $want: $text"
	}
}

prints() { # text: all of stdout
	printf '%s' "$1" | cmp -s - out || {
		sed 's/^/    stdout: /' out
		fail "stdout is not '$1'"
	}
}

set_get_and_delete() {
	shell 0 $'set a 1\nset a 2\nget a\ndelete a\n'
	prints $'OK\nOK\n2\nDeleted\n'
	says "made a new store in db"
	shell 3 $'get a\ndelete a\n'
	prints $'Key not found\nKey not found\n'
	silent
	shell 0 $'set e ""\nget e\n'
	prints $'OK\n""\n'
}

no_prompt_and_no_last_newline_needed() {
	shell 0 $'\n  \nset a 1\r\nget a'
	prints $'OK\n1\n'
	shell 0 ''
	prints ''
	shell 0 $'get a\nquit\nget nothing\n'
	prints $'1\n'
	shell 0 $'exit\nnonsense\n'
	prints ''
}

quoting_goes_both_ways() {
	shell 0 $'set "a b" "x\\ny\\t\\\\\\"\\x00\\xff\xc3\xa9"\nget "a b"\nrange "" ""\n'
	prints $'OK\n"x\\ny\\t\\\\\\"\\x00\\xff\xc3\xa9"\n"a b" "x\\ny\\t\\\\\\"\\x00\\xff\xc3\xa9"\n'
	shell 0 $'set \e[31m "\\xe2\\x80\\xae"\nlist\nget "\\x1b[31m"\n'
	prints $'OK\n"\\x1b[31m"\n"a b"\n"\\xe2\\x80\\xae"\n'
	printf '%s\n' 'set k1 "v 1"' 'set k2 "\x00"' >lines
	shell 0 "$(cat lines)"
	shell 0 $'range k l\n'
	sed 's/^/set /' out | cmp -s - lines || fail "not pasted back"
}

lists_and_ranges() {
	shell 0 $'set a 1\nset ab 2\nset b 3\nset c 4\n'
	shell 0 $'list\n'
	prints $'a\nab\nb\nc\n'
	says '^4 keys$'
	shell 0 $'list a\nrange ab c\nrange "" "" 2\nrange b ""\nlist zz\n' --quiet
	prints $'a\nab\nab 2\nb 3\na 1\nab 2\nb 3\nc 4\n'
	silent
	shell 2 $'range a b c\n'
	says 'line 1: N is a number'
	shell 0 $'range a z 0\n'
	prints ''
}

mistakes_are_told_with_their_line() {
	shell 2 $'set a 1\nbogus\nset a\nset a b c\nget "a\nget "\\q"\nlist a b\nget a\n'
	prints $'OK\n1\n'
	says "line 2: there is no command 'bogus'"
	says 'line 3: too few words: set K V'
	says 'line 4: too many words'
	says 'line 5: a quote is not closed'
	says 'line 6: after a backslash'
	says 'line 7: too many words'
}

the_worst_failure_is_the_exit_code() {
	shell 0 $'set a 1\n'
	shell 3 $'get b\nget a\n'
	shell 2 $'get b\nbogus\nget b\n'
	shell 5 $'get b\nbogus\nset a 2\n' --read-only
	says 'reading only'
	shell 0 $'get a\nverify\n' --read-only
	prints $'1\nOK\n'
}

care_of_a_store() {
	local i
	for i in $(seq 200); do echo "set key$((i % 10)) value$i"; done >lines
	shell 0 "$(cat lines)"
	shell 0 $'compact\nsnapshot\nverify\nstats\nhelp\n'
	answers '^OK, .* given back$'
	answers '^keys +10$'
	answers '^backup +DIR'
	shell 0 $'list\n'
	same "$(wc -l <out)" 10
}

damage_is_found_and_mended() {
	local segment
	shell 0 "set bad $(head -c 3000 /dev/zero | tr '\0' x)"$'\nset good 1\n'
	segment=$(find db -name 'segment-*.dat')
	flip "$segment" 1000
	shell 4 $'get bad\nget good\n'
	prints $'1\n'
	says 'damaged|segment-'
	shell 4 $'verify\n'
	answers '^DAMAGED db/segment-.*key bad: '
	shell 4 $'verify\n' --json
	answers '^\{"damage":\[\{"file":"db/segment-.*"key":"bad".*"code":"DAMAGED"\}$'
	shell 4 $'list\nrange "" ""\n'
	shell 0 $'repair\nverify\n'
	answers '^OK$'
	shell 3 $'get bad\n'
}

json_is_one_object_a_command() {
	need_python
	shell 2 $'set a 1\nget a\nget b\ndelete a\nset b "\\xff"\nget b\nlist\nrange "" "" 1\nstats\ncompact\nsnapshot\nverify\nhelp\nbogus\nquit\n' --json
	silent_but_first
	same "$(wc -l <out)" 15
	python3 - <<'PYTHON' || fail "not what was promised"
import json
a = [json.loads(line) for line in open("out")]
assert a[0] == {"ok": True}
assert a[1] == {"key": "a", "value": "1"}
assert a[2] == {"error": "Key not found", "code": "NOT_FOUND"}
assert a[3] == {"ok": True}
assert a[5] == {"key": "b", "value_base64": "/w=="}
assert a[6] == {"items": [{"key": "b"}], "count": 1}
assert a[7]["items"] == [{"key": "b", "value_base64": "/w=="}]
assert a[8]["keys"] == 1
assert "freed" in a[9]
assert a[11] == {"damage": [], "ok": True}
assert any(c["name"] == "range" for c in a[12]["commands"])
assert a[13]["code"] == "USAGE" and "line 14" in a[13]["error"]
PYTHON
}

silent_but_first() {
	[ "$(grep -vc 'Made a new store' err)" -eq 0 ] || fail "there is talk"
}

a_vault_is_refused() {
	echo text >file
	expect 0 put --quiet file
	expect 5 shell
	says 'is a vault'
	says 'ouroboros shell'
	expect 5 shell store
	[ "$(find store -maxdepth 1 -name 'segment-*' | wc -l)" -eq 0 ] ||
		fail "something was written into it"
	expect 5 shell store/records
	says 'vault'
	expect 5 shell store --json
	answers '"code":"REFUSED"'
}

which_directory() {
	unset OUROBOROS_DIR
	expect 2 shell
	says 'shell DIR'
	[ ! -e .ouroboros ] || fail "something was made"
	expect 0 shell --dir one
	OUROBOROS_DIR=two expect 0 shell
	[ -d one ] && [ -d two ] || fail "not made"
	expect 2 shell one two
	expect 3 shell three --read-only
	[ ! -e three ] || fail "read-only made something"
	: >file
	o shell file </dev/null >out 2>err && fail "a file is no directory"
	says 'file'
}

one_at_a_time() {
	mkfifo lines
	o shell db <lines >first 2>&1 &
	exec 5>lines
	echo 'set a 1' >&5
	wait_until grep -q OK first
	expect 6 shell db
	says 'lock|in use|held'
	exec 5>&-
	wait $! || fail "the first one failed"
	shell 0 $'get a\n'
	prints $'1\n'
}

a_full_stdout_is_a_failure() {
	[ -w /dev/full ] || skip "no /dev/full"
	shell 0 $'set a 1\n'
	echo 'get a' | o shell db >/dev/full 2>err && fail "exit 0"
	says 'standard output'
}

backups_are_stores() {
	shell 0 $'set a 1\nbackup copy\nset a 2\n'
	echo 'get a' | o shell copy >out 2>err || fail "the copy does not open"
	prints $'1\n'
	shell 1 $'backup copy\n'
	says 'copy'
}

# ---- a terminal --------------------------------------------------------------
terminal() { # command...: types nothing yet
	command -v tmux >/dev/null || skip "there is no tmux"
	socket=ouroboros-$$
	trap 'tmux -L $socket kill-server 2>/dev/null; kill $(jobs -p) 2>/dev/null' EXIT
	env -u TMUX LANG=C.UTF-8 tmux -L "$socket" -f /dev/null new-session -d -x 100 -y 50 \
		"$*; echo code \$?; sleep 60" 2>/dev/null || skip "tmux does not start"
}

types() { # key...
	tmux -L "$socket" send-keys "$@"
}

screen_shows() { # pattern
	tmux -L "$socket" capture-pane -p -S -1000 | grep -qE -- "$1"
}

# The dialogue waits for a line. Keys typed while Ctrl-C is looked at are lost.
prompts() {
	wait_until screen_waits
}

screen_waits() {
	[ "$(tmux -L "$socket" capture-pane -p | grep -v '^$' | tail -n 1)" = 'ouroboros>' ]
}

shows() { # pattern
	wait_until screen_shows "$1"
}

a_terminal_edits_and_completes() {
	shell 0 $'set apple 1\nset "ap ricot" 2\nset banana 3\n'
	terminal "env HOME=$PWD $program shell db"
	prompts
	types 'ge' Tab 'b' Tab Enter
	shows '^3$'
	types 'get "ap ' Tab Enter
	shows '^2$'
	types 'garbage'
	shows 'garbage$'
	types C-c
	prompts
	types 'get apple' Enter
	shows '^1$'
	types 'get a' Tab Tab
	shows '^"ap ricot"$'
	types C-c
	prompts
	types 'nonsense' Enter
	shows "no command 'nonsense'"
	types Up Up Enter
	prompts
	types C-d
	shows '^code 0$'
	same "$(stat -c %a .local/state/ouroboros/history)" 600
	grep -q 'banana' .local/state/ouroboros/history || fail "no history"
	! grep -q garbage .local/state/ouroboros/history || fail "it was cancelled"
}

ctrl_c_stops_a_list_not_the_shell() {
	local value
	value=$(head -c 20000 /dev/zero | tr '\0' x)
	shell 0 "$(seq 500 | sed "s/.*/set key& $value/")
set last 7"
	terminal "env HOME=$PWD $program shell db"
	prompts
	types 'range "" ""' Enter
	shows 'xxxx'
	types C-c
	shows 'interrupted'
	prompts
	types 'get last' Enter
	shows '^7$'
	prompts
	types 'quit' Enter
	shows '^code 0$'
}

a_signal_ends_a_piped_shell() {
	mkfifo lines
	"$program" shell db <lines >out 2>err &
	exec 5>lines
	echo 'set a 1' >&5
	wait_until grep -q OK out
	kill -TERM $!
	wait $!
	same $? 143
	exec 5>&-
	shell 0 $'get a\n'
	prints $'1\n'
}

check set_get_and_delete no_prompt_and_no_last_newline_needed \
	quoting_goes_both_ways lists_and_ranges \
	mistakes_are_told_with_their_line the_worst_failure_is_the_exit_code \
	care_of_a_store damage_is_found_and_mended \
	json_is_one_object_a_command a_vault_is_refused which_directory \
	one_at_a_time a_full_stdout_is_a_failure \
	a_terminal_edits_and_completes ctrl_c_stops_a_list_not_the_shell \
	a_signal_ends_a_piped_shell backups_are_stores
finish
