#!/usr/bin/env bash
# Parents and children, and the care of slices without keys.
# shellcheck source=/dev/null disable=SC2154,SC2015
. "$(dirname "$0")/lib.bash"

# root - a - c, root - b, alone
family() {
	local name
	for name in root a b c alone; do
		echo "the content of $name" >$name
	done
	root=$(put root)
	a=$(put a --parent "$root")
	b=$(put b --parent "$root" --name named/b)
	b=$(o info "$b" --json | sed 's/.*"content":"\([^"]*\)".*/\1/')
	c=$(put c --parent "$a")
	alone=$(put alone)
}

lines() { # hash...: the answer is exactly these, in this order
	same "$(cat out)" "$(printf '%s\n' "$@")"
}

in_any_order() { # hash...
	same "$(sort out)" "$(printf '%s\n' "$@" | sort)"
}

# ---- relatives ---------------------------------------------------------------
K16_relatives_are_printed() {
	family
	expect 0 children "$root"
	in_any_order "$a" "$b"
	silent
	expect 0 children "$c"
	[ ! -s out ] || fail "a leaf has children"
	expect 0 parent "$c"
	lines "$a"
	expect 0 ancestors "$c"
	lines "$a" "$root"
	expect 0 descendants "$root"
	in_any_order "$a" "$b" "$c"
	grep -A1 -xF "$a" out | tail -n 1 | grep -qxF "$c" ||
		fail "a child is not behind its parent"
	expect 0 roots
	in_any_order "$root" "$alone"
	# by name, by prefix
	expect 0 parent named/b
	lines "$root"
	expect 0 children "${root:0:12}"
	in_any_order "$a" "$b"
}

K16_an_unknown_hash_is_not_found() {
	local unknown command
	unknown=$(printf 'cd%.0s' {1..32})
	family
	for command in children parent ancestors descendants tree; do
		expect 3 $command "$unknown"
		says "$unknown"
		expect 3 $command no-such-name
		expect 3 $command "$unknown" --json
		answers '"code":"NOT_FOUND"'
	done
	expect 3 parent "$root"
	says "has no parent"
}

K20_a_parent_that_is_not_here() {
	local unborn stray
	unborn=$(printf 'ab%.0s' {1..32})
	echo stray >stray
	stray=$(put stray --parent "$unborn")
	expect 0 children "$unborn"
	lines "$stray"
	expect 0 descendants "$unborn"
	lines "$stray"
	expect 0 parent "$stray"
	says "not here"
	expect 0 ancestors "$stray"
	[ ! -s out ] || fail "it has ancestors"
	expect 0 roots
	lines "$stray"
	expect 0 tree
	answers 'stray +6 B .*its parent q6urq6urq6ur is not here'
	expect 0 tree "$unborn"
	answers '^q6urq6urq6ur +\(not here\)$'
	expect 0 rm "$stray"
	expect 3 children "$unborn"
}

K17_forced_removal_makes_roots() {
	family
	expect 5 rm "$root"
	says "refused: it has the child"
	expect 0 rm --force "$root"
	expect 0 roots
	in_any_order "$a" "$b" "$alone"
	expect 0 gc
	expect 0 verify
	expect 0 children "$root"
	in_any_order "$a" "$b"
}

many_are_paged() {
	local i first
	echo root >root
	root=$(put root)
	for i in {1..7}; do
		echo "$i" >"f$i"
		put "f$i" --parent "$root" >>hashes
		echo "root $i" >"r$i"
		put "r$i" >>roots
	done
	echo "$root" >>roots
	expect 0 children "$root" --limit 3
	same "$(wc -l <out)" 3
	says "more: --after $(tail -n 1 out | sed 's/[+]/[+]/g')$"
	cp out pages
	expect 0 children "$root" --limit 3 --after "$(tail -n 1 out)"
	cat out >>pages
	expect 0 children "$root" --limit 3 --after "$(tail -n 1 out)"
	silent
	cat out >>pages
	same "$(sort pages)" "$(sort hashes)"
	expect 0 roots --limit 5
	cp out pages
	expect 0 roots --after "$(tail -n 1 out)"
	cat out >>pages
	same "$(sort pages)" "$(sort roots)"
	expect 0 descendants "$root" --limit 2
	same "$(wc -l <out)" 2
	expect 2 children "$root" --limit 0
	expect 2 children "$root" --limit -1
	expect 2 children "$root" --limit 3x
	expect 2 ancestors "$root" --after "$root"
	need_python
	expect 0 children "$root" --limit 2 --json
	first=$(value items 1 hash)
	same "$(value next)" "$first"
	expect 0 children "$root" --limit 7 --json
	same "$(value next)" None
}

tables_have_names_and_sizes() {
	family
	expect 0 children -l "$root"
	answers '^HASH +NAME +SIZE +SAVED AT$'
	answers " named/b +17 B +20"
	answers " a +17 B +20"
	expect 0 descendants -l "$root"
	answers '^DEPTH'
	answers "^ +2 .* c +17 B"
}

relatives_are_json_too() {
	need_python
	family
	expect 0 ancestors "$c" --json
	same "$(value items 0 hash)" "$a"
	same "$(value items 0 parent)" "$root"
	same "$(value items 1 name)" root
	same "$(value items 1 bytes)" 20
	expect 0 descendants "$a" --json
	same "$(value items 0 depth)" 1
	expect 0 parent "$c" --json
	same "$(value hash)" "$a"
	expect 0 tree "$root" --json
	same "$(value contents)" 4
	same "$(value nodes 0 depth)" 0
	same "$(value nodes 0 hash)" "$root"
	expect 0 tree --json
	same "$(value contents)" 5
}

# ---- the drawing -----------------------------------------------------------------
a_tree_is_drawn() {
	family
	expect 0 tree "$root"
	answers '^root  20 B  '
	answers '^(\||`)-- a  17 B  '
	answers '^(\||`)-- named/b  17 B  '
	answers '^(\|   |    )`-- c  17 B  '
	answers '^4 contents, 71 B$'
	LC_ALL=C.UTF-8 expect 0 tree "$root"
	answers '└── '
	expect 0 tree "$root" --depth 1
	answers '^3 contents'
	expect 0 tree "$root" --depth 0
	answers '^1 content,'
	expect 2 tree --depth x
	expect 0 tree
	answers '^alone  '
	answers '^5 contents, '
	expect 0 tree -l "$c"
	answers " $(exactly "$c")$"
}

an_empty_store_has_no_tree() {
	echo x >x
	expect 0 rm "$(put x)"
	expect 0 tree
	answers '^0 contents, 0 B$'
	expect 0 roots
	[ ! -s out ] || fail "there is a root"
}

wide_and_deep_trees_are_drawn() {
	local i parent
	mkdir many
	echo top >top
	parent=$(put top)
	seq 200 | split -l 1 -a 3 - many/f
	o put many/* --parent "$parent" >/dev/null 2>&1 || fail "put"
	expect 0 tree "$parent"
	answers '^201 contents'
	same "$(grep -c '^|-- ' out)" 199
	same "$(grep -c '^`-- ' out)" 1
	sed -n 201p out | grep -q '^`-- ' || fail "the last is not last"
	for i in {1..30}; do
		echo "deep $i" >deep
		parent=$(put deep --parent "$parent")
	done
	expect 0 ancestors "$parent"
	same "$(wc -l <out)" 30
	expect 0 tree
	same "$(grep -c 'deep ' out)" 30
}

names_cannot_steer_the_terminal() {
	printf 'x' >"$(printf 'a\033[31mb')"
	put a* >/dev/null
	expect 0 tree
	! grep -q "$(printf '\033')" out || fail "an escape came through"
}

# ---- without keys ---------------------------------------------------------------------
K11_lanes_are_rebuilt_without_keys() {
	random 2000000 >file
	hash=$(put file)
	mkdir away
	mv store/keyring* store/member.key store/OUROBOROS* store/records store/copies away
	expect 0 verify --blind
	answers '^slices +[0-9]+, all ok$'
	rm -r store/lanes/01 store/lanes/04
	expect 4 verify --blind
	says "repair --blind"
	answers '^FAIL +chunk'
	expect 0 repair --blind
	answers '^FIXED'
	answers '^rewritten +[1-9]'
	expect 0 verify --blind
	mv away/* store
	expect 0 verify
	expect 0 get "$hash"
	cmp -s out file || fail "it differs"
}

blind_care_tells_what_is_lost() {
	random 700000 >file
	put file >/dev/null
	flip store/lanes/02/segment-00000001.dat
	expect 4 verify --blind -l
	answers 'slice'
	rm -r store/lanes/00 store/lanes/01
	flip store/lanes/03/segment-00000001.dat
	flip store/lanes/04/segment-00000001.dat
	expect 4 repair --blind
	answers 'too few whole slices'
	says "Some damage remains"
	expect 4 verify --blind --json
	answers '"state":"lost"'
	answers '"damaged":true'
}

blind_care_finds_data_paths() {
	mkdir d1 d2
	random 700000 >file
	put file --data-path "$PWD/d1" --data-path "$PWD/d2" >/dev/null
	expect 0 verify --blind --data-path d1 --data-path d2
	expect 2 verify --blind --data-path d2 --data-path d1
	says "in its order"
	rm -r d2/*/*
	expect 0 repair --blind --data-path d1 --data-path d2
	expect 0 verify
}

blind_mistakes_are_told() {
	echo x >x
	expect 3 verify --blind
	put x >/dev/null
	expect 2 verify --blind x
	expect 2 repair --blind --rebuild-index
	expect 2 verify --data-path .
	says "blind"
}

check \
	K16_relatives_are_printed \
	K16_an_unknown_hash_is_not_found \
	K20_a_parent_that_is_not_here \
	K17_forced_removal_makes_roots \
	many_are_paged \
	tables_have_names_and_sizes \
	relatives_are_json_too \
	a_tree_is_drawn \
	an_empty_store_has_no_tree \
	wide_and_deep_trees_are_drawn \
	names_cannot_steer_the_terminal \
	K11_lanes_are_rebuilt_without_keys \
	blind_care_tells_what_is_lost \
	blind_care_finds_data_paths \
	blind_mistakes_are_told
finish
