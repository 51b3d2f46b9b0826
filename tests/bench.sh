#!/usr/bin/env bash
# bench engine: that it measures, answers, and leaves nothing behind.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
. "$(dirname "$0")/lib.bash"

leaves_nothing() { # directory
	[ -z "$(ls -A "$1")" ] || fail "left behind: $(ls -A "$1")"
}

it_measures_and_cleans_up() {
	mkdir place
	expect 0 bench engine --keys 1000 --value 10 --dir place
	answers '^put, batches of 1000 +1 +1000 '
	answers '^get +1 +[1-9]'
	answers '^scan +1 +1000 '
	answers '^put, durable +64 +[1-9]'
	answers '^opening +[0-9.]+ s$'
	says 'measuring in place/'
	leaves_nothing place
	[ ! -e store ] || fail "it used the store"
}

its_answer_is_json_too() {
	need_python
	mkdir place
	TMPDIR=place expect 0 bench engine --keys 1000 --json --quiet
	silent
	same "$(value keys)" 1000
	same "$(value results 0 operations)" 1000
	[ "$(value results 2 per_second)" -gt 0 ] || fail "no rate"
	[ "$(value disk_bytes)" -gt 100000 ] || fail "no size"
	leaves_nothing place
}

mistakes_are_told() {
	local word
	expect 2 bench
	expect 2 bench vault
	for word in 999 -5 x 1e6 1000000001 ''; do
		expect 2 bench engine --keys "$word"
		says 'keys'
	done
	expect 2 bench engine --value 1048577
	expect 1 bench engine --dir nowhere
	says 'nowhere'
	expect 2 bench engine --json --keys 0
	answers '"code":"USAGE"'
}

an_interrupt_cleans_up_too() {
	mkdir place
	# Background jobs of a plain shell ignore SIGINT.
	python3 -c 'import signal, os, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$program" bench engine --keys 100000000 --dir place >out 2>err &
	wait_until grep -q Measuring err
	kill -INT $!
	wait $!
	same $? 130
	leaves_nothing place
}

check it_measures_and_cleans_up its_answer_is_json_too mistakes_are_told
if command -v python3 >/dev/null; then
	check an_interrupt_cleans_up_too
fi
finish
