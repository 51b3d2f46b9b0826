#!/usr/bin/env bash
# The commands, as a person types them.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238
. "$(dirname "$0")/lib.bash"

# ---- storing and reading -----------------------------------------------------
K26_put_prints_only_the_hash() {
	echo text >file
	expect 0 put file
	same "$(wc -l <out)" 1
	same "$(wc -c <out)" 45
	answers '^[A-Za-z0-9+/]{43}=$'
	expect 0 put file
	silent
}

first_use_tells_of_the_key() {
	echo text >file
	expect 0 put file
	says "key lies in .*/member.key"
	says "cannot be read"
	says "keys export"
	says "anyone who gets the whole directory can read it"
	OUROBOROS_DIR=$PWD/second expect 0 --key "$PWD/second.key" put file
	says "second.key"
	! grep -q "whole directory" err || fail "the key lies elsewhere"
	OUROBOROS_DIR=$PWD/third OUROBOROS_PASSPHRASE=horse expect 0 put file
	! grep -q "whole directory" err || fail "the key has a passphrase"
	OUROBOROS_DIR=$PWD/other expect 0 put --quiet file
	silent
	[ -d other ] || fail "no store was made"
}

K26_round_trip_of_many_sizes() {
	local size hash
	for size in 0 1 4095 4096 4097 131072 524288 1048583 5000000; do
		random $size >file-$size
	done
	head -c 3000000 /dev/zero >file-zeros
	o put file-* >hashes 2>/dev/null || fail "put"
	paste <(ls -d file-*) hashes >pairs
	while read -r file hash; do
		expect 0 get "$hash"
		cmp -s out "$file" || fail "$file differs"
		expect 0 get "$hash" -o copy
		cmp -s copy "$file" || fail "$file differs with -o"
	done <pairs
	# shellcheck disable=SC2046
	expect 0 get $(cat hashes)
	cmp -s out <(cat file-*) || fail "several at once differ"
}

standard_input_is_stored() {
	random 700000 >file
	o put - <file >hash 2>/dev/null || fail "put -"
	expect 0 get "$(cat hash)"
	cmp -s out file || fail "it differs"
}

K01_the_same_file_has_the_same_hash() {
	local first
	random 300000 >file
	first=$(put file)
	same "$(put file)" "$first"
	expect 0 rm "$first"
	expect 3 get "$first"
	same "$(put file)" "$first"
	expect 0 get "$first"
	cmp -s out file || fail "it differs"
	[ "$(put file --type text/plain)" != "$first" ] || fail "type is not in the hash"
}

K03_versions_of_a_name() {
	local first second
	echo one >one
	echo two >two
	first=$(put one --name /docs/a)
	second=$(put two --name /docs/a)
	[ "$first" != "$second" ] || fail "one hash for two versions"
	expect 0 get /docs/a && cmp -s out two || fail "not the newest"
	expect 0 get "$first" && cmp -s out one || fail "not the first"
	expect 0 get name:/docs/a && cmp -s out two || fail "not by name:"
	expect 0 get "hash:$second" && cmp -s out two || fail "not by hash:"
	expect 2 put one two --name /docs/a
	says "one file"
}

hex_of() { # base64
	base64 -d <<<"$1" | od -An -v -tx1 | tr -d ' \n'
}

K26_prefixes_in_every_alphabet() {
	local hash hex url text
	echo text >file
	hash=$(put file)
	hex=$(hex_of "$hash")
	url=$(tr '+/' '-_' <<<"${hash%=}")
	for text in "$hash" "${hash:0:12}" "$hex" "${hex:0:4}" "${hex:0:9}" \
		"${hex^^}" "$url" "${url:0:10}" "hash:${hex:0:8}"; do
		expect 0 get -- "$text"
		cmp -s out file || fail "$text is something else"
	done
	expect 3 get "${hex:0:3}"
}

K05_ambiguous_prefixes_list_candidates() {
	local prefix
	mkdir many
	seq 1500 | split -l 1 -a 4 - many/f
	o put many/* >hashes 2>/dev/null || fail "put"
	prefix=$(while read -r hash; do hex_of "$hash"; echo; done <hashes |
		cut -c 1-4 | sort | uniq -d | head -n 1)
	[ -n "$prefix" ] || fail "no two hashes share 16 bits"
	expect 1 get "$prefix"
	says "$prefix"
	[ "$(grep -cE '^  [A-Za-z0-9+/]{43}=  (content|version)$' err)" -ge 2 ] ||
		fail "no candidates are listed"
	expect 1 get --json "$prefix"
	answers '"candidates":\[\{"hash":'
	answers '"code":"AMBIGUOUS"'
	silent
}

ranges_are_those_of_http() {
	local hash
	random 1500000 >file
	hash=$(put file)
	range_is() { # range offset length
		expect 0 get "$hash" --range "$1"
		cmp -s out <(tail -c +$(($2 + 1)) file | head -c "$3") ||
			fail "range $1"
	}
	range_is 0-0 0 1
	range_is 0- 0 1500000
	range_is 100-199 100 100
	range_is 400000-1300000 400000 900001
	range_is 1499999- 1499999 1
	range_is 1499990-99999999 1499990 10
	range_is -5 1499995 5
	range_is -9999999 0 1500000
	expect 1 get "$hash" --range 1500000-
	says "beyond the end"
	expect 0 get "$hash" --range=10-19 -o part
	cmp -s part <(tail -c +11 file | head -c 10) || fail "-o with a range"
}

parents_and_metadata() {
	local parent child unknown
	echo parent >a
	echo child >b
	parent=$(put a)
	child=$(put b --parent "$parent" --type text/x-child)
	expect 0 info "$child"
	answers "^parent +$(exactly "$parent")\$"
	answers '^type +text/x-child$'
	answers '"fileName":"b"'
	unknown=$(head -c 32 /dev/zero | base64)
	expect 0 put b --parent "$unknown"
	expect 0 info "$(cat out)"
	answers "^parent +$(exactly "$unknown")\$"
	expect 3 put b --parent nothing
	random 5000 >meta
	expect 0 put a --meta meta
	expect 0 info --json "$(cat out)"
	answers '"meta_bytes":5000'
	head -c $((16 * 1024 * 1024 + 1)) /dev/zero >meta
	expect 1 put a --meta meta
	says "16 MiB"
}

a_large_meta_is_not_in_a_list() {
	local hash
	seq 1 2000 >meta
	echo hello >file
	hash=$(put --meta meta file)
	expect 0 ls
	answers "^$(exactly "$hash") +- +6 B"
	expect 0 ls --json
	answers '"name":"-"'
}

erasure_codes_are_chosen() {
	local hash
	random 900000 >file
	hash=$(put file --rs 4+1)
	expect 0 info "$hash"
	answers '^erasure +4\+1$'
	expect 0 get "$hash"
	cmp -s out file || fail "it differs"
	hash=$(put file --rs 2+0)
	expect 0 get "$hash"
	cmp -s out file || fail "it differs with 2+0"
}

# ---- the file of get -o ------------------------------------------------------
# Wherever the holes are, and whether the zeros were holes at first or not.
zeros_become_holes() {
	local file hash
	truncate -s 30M all-hole
	truncate -s 100 small
	truncate -s 20M hole-first && random 70001 >>hole-first
	random 3000000 >hole-last && truncate -s 20000001 hole-last
	random 100000 >mixed && truncate -s 9M mixed && random 1 >>mixed &&
		truncate -s 12M mixed && random 500000 >>mixed
	head -c 8M /dev/zero >no-hole
	random 300000 >existing
	for file in all-hole small hole-first hole-last mixed no-hole; do
		hash=$(put "$file" --meta /dev/null)
		same "$hash" "$(put - --meta /dev/null <"$file")"
		o get "hash:$hash" -o "back-$file" || fail "get $file"
		o get "hash:$hash" -o existing || fail "get over a file"
		cmp "$file" "back-$file" && cmp "$file" existing ||
			fail "$file: other bytes"
		o get "hash:$hash" | cmp - "$file" || fail "$file: to a pipe"
		o get "hash:$hash" --range 65536- -o range 2>/dev/null &&
			{ tail -c +65537 "$file" | cmp - range || fail "range"; }
	done
	same "$(stat -c %b back-all-hole)" 0
	same "$(stat -c %b back-no-hole)" 0
	[ "$(stat -c %b back-mixed)" -lt 3000 ] || fail "no holes"
}

output_files_are_replaced_whole() {
	local hash
	echo new >file
	hash=$(put file)
	echo old >target
	chmod 640 target
	ln -s target link
	expect 0 get "$hash" -o link
	same "$(cat target)" new
	[ -L link ] || fail "the link is gone"
	same "$(stat -c %a target)" 640
	(umask 027 && o get "$hash" -o fresh) || fail "get"
	same "$(stat -c %a fresh)" 640
	expect 0 get "$hash" -o /dev/null
	[ -c /dev/null ] || fail "/dev/null is gone"
	expect 1 get "$hash" -o missing/file
	says "missing/file"
	mkdir folder
	expect 1 get "$hash" -o folder
	says "directory"
	expect 3 get 00000000 -o never
	[ ! -e never ] || fail "a file appeared"
	same "$(find . -name '.ouroboros-*' | wc -l)" 0
}

a_closed_pipe_is_quiet() {
	local hash codes
	random 3000000 >file
	hash=$(put file)
	"$program" get "$hash" 2>err | head -c 1 >/dev/null
	codes=("${PIPESTATUS[@]}")
	same "${codes[0]}" 141
	silent
	"$program" get "$hash" >/dev/full 2>err && fail "/dev/full took it"
	says "standard output"
	"$program" ls >/dev/full 2>err && fail "/dev/full took the list"
	says "standard output"
}

# ---- removing ----------------------------------------------------------------
removal_is_refused_with_reasons() {
	local parent child
	echo parent >a
	echo child >b
	parent=$(put a)
	child=$(put b --parent "$parent")
	expect 5 rm "$parent"
	says "refused: .*child.* $(exactly "$child")"
	expect 0 get "$parent"
	expect 5 rm --json "$parent"
	answers '"reasons":\[\{"reason":"has_children"'
	answers '"code":"REFUSED"'
	expect 0 rm --force "$parent"
	says "removed"
	expect 3 get "$parent"
	expect 0 get "$child"
	expect 0 rm --json "$child"
	answers '"versions_removed":1'
	expect 3 rm "$child"
}

K18_removal_tells_what_it_kept() {
	local first second
	random 2000000 >a
	cat a >b
	first=$(put a)
	second=$(put b)
	expect 0 rm "$first"
	says "^kept: .*(chunk|slice)"
	expect 0 get "$second"
	cmp -s out a || fail "shared chunks are gone"
	expect 0 gc
	answers "collected"
	expect 0 get "$second"
	cmp -s out a || fail "shared chunks were collected"
	expect 0 compact
}

# ---- looking -----------------------------------------------------------------
tables_line_up_and_escape_names() {
	local hash
	random 600000 >plain
	printf x >$'evil\x1b[31m\nname'
	o put plain $'evil\x1b[31m\nname' >hashes 2>/dev/null || fail "put"
	hash=$(head -n 1 hashes)
	expect 0 ls
	answers '^HASH +NAME +SIZE +CHUNKS +SAVED AT$'
	answers "^$(exactly "$hash")  plain .* 585\\.9 KiB "
	answers 'evil\\x1b\[31m\\nname'
	answers 'deduplication .* compression '
	! grep -q $'\x1b' out || fail "a control character got through"
	expect 0 ls -l
	answers ' K\+M +SLICES +STORED +MIN +MEAN +MAX$'
	answers ' 3\+2 '
	expect 0 ls pla
	answers plain
	! grep -q evil out || fail "the prefix is ignored"
	expect 0 ls "${hash:0:8}"
	answers plain
}

info_gives_every_size() {
	local hash
	head -c 1000000 /dev/zero | tr '\0' a >file
	hash=$(put file)
	expect 0 info "$hash"
	answers '^size +976\.6 KiB \(1000000 bytes\)$'
	answers '^compressed '
	answers '^stored '
	answers '^slices '
	answers '^saved at +20[0-9-]+T[0-9:]+Z$'
	expect 0 stats
	answers '^deduplication '
	answers '^size of everything +976\.6 KiB$'
}

lanes_of() { # directory
	find "$1" -name 'segment-*.dat' -path '*/[0-9][0-9]/*' | wc -l
}

slices_lie_on_every_data_path() {
	local hash n
	mkdir one two
	random 3000000 >file
	expect 0 put file --data-path one --data-path "$PWD/two"
	hash=$(cat out)
	for n in one two store/lanes; do
		[ "$(lanes_of "$n")" -gt 0 ] || fail "no slices in $n"
	done
	expect 0 stats
	answers "^data path +$(exactly "$PWD/one")$"
	answers "^data path +$(exactly "$PWD/two")$"
	rm -rf two
	expect 0 get "$hash"
	cmp -s out file || fail "it differs without one path"
	mkdir -p two
	# The same again is no mistake, others are.
	expect 0 put file --data-path one --data-path two
	expect 5 put file --data-path two --data-path one
	says "chosen when it is made"
	expect 5 put file --data-path one
	expect 0 verify
}

data_paths_are_directories() {
	echo text >file
	expect 1 put file --data-path missing
	says "missing: No such file"
	expect 1 put file --data-path file
	says "Not a directory"
	mkdir one
	ln -s one link
	expect 2 put file --data-path one --data-path link
	says "twice"
	expect 2 ls --data-path one
	says "does not take --data-path"
	[ ! -e store ] || fail "a store was made"
	expect 0 put file --data-path link
	expect 0 stats --json
	answers "\"data_paths\":\\[\"$(exactly "$PWD/link")\"\\]"
}

damage_is_found_and_repaired() {
	local hash lane
	random 4000000 >file
	hash=$(put file)
	expect 0 verify
	answers "^OK +content +$(exactly "$hash")"
	lane=$(find store -path '*/lanes/*' -name 'segment-*.dat' | sort | head -n 1)
	flip "$lane"
	expect 4 verify
	answers "^FAIL +content +$(exactly "$hash")"
	expect 4 verify --json
	answers '"damaged":true'
	expect 4 verify "$hash"
	expect 0 repair
	answers "rewritten +[1-9]"
	expect 0 verify
	expect 0 verify "$hash"
	expect 0 repair --rebuild-index
	expect 0 get "$hash"
	cmp -s out file || fail "it differs"
}

# In each of more lanes than may be lost, and what was stored stays readable:
# a byte costs its slice, not the rest of the segment.
a_byte_costs_one_slice() {
	local first second lane at=20000
	random 3000000 >one
	random 3000000 >two
	first=$(put one)
	second=$(put two)
	while read -r lane; do
		printf x | dd of="$lane" bs=1 seek=$at conv=notrunc status=none
		at=$((at + 400000))
	done < <(find store -path '*/lanes/*' -name 'segment-*.dat' | sort |
		head -n 3)
	echo three >three
	put three --name three >hash # opens the store for writing
	expect 4 verify
	answers '^slices .* [1-3] bad$'
	expect 0 get "$first" -o one.copy
	expect 0 get "$second" -o two.copy
	cmp -s one one.copy && cmp -s two two.copy || fail "they differ"
	expect 0 repair
	expect 0 verify
}

K11_more_than_m_lost_lanes_are_told() {
	local hash lane
	random 1000000 >file
	hash=$(put file)
	find store -path '*/lanes/*' -name 'segment-*.dat' | sort | head -n 3 |
		while read -r lane; do rm "$lane"; done
	expect 4 get "$hash" -o copy
	[ ! -e copy ] || fail "a partial file is left"
	same "$(find . -name '.ouroboros-*' | wc -l)" 0
	expect 4 verify
	expect 4 repair
}

# ---- words -------------------------------------------------------------------
old_spellings_work() {
	local hash
	echo text >file
	hash=$(o file 2>/dev/null) || fail "ouroboros FILE"
	expect 0 -r "$hash"
	cmp -s out file || fail "-r"
	expect 0 -ls
	answers '^HASH +NAME +SIZE +CHUNKS +SAVED AT$'
	expect 0 -lsx
	answers 'MEAN'
	expect 0 -v
	answers '^OK '
	expect 0 -d "$hash"
	expect 3 -r "$hash"
	echo 'port: 1' >x.yaml
	expect 2 x.yaml
	says "put"
	says "serve"
	expect 0 put x.yaml
}

help_has_a_page_for_each_command() {
	local name
	expect 0 help
	for name in put get rm ls info tree children parent ancestors \
		descendants roots verify repair stats gc compact keys share unshare \
		version help completion; do
		answers "^  $name "
		o help $name >page || fail "help $name"
		grep -q "^Usage: ouroboros $name" page || fail "no usage of $name"
		o $name --help | cmp -s page || fail "$name --help differs"
	done
	expect 0 version
	answers '^ouroboros [0-9]+\.[0-9]+\.[0-9]+$'
	expect 0 --version
	expect 2 ptu
	says "did you mean 'put'"
	expect 2 help vrify
	says "did you mean 'verify'"
	expect 2
	for name in bash zsh fish; do
		expect 0 completion $name
		answers rebuild-index
	done
	o completion bash | bash -n || fail "bash completion"
	expect 2 completion tcsh
}

json_is_valid_everywhere() {
	local hash
	need_python
	random 300000 >file
	valid() { # code argument...
		expect "$@" --json
		python3 -c 'import json; [json.loads(l) for l in open("out")]' ||
			fail "no JSON: $*"
		[ -s out ] || fail "no answer: $*"
	}
	printf '\xff\xfe' >$'bytes\xff\x01"\\'
	valid 0 put file $'bytes\xff\x01"\\'
	hash=$(value hash)
	valid 0 ls
	valid 0 ls -l
	same "$(value summary count)" 2
	valid 0 info "$hash"
	same "$(value content)" "$hash"
	valid 0 get "$hash" -o copy
	same "$(value bytes)" 2
	valid 0 verify
	valid 0 repair
	same "$(value result damaged)" false
	valid 0 stats
	valid 0 gc
	valid 0 keys show
	valid 0 keys export
	valid 0 keys rotate
	valid 0 rm "$hash"
	valid 0 version
	valid 0 help
	valid 0 completion bash
	valid 3 get "$hash"
	same "$(value code)" NOT_FOUND
	valid 2 put file --rs 0+1
	same "$(value code)" USAGE
	valid 2 nonsense
	valid 1 put missing file
	valid 1 put .
	valid 3 info missing
	valid 3 rm missing
	valid 3 verify missing
	valid 2
}

check K26_put_prints_only_the_hash first_use_tells_of_the_key \
	K26_round_trip_of_many_sizes standard_input_is_stored \
	K01_the_same_file_has_the_same_hash K03_versions_of_a_name \
	K26_prefixes_in_every_alphabet K05_ambiguous_prefixes_list_candidates \
	ranges_are_those_of_http parents_and_metadata a_large_meta_is_not_in_a_list \
	erasure_codes_are_chosen \
	zeros_become_holes output_files_are_replaced_whole a_closed_pipe_is_quiet \
	removal_is_refused_with_reasons K18_removal_tells_what_it_kept \
	tables_line_up_and_escape_names info_gives_every_size \
	slices_lie_on_every_data_path data_paths_are_directories \
	damage_is_found_and_repaired a_byte_costs_one_slice \
	K11_more_than_m_lost_lanes_are_told \
	old_spellings_work help_has_a_page_for_each_command \
	json_is_valid_everywhere
finish
