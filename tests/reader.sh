#!/usr/bin/env bash
# A second reader, written from docs/FORMAT.md alone (tests/reader), reads what
# the program writes: whole, damaged, under every kind of key.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
top=$(realpath "$(dirname "$0")/..")
. "$(dirname "$0")/lib.bash"
export PYTHONDONTWRITEBYTECODE=1

reader() { # argument...
	python3 "$top/tests/reader/reader.py" "$@"
}

# Names, versions and bytes of the store are the same for both.
agree() { # [argument of the reader...]
	local version
	o ls --json >listed || fail "ls"
	reader "$@" "$OUROBOROS_DIR" list >list_read || fail "the reader does not list"
	python3 "$top/tests/reader/compare.py" listed list_read >versions ||
		fail "the lists differ"
	while read -r version; do
		o get --quiet "hash:$version" | sha256sum >of_program
		reader "$@" "$OUROBOROS_DIR" get "$version" | sha256sum >of_reader
		cmp -s of_program of_reader || fail "the bytes of $version differ"
	done <versions
	reader "$@" "$OUROBOROS_DIR" check >out || fail "the reader's check"
}

some_files() {
	random 5242880 >large
	seq 1 200000 >text
	random 4096 >inline
	random 4097 >one_chunk
	: >empty
	seq 1 3000 >meta
}

a_store() {
	local parent
	some_files
	put large >hashes
	put empty >>hashes
	put --name text --type text/plain --meta meta text >/dev/null
	put --name text inline >/dev/null
	put --name text one_chunk >/dev/null
	parent=$(put --name parent text)
	put --name 'pfad/zum/Käse' --parent "$parent" large >/dev/null
	put --name gone inline >/dev/null
	expect 0 rm gone
}

the_vectors_of_the_page() {
	python3 "$top/tests/reader/vectors.py" || fail "vectors"
}

names_versions_and_contents() {
	local first
	a_store
	agree
	same "$(value slices_bad) $(value rebuilt)" "0 0"
	reader "$OUROBOROS_DIR" log gone 2>err && fail "it reads what is gone"
	says 'no name gone'
	reader "$OUROBOROS_DIR" get "$(tail -n 1 hashes)" | cmp - empty ||
		fail "the empty file"
	# The first of three versions has a type and a meta.
	reader "$OUROBOROS_DIR" log text >out || fail "log"
	same "$(wc -l <out)" 3
	first=$(value version)
	reader "$OUROBOROS_DIR" info "$first" >out || fail "info"
	same "$(value type)" text/plain
	same "$(value meta_sha256)" "$(sha256sum <meta | cut -d' ' -f1)"
	same "$(value sha256)" "$(sha256sum <text | cut -d' ' -f1)"
}

as_many_lanes_lost_as_there_is_parity() {
	local at
	a_store
	rm -r "$OUROBOROS_DIR/lanes/01"
	for at in 1000 20000 300000 900000; do
		flip "$OUROBOROS_DIR"/lanes/03/segment-00000001.dat $at
	done
	cp -r "$OUROBOROS_DIR" damaged
	reader damaged list >list_read || fail "list"
	reader damaged check >out || fail "check"
	[ "$(value rebuilt)" -gt 0 ] || fail "nothing was rebuilt"
	grep -q 'damaged at' out || fail "the damage is not told"
	# The program heals as it reads.
	agree
	rm -r damaged/lanes/00
	reader damaged check 2>err && fail "three of five lanes are enough"
	says 'of 3 slices|no slice'
}

one_of_each_small_file_and_the_records_damaged() {
	a_store
	reader "$OUROBOROS_DIR" list >before || fail "list"
	cp -r "$OUROBOROS_DIR" damaged
	flip damaged/OUROBOROS
	rm damaged/keyring
	flip damaged/records/segment-00000001.dat 700
	flip damaged/records/segment-00000001.dat
	reader damaged list >after || fail "list"
	cmp -s before after || fail "the copies do not stand in"
	reader damaged check >out || fail "check"
	grep -q 'records/segment-00000001.dat: damaged at' out ||
		fail "the damage is not told"
	rm damaged/OUROBOROS.copy
	reader damaged list 2>err && fail "a damaged store file is believed"
	says 'frame'
}

pages_over_pages() {
	truncate -s 540M sparse
	random 700000 >>sparse
	put --name sparse sparse >/dev/null
	o info sparse --json >out || fail "info"
	[ "$(value chunks)" -gt 1024 ] || fail "too few chunks"
	agree
}

other_codes() {
	some_files
	put --rs 1+0 one_chunk >/dev/null
	put --rs 2+2 large --name wide >/dev/null
	o put --quiet --rs 1+4 text --name thin >/dev/null || fail "1+4"
	agree
}

lanes_on_several_disks() {
	mkdir disk1 disk2
	some_files
	put --data-path "$PWD/disk1" --data-path "$PWD/disk2" text large \
		>/dev/null
	agree
}

passphrase_recovery_key_and_epochs() {
	local recovery
	some_files
	put --name before text >/dev/null
	o keys rotate >/dev/null || fail "rotate"
	put --name after large >/dev/null
	put --name before inline >/dev/null
	recovery=$(o keys export 2>/dev/null) || fail "export"
	agree
	agree --recovery "$recovery"
	OUROBOROS_NEW_PASSPHRASE='correct horse' o keys passwd || fail "passwd"
	reader "$OUROBOROS_DIR" list 2>err && fail "no passphrase is needed"
	says passphrase
	OUROBOROS_PASSPHRASE=wrong reader "$OUROBOROS_DIR" list 2>err &&
		fail "another passphrase opens it"
	export OUROBOROS_PASSPHRASE='correct horse'
	agree
	agree --key "$OUROBOROS_DIR/member.key"
}

a_store_that_was_compacted() {
	local i
	for i in 1 2 3 4 5 6; do
		random 1500000 >file$i
		put --name name$i file$i >/dev/null
	done
	for i in 1 2 4 5; do
		expect 0 rm name$i
	done
	expect 0 gc
	put --name name1 file2 >/dev/null
	expect 0 gc
	agree
}

a_store_whose_writer_was_killed() {
	local i
	for i in 1 2 3 4 5 6; do
		random 4000000 >file$i
	done
	put --name first file1 >/dev/null
	"$program" put --quiet file2 file3 file4 file5 file6 >/dev/null 2>&1 &
	sleep 0.1
	kill -9 $!
	wait
	agree
}

heads_beside_one_another() {
	local base
	some_files
	base=$(put --name n text)
	put --name n --base "$base" inline >/dev/null
	put --name n --base "$base" one_chunk >/dev/null
	put --name deleted --base none empty >/dev/null
	put --name deleted --base none text >/dev/null
	agree
	o heads n --json >theirs || fail "heads"
	reader "$OUROBOROS_DIR" list >out || fail "list"
	python3 - <<-'END' || fail "other heads"
		import json
		ours = [json.loads(line) for line in open("out")]
		ours = [d["heads"] for d in ours if d["path"] == "n"][0]
		theirs = [v["version"] for v in json.load(open("theirs"))["versions"]]
		assert len(ours) == 2 and ours == theirs, (ours, theirs)
	END
	expect 0 export -o stream
	reader "$OUROBOROS_DIR" list >list_read
	reader --key "$OUROBOROS_DIR/member.key" stream list | cmp - list_read ||
		fail "the stream has other heads"
	o merge n >/dev/null || fail "merge"
	expect 0 rm deleted
	agree
}

an_exported_vault() {
	local key=$OUROBOROS_DIR/member.key
	a_store
	expect 0 export -o stream
	reader "$OUROBOROS_DIR" list >of_store || fail "list"
	reader --key "$key" stream list >of_stream || fail "list of the stream"
	cmp -s of_store of_stream || fail "the stream lists something else"
	reader "$OUROBOROS_DIR" contents | sort >of_store
	reader --key "$key" stream contents | sort >of_stream
	cmp -s of_store of_stream || fail "the stream has other contents"
	reader --key "$key" stream check >out || fail "check"
	same "$(value contents)" "$(wc -l <of_store)"
	# Cut short, and gone on with: a beginning is in it.
	head -c 3000000 stream >cut_short
	reader --key "$key" cut_short list 2>err && fail "a part is believed"
	says 'cut at'
	expect 0 export -o cut_short --resume
	reader --key "$key" cut_short list | sort >of_stream
	reader "$OUROBOROS_DIR" list | sort | cmp -s - of_stream || fail "resumed"
	flip stream
	reader --key "$key" stream list 2>err && fail "a damaged one is believed"
	says 'damaged at'
}

what_was_shared() {
	local hash other
	some_files
	hash=$(put --type text/plain --meta meta large)
	other=$(put text --parent "$hash")
	expect 0 keys new grace.key
	o keys public grace.key >grace.public || fail "public"
	expect 0 share "$hash" grace.public -o bundle
	reader --key grace.key bundle contents >out || fail "contents"
	same "$(value content) $(value type)" "$hash text/plain"
	same "$(value sha256)" "$(sha256sum <large | cut -d' ' -f1)"
	same "$(value meta_sha256)" "$(sha256sum <meta | cut -d' ' -f1)"
	reader --key grace.key bundle get "$hash" | cmp - large || fail "get"
	reader --key grace.key bundle get "$other" 2>err && fail "more was shared"
	reader --key "$OUROBOROS_DIR/member.key" bundle contents 2>err &&
		fail "it is for everybody"
	says 'another key'
	# Shared again under another epoch, with what is below it.
	o keys rotate >/dev/null || fail "rotate"
	expect 0 share "$hash" grace.public --tree -o bundle2
	reader --key grace.key bundle2 get "$other" | cmp - text || fail "tree"
	reader --key grace.key bundle2 get "$hash" | cmp - large || fail "both"
	flip bundle
	reader --key grace.key bundle contents 2>err && fail "damage"
	says 'damaged at'
	expect 0 unshare "$hash" "$(o share --list --json | grep -o '"fingerprint":"[0-9a-f]*"' |
		head -n 1 | cut -d'"' -f4)" --reseal
	agree
	expect 0 gc
	agree
}

# Stored with an earlier version (tests/vectors/make-store).
stored=$top/tests/vectors/store

stored_reads() { # argument of the reader...
	local hash sum _
	while read -r hash _ sum; do
		same "$(reader "$@" get "$hash" | sha256sum)" "$sum  -"
	done <"$stored/expected"
}

a_stored_store() {
	local last
	stored_reads --key "$stored/open.key" "$stored/dir"
	OUROBOROS_PASSPHRASE='correct horse' reader "$stored/dir" check >out || fail "check"
	same "$(value damage) $(value contents)" "[] 9"
	stored_reads --recovery "$(cat "$stored/recovery")" "$stored/dir"
	stored_reads --key "$stored/open.key" "$stored/stream"
	reader --key "$stored/grace.key" "$stored/bundle" contents >out || fail "bundle"
	same "$(value content)" "$(head -n 1 "$stored/expected" | cut -d' ' -f1)"
	same "$(value sha256)" "$(head -n 1 "$stored/expected" | cut -d' ' -f3)"
	last=$(awk '$2 == "a/name" { print $1 }' "$stored/expected" | tac)
	same "$(reader --key "$stored/open.key" "$stored/dir" log a/name |
		sed 's/.*"version": "\([^"]*\)".*/\1/')" "$last"
	cp -r "$stored/dir" damaged
	rm -r damaged/lanes/00 damaged/copies damaged/keyring
	flip damaged/lanes/04/segment-00000001.dat 3000
	stored_reads --key "$stored/open.key" damaged
}

# What follows from the records may be stored otherwise now, and is made anew.
the_program_reads_what_it_stored_once() {
	local hash sum _
	cp -r "$stored/dir" "$OUROBOROS_DIR"
	export OUROBOROS_PASSPHRASE='correct horse'
	o repair --rebuild-index --quiet >out || fail "repair"
	while read -r hash _ sum; do
		same "$(o get "$hash" | sha256sum)" "$sum  -"
	done <"$stored/expected"
	expect 0 verify
	expect 3 info gone
	agree
}

damaged_logs_read_alike() {
	python3 "$top/tests/reader/logs.py" "$program" || fail "they differ"
}

check the_vectors_of_the_page a_stored_store the_program_reads_what_it_stored_once damaged_logs_read_alike names_versions_and_contents \
	as_many_lanes_lost_as_there_is_parity \
	one_of_each_small_file_and_the_records_damaged pages_over_pages other_codes \
	lanes_on_several_disks passphrase_recovery_key_and_epochs \
	a_store_that_was_compacted a_store_whose_writer_was_killed \
	heads_beside_one_another an_exported_vault what_was_shared
finish
