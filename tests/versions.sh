#!/usr/bin/env bash
# Names and their versions, as a person sees them.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
. "$(dirname "$0")/lib.bash"

# Stores text under a name; prints the version's hash.
write() { # text argument...
	local text=$1
	shift
	echo "$text" | put - --name note "$@"
}

# Two heads: of the variables ada and bob, both on top of first. Bob is later.
two_heads() {
	first=$(write first) || exit 1
	ada=$(write ada --base "$first") || exit 1
	bob=$(write bob --base "$first") || exit 1
}

reads() { # name text
	expect 0 get "$1"
	same "$(cat out)" "$2"
}

# Column of the table in out, without its title.
column() { # number
	awk -v n="$1" 'NR > 1 { print $n }' out
}

# ---- log, heads ---------------------------------------------------------------
K03_every_version_is_in_the_log() {
	local one two three
	one=$(write one) && two=$(write two) && three=$(write three) || exit 1
	expect 0 log note
	silent
	same "$(column 1)" "$three
$two
$one"
	answers "^HASH +SAVED AT +BY +SIZE +STATE$"
	answers "^$(exactly "$three")  20[0-9-]+T[0-9:]+Z  local@[^ ]+ +6 B  winner$"
	answers "^$(exactly "$two") .* 4 B  -$"
	for hash in $one:one $two:two $three:three; do
		reads "${hash%:*}" "${hash#*:}"
	done
	expect 0 log note --limit 2
	same "$(column 1)" "$three
$two"
	expect 0 log note -l
	answers "^$(exactly "$two") .*  $(exactly "$one")$"
	expect 2 log note --limit 0
	expect 2 log note --limit x
	expect 2 log
}

the_log_is_also_for_programs() {
	need_python
	local one two
	one=$(write one) && two=$(write two) || exit 1
	expect 0 log note --json
	same "$(value name)" note
	same "$(value namespace)" blobs
	same "$(value versions 0 version)" "$two"
	same "$(value versions 0 winner)" true
	same "$(value versions 0 bytes)" 4
	same "$(value versions 0 replaces 0)" "$one"
	same "$(value versions 1 head)" false
	same "$(value versions 1 deletion)" false
	expect 3 log none --json
	same "$(value code)" NOT_FOUND
}

a_name_may_be_meant_by_a_version() {
	local one two content
	one=$(write one) && two=$(write two) || exit 1
	expect 0 log "hash:$one"
	same "$(column 1 | head -1)" "$two"
	expect 0 log "${one:0:20}"
	same "$(column 1 | head -1)" "$two"
	content=$(echo alone | put -) || exit 1
	expect 3 log "$content"
	says "content, not a name"
	expect 3 log "name:$one"
	expect 3 log none
}

names_that_look_like_hashes() {
	local one
	one=$(echo x | put - --name beef) || exit 1
	expect 0 log beef
	same "$(column 1)" "$one"
	expect 0 heads name:beef
	same "$(column 1)" "$one"
}

concurrent_versions_are_all_heads() {
	two_heads
	expect 0 heads note
	says "2 heads.*merge note"
	same "$(column 1)" "$bob
$ada"
	same "$(column 6)" "winner
head"
	reads note bob
	reads "$ada" ada
	expect 0 log note
	same "$(column 1 | wc -l)" 3
	same "$(column 6)" "winner
head
-"
	expect 0 heads note --quiet
	silent
}

# ---- merge ----------------------------------------------------------------------
a_merge_takes_the_winner() {
	two_heads
	expect 0 merge note
	local merged
	merged=$(cat out)
	reads note bob
	expect 0 heads note
	same "$(column 1)" "$merged"
	silent
	expect 0 log note -l
	same "$(column 1 | wc -l)" 4
	answers "^$(exactly "$merged") .* \+1$"
	reads "$ada" ada
}

a_merge_takes_a_file() {
	need_python
	two_heads
	echo "ada and bob" >merged
	expect 0 merge note -i merged --json
	same "$(value name)" note
	local hash
	hash=$(value hash)
	reads note "ada and bob"
	expect 0 heads note
	same "$(column 1)" "$hash"
	echo again | o merge note -i - >out 2>err || fail "from standard input"
	reads note again
	expect 1 merge note -i missing
	says missing
	reads note again
}

a_merge_keeps_type_and_parent() {
	need_python
	local parent first
	parent=$(echo parent | put -) || exit 1
	first=$(write first --type text/x --parent "$parent") || exit 1
	write ada --type text/x --parent "$parent" --base "$first" >/dev/null || exit 1
	write bob --type text/x --parent "$parent" --base "$first" >/dev/null || exit 1
	echo merged >file
	expect 0 merge note -i file
	expect 0 info note --json
	same "$(value type)" text/x
	same "$(value parent)" "$parent"
}

one_head_needs_no_merge() {
	local one
	one=$(write one) || exit 1
	expect 0 merge note
	says "nothing to merge"
	same "$(cat out)" "$one"
	expect 0 log note
	same "$(column 1)" "$one"
	expect 3 merge none
}

# ---- revert -----------------------------------------------------------------------
revert_makes_an_old_version_current() {
	local one two back
	one=$(write one) && two=$(write two) || exit 1
	expect 0 revert note "$one"
	back=$(cat out)
	[ "$back" != "$one" ] || fail "it is no new version"
	reads note one
	reads "$two" two
	expect 0 heads note
	same "$(column 1)" "$back"
	expect 0 log note
	same "$(column 1)" "$back
$two
$one"
}

revert_takes_heads_together() {
	two_heads
	expect 0 revert note "$first"
	reads note first
	expect 0 heads note
	same "$(column 1 | wc -l)" 1
}

revert_wants_a_version_of_the_name() {
	local one other content
	one=$(write one) || exit 1
	other=$(echo other | put - --name other) || exit 1
	content=$(echo x | put -) || exit 1
	expect 3 revert note "$other"
	says "no version of note but of other"
	expect 3 revert note "$content"
	says "content"
	expect 3 revert note AAAAAAAAAAAA
	expect 2 revert note
	expect 0 log note
	same "$(column 1)" "$one"
}

# With a time of grace a removed name stays for a while, as a deletion.
a_removed_name_comes_back() {
	local one
	one=$(write one) || exit 1
	expect 0 settings removal_grace_hours 24
	expect 0 rm note
	expect 3 get note
	expect 0 log note
	answers "  winner, deletion$"
	expect 0 revert note "$one"
	reads note one
}

# ---- settings, trash ----------------------------------------------------------------
settings_are_shown_and_changed() {
	need_python
	write one >/dev/null || exit 1
	expect 0 settings
	answers "^NAME +VALUE +DEFAULT  WHAT IT IS$"
	answers "^revision_limit +100 +100  "
	expect 0 settings revision_limit 2
	same "$(cat out)" 2
	expect 0 settings revision_limit
	same "$(cat out)" 2
	expect 0 settings revision_limit --json
	same "$(value value) $(value default) $(value is_set)" "2 100 true"
	expect 0 settings --json
	same "$(value settings 0 name)" revision_limit
	for i in 2 3 4 5; do
		write $i >/dev/null || exit 1
	done
	expect 0 log note
	[ "$(column 1 | wc -l)" -le 3 ] || fail "more than a head and two are kept"
	expect 0 settings
	for name in $(column 1); do
		o completion bash | grep -qw "$name" || fail "$name is not completed"
	done
	expect 3 settings revision_limt
	expect 2 settings revision_limit 99999999999999999
	says "from .* to"
	expect 2 settings revision_limit many
	expect 2 settings revision_limit 1 2
}

an_empty_trash_is_listed() {
	need_python
	local one
	one=$(write one) || exit 1
	expect 0 trash ls
	answers "^HASH +NAME +SAVED AT +DROPPED AT$"
	same "$(column 1)" ""
	expect 0 trash ls --json
	same "$(value items)" "[]"
	expect 3 trash restore "$one"
	says "not in the trash"
	expect 2 trash restore
	expect 2 trash restore '!!!!!'
	expect 2 trash
	expect 2 trash empty
	expect 2 trash ls x
}

what_another_copy_removed_is_in_the_trash() {
	need_python
	local one
	one=$(write one) || exit 1
	write two >/dev/null && echo other | put - --name other >/dev/null || exit 1
	cp -r store copy
	OUROBOROS_DIR=$PWD/copy expect 0 rm note
	OUROBOROS_DIR=$PWD/copy expect 0 gc
	OUROBOROS_DIR=$PWD/copy expect 0 export -o stream
	expect 0 import stream
	expect 3 get note
	expect 0 trash ls
	same "$(column 2)" note
	local hash
	hash=$(column 1)
	expect 0 trash ls --json
	same "$(value items 0 name)" note
	same "$(value items 0 version)" "$hash"
	[ "$(value items 0 dropped_at)" != None ] || fail "no time"
	expect 0 trash restore "${hash:0:10}"
	[ "$(cat out)" != "$hash" ] || fail "it is no new version"
	reads note two
	reads other other
}

# ---- put ----------------------------------------------------------------------------
a_base_may_be_a_list() {
	local merged
	two_heads
	merged=$(write all --base "$ada,$bob") || exit 1
	expect 0 heads note
	same "$(column 1)" "$merged"
	write left --base "$merged" >/dev/null && write right --base "$merged" >/dev/null || exit 1
	expect 0 heads note
	same "$(column 1 | wc -l)" 2
	# shellcheck disable=SC2046
	write both $(column 1 | sed 's/^/--base /') >/dev/null || exit 1
	expect 0 heads note
	same "$(column 1 | wc -l)" 1
	write beside --base none >/dev/null || exit 1
	expect 0 heads note
	same "$(column 1 | wc -l)" 2
}

a_base_is_a_version_of_the_name() {
	local one other content
	one=$(write one) || exit 1
	content=$(echo x | put -) || exit 1
	other=$(echo other | put - --name other) || exit 1
	echo y >file
	expect 2 put file --name note --base "$content"
	says "content, not a version"
	expect 3 put file --name note --base AAAAAAAAAAAA
	o put file --name note --base "$other" 2>err && fail "another name's version is fine"
	expect 2 put file --base "$one"
	says "need --name"
	expect 2 put file --if-unchanged
	expect 0 heads note
	same "$(column 1)" "$one"
}

if_unchanged_sees_what_others_wrote() {
	local one two
	echo x >file
	expect 0 put file --name note --if-unchanged
	one=$(cat out)
	expect 5 put file --name note --if-unchanged
	two=$(write two) || exit 1
	expect 5 put file --name note --if-unchanged --base "$one"
	expect 5 put file --name note --if-unchanged --base "$one" --json
	grep -q '"code":"CONFLICT"' out || fail "no CONFLICT: $(cat out)"
	reads note two
	expect 0 put file --name note --if-unchanged --base "$two"
	reads note x
}

a_version_expires() {
	need_python
	write short --ttl 2s >/dev/null || exit 1
	expect 0 info note --json
	[ "$(value expires_at)" != None ] || fail "it does not expire"
	reads note short
	gone() { ! o get note >/dev/null; }
	wait_until gone
	expect 3 get note
	expect 0 log note
	answers "expired"
	write long --ttl 7d >/dev/null && reads note long
	write ever --ttl 0 >/dev/null || exit 1
	expect 0 info note --json
	same "$(value expires_at)" None
	echo x >file
	for ttl in 7 -1d 1w x 1d1h; do
		expect 2 put file --ttl $ttl
		says "7d"
	done
}

# ---- ls ---------------------------------------------------------------------------------
listings_come_in_pages() {
	need_python
	local name next='' seen='' rounds=0
	for name in a b c/1 c/2 d; do
		echo "$name" | put - --name "$name" >/dev/null || exit 1
	done
	echo unnamed | put - >/dev/null || exit 1
	while :; do
		expect 0 ls --namespace blobs --limit 2 ${next:+--after "$next"} --json
		seen="$seen $(python3 -c 'import json
for i in json.load(open("out"))["items"]: print(i["name"])' | paste -sd' ')"
		next=$(value next)
		rounds=$((rounds + 1))
		[ "$next" != None ] && [ $rounds -lt 9 ] || break
	done
	same "$seen" " a b c/1 c/2 d"
	expect 0 ls --after c/1
	same "$(column 2 | head -2)" "c/2
d"
	expect 0 ls c/ --namespace blobs
	same "$(column 2 | head -2)" "c/1
c/2"
	answers "^2 listed"
	expect 0 ls "$(column 1 | head -1 | cut -c1-8)" --namespace blobs
	answers "^0 listed"
	expect 0 ls --limit 3
	answers "^3 listed"
	expect 2 ls --limit 0
	expect 2 ls --limit many
}

namespaces_are_apart() {
	echo blob | put - --name x >/dev/null || exit 1
	echo value | put - --name x --namespace kv >/dev/null || exit 1
	reads x blob
	expect 0 ls --namespace kv
	answers "^1 listed"
	expect 0 log x --namespace kv
	same "$(column 1 | wc -l)" 1
	expect 2 log x --namespace none
	expect 3 log y --namespace kv
	expect 0 ls
	answers "^1 listed"
}

check K03_every_version_is_in_the_log the_log_is_also_for_programs \
	a_name_may_be_meant_by_a_version names_that_look_like_hashes \
	concurrent_versions_are_all_heads a_merge_takes_the_winner a_merge_takes_a_file \
	a_merge_keeps_type_and_parent one_head_needs_no_merge \
	revert_makes_an_old_version_current revert_takes_heads_together \
	revert_wants_a_version_of_the_name a_removed_name_comes_back \
	settings_are_shown_and_changed an_empty_trash_is_listed what_another_copy_removed_is_in_the_trash \
	a_base_may_be_a_list \
	a_base_is_a_version_of_the_name if_unchanged_sees_what_others_wrote \
	a_version_expires listings_come_in_pages namespaces_are_apart
finish
