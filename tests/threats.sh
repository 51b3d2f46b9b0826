#!/usr/bin/env bash
# What docs/THREATS.md says, tried by those it speaks of. They have the second
# reader (tests/reader), which knows the format and nothing else.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
top=$(realpath "$(dirname "$0")/..")
. "$(dirname "$0")/lib.bash"
export PYTHONDONTWRITEBYTECODE=1

reader() { # argument...
	python3 "$top/tests/reader/reader.py" "$@"
}

# No file of a directory has these bytes.
nowhere() { # directory text
	! grep -rqaF -- "$2" "$1" || fail "'$2' lies in the clear in $(grep -rlaF -- "$2" "$1")"
}

# ---- a thief of the files, without the key -----------------------------------------
# Short and long, compressible and not, so that every way of storing is met.
a_store_with_marks() {
	local parent
	echo 'MARK-inline-content' >inline
	yes MARK-large-content | head -n 200000 >large
	{ random 300000; echo MARK-raw-content; random 300000; } >raw
	{ echo '{"fileName":"MARK-large-meta",'; yes '"MARK-meta":1,' | head -n 2000; echo '"a":1}'; } >meta
	parent=$(put inline --name MARK-name --type text/MARK-type)
	echo "$parent" >hashes
	put large raw --parent "$parent" --meta meta >>hashes
	put raw --name MARK-other >>hashes
}

nothing_lies_in_the_clear() {
	local mark hash
	a_store_with_marks
	rm "$OUROBOROS_DIR/member.key"
	for mark in MARK blobs fileName text/; do
		nowhere "$OUROBOROS_DIR" $mark
	done
	while read -r hash; do
		python3 - "$hash" "$OUROBOROS_DIR" <<-'END' || fail "the id $hash is there"
			import base64, os, sys
			wanted = base64.b64decode(sys.argv[1])
			for top, _, files in os.walk(sys.argv[2]):
			    for file in files:
			        if wanted in open(os.path.join(top, file), "rb").read():
			            sys.exit(1)
		END
	done <hashes
}

without_the_key_nothing_opens() {
	a_store_with_marks
	mv "$OUROBOROS_DIR/member.key" .
	expect 3 ls
	# A key of somebody else
	OUROBOROS_DIR=other o put --quiet inline >/dev/null || fail "put"
	cp other/member.key "$OUROBOROS_DIR/member.key"
	o ls >out 2>err && fail "another key opens it"
	reader "$OUROBOROS_DIR" list >out 2>err && fail "another key opens it"
	says "no member"
}

# The same file in two vaults has nothing in common but roughly its length.
a_known_file_cannot_be_confirmed() {
	random 3000000 >file
	put file >/dev/null
	OUROBOROS_DIR=other o put --quiet file >/dev/null || fail "put"
	reader "$OUROBOROS_DIR/lanes" slices >one || fail "slices"
	reader other/lanes slices >two || fail "slices"
	python3 - <<-'END' || fail "something is the same in both"
		import json, sys
		one, two = ([json.loads(line) for line in open(n)] for n in ("one", "two"))
		for what in ("chunk", "sha256"):
		    if {d[what] for d in one} & {d[what] for d in two}:
		        sys.exit(what)
		sizes = [[d["sealed_size"] for d in v if d["index"] == 0] for v in (one, two)]
		sys.exit(sorted(sizes[0]) == sorted(sizes[1]))
	END
}

# What he does see; if this changes, the page has to.
lanes_show_sizes_and_which_slices_belong_together() {
	random 1000000 >file
	put file >/dev/null
	reader "$OUROBOROS_DIR/lanes" slices >out || fail "slices"
	same "$(grep -c '"k": 3' out)" "$(wc -l <out)"
	same "$(grep -c '"epoch": 1' out)" "$(wc -l <out)"
}

any_changed_file_is_noticed() {
	local file
	a_store_with_marks
	find "$OUROBOROS_DIR" -type f ! -name member.key ! -name LOCK >files
	while read -r file; do
		cp "$file" saved
		flip "$file"
		o verify >out 2>err && fail "a change of $file is not noticed"
		cp saved "$file"
	done <files
	[ "$(wc -l <files)" -ge 11 ] || fail "too few files"
	expect 0 verify
}

an_older_state_of_everything_is_not_noticed() {
	echo one >file
	put --name file file >/dev/null
	cp -r "$OUROBOROS_DIR" older
	echo two >file
	put --name file file >/dev/null
	rm -r "$OUROBOROS_DIR"
	mv older "$OUROBOROS_DIR"
	expect 0 verify
	same "$(o get file)" one
}

# ---- a thief of the directory with the key in it -------------------------------------
the_key_in_the_directory_opens_all() {
	a_store_with_marks
	reader "$OUROBOROS_DIR" get MARK-name | cmp -s - inline || fail "it does not"
}

a_passphrase_on_the_key_stops_him() {
	a_store_with_marks
	OUROBOROS_NEW_PASSPHRASE='correct horse' o keys passwd || fail "passwd"
	reader "$OUROBOROS_DIR" list 2>err && fail "it opens without"
	OUROBOROS_PASSPHRASE='correct horsf' reader "$OUROBOROS_DIR" list 2>err &&
		fail "any passphrase opens it"
	says 'does not open the key file'
}

# ---- a former member ------------------------------------------------------------------
a_vault_that_a_member_left() {
	local recovery leaving
	echo 'when he was a member' >old
	echo 'after he left' >new
	random 600000 >large
	put --name old old >/dev/null
	recovery=$(o keys export 2>/dev/null) || fail "export"
	mkdir his
	cp "$OUROBOROS_DIR"/{keyring,member.key} his
	expect 0 keys show
	leaving=$(awk '$2 == "node" { print $1; exit }' out)
	mv "$OUROBOROS_DIR/member.key" was.key
	OUROBOROS_RECOVERY_KEY=$recovery o keys import --key "$OUROBOROS_DIR/member.key" >/dev/null ||
		fail "import"
	expect 0 keys remove "$leaving"
	put --name new new >/dev/null
	put --name large large >/dev/null
}

a_former_member_reads_names_and_what_was_there() {
	a_vault_that_a_member_left
	reader --key his/member.key "$OUROBOROS_DIR" list 2>err && fail "he is still a member"
	says "no member"
	his() {
		reader --key his/member.key --keyring his "$OUROBOROS_DIR" "$@"
	}
	his get old | cmp -s - old || fail "what he could read he can still read"
	his log new >out || fail "names are sealed under the id key"
	answers '"head": true'
	his get new >out 2>err && fail "he reads what is new"
	says 'no epoch 2|no epoch 3'
	his get large >out 2>err && fail "he reads what is new"
	says 'no epoch 2|no epoch 3'
}

# ---- a recipient of a grant ----------------------------------------------------------
a_vault_of_which_one_content_is_shared() {
	random 900000 >shared
	random 900000 >secret
	hash=$(put shared)
	put --name secret secret >/dev/null
	o keys new grace.key 2>/dev/null || fail "new"
	o keys public grace.key >grace.public || fail "public"
	expect 0 share "$hash" grace.public -o bundle
	grace=$(o share --list --json | grep -o '"fingerprint":"[0-9a-f]*"' | cut -d'"' -f4)
}

# chunks in the lanes, and those of them that a recipient opens
recipient() {
	python3 "$top/tests/reader/recipient.py" bundle grace.key "$OUROBOROS_DIR/lanes" ||
		fail "recipient"
}

a_recipient_reads_that_content_and_no_other() {
	local hash grace chunks opened
	a_vault_of_which_one_content_is_shared
	reader --key grace.key bundle get "$hash" | cmp -s - shared || fail "he cannot read it"
	read -r chunks opened < <(recipient)
	o info "$hash" --json >out
	same "$opened" "$(value chunks)"
	[ "$chunks" -gt "$opened" ] || fail "he opens all"
	reader --key grace.key "$OUROBOROS_DIR" list 2>err && fail "he is a member"
	says 'no member'
	nowhere bundle secret
}

what_was_sealed_anew_is_closed_to_him() {
	local hash grace chunks opened
	a_vault_of_which_one_content_is_shared
	expect 0 unshare "$hash" "$grace"
	read -r chunks opened < <(recipient)
	[ "$opened" -gt 0 ] || fail "without --reseal nothing changes"
	expect 0 unshare "$hash" "$grace" --reseal
	expect 0 gc
	read -r chunks opened < <(recipient)
	same "$opened" 0
	o get "$hash" | cmp -s - shared || fail "nor do we"
	# What he was given he keeps.
	reader --key grace.key bundle get "$hash" | cmp -s - shared || fail "the bundle"
}

a_stream_on_its_way_shows_nothing_but_its_length() {
	local mark
	a_store_with_marks
	expect 0 export -o stream
	for mark in MARK blobs fileName text/; do
		nowhere stream $mark
	done
	OUROBOROS_DIR=other o put --quiet inline >/dev/null || fail "put"
	reader --key other/member.key stream list 2>err && fail "another's key opens it"
	says 'no member'
}

# ---- the page -------------------------------------------------------------------------
the_tests_that_the_page_names_are_there() {
	local name
	# shellcheck disable=SC2016
	grep -oE '`[A-Za-z0-9]+(_[A-Za-z0-9*]+){2,}`' "$top/docs/THREATS.md" | tr -d '`' |
		sort -u >names
	[ "$(wc -l <names)" -gt 20 ] || fail "the page names no tests"
	while read -r name; do
		grep -rqE "^(static void )?${name//\*/[a-z0-9_]+}\\(" "$top/src" "$top/tests" ||
			fail "there is no $name"
	done <names
}

check the_tests_that_the_page_names_are_there nothing_lies_in_the_clear \
	without_the_key_nothing_opens a_known_file_cannot_be_confirmed \
	lanes_show_sizes_and_which_slices_belong_together any_changed_file_is_noticed \
	an_older_state_of_everything_is_not_noticed the_key_in_the_directory_opens_all \
	a_passphrase_on_the_key_stops_him a_former_member_reads_names_and_what_was_there \
	a_recipient_reads_that_content_and_no_other what_was_sealed_anew_is_closed_to_him \
	a_stream_on_its_way_shows_nothing_but_its_length
finish
