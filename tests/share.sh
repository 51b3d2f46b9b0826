#!/usr/bin/env bash
# Sharing, as two people do it who have nothing yet: Alice has a store, Bob
# has a key and no store.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238
. "$(dirname "$0")/lib.bash"

# Bob's key in bob.key, what he hands out in bob.pub.
bob() {
	expect 0 keys new bob.key
	o keys public bob.key >bob.pub || fail "keys public"
}

# Bob, wherever he is: no store, only his key.
as_bob() { # code argument...
	OUROBOROS_DIR=$PWD/nowhere HOME=$PWD/nowhere expect "$@"
	[ ! -e nowhere ] || fail "something was made where Bob has nothing"
}

fingerprint() {
	cat out
}

two_people_from_nothing_to_reading() {
	local hash
	bob
	says "Keep it to yourself"
	same "$(stat -c %a bob.key)" 600
	same "$(wc -l <bob.pub)" 1
	grep -qE '^ouroboros-key-1:[A-Za-z0-9_-]+$' bob.pub || fail "not a line"
	random 3000000 >secret
	random 50000 >other
	hash=$(put secret)
	put other >/dev/null
	expect 0 share "$hash" bob.pub -o bundle
	same "$(wc -l <out)" 1
	answers '^[0-9a-f]{32}$'
	says "compare the fingerprint"
	says "get --bundle FILE"
	as_bob 0 get --bundle bundle --key bob.key "$hash" -o read
	cmp -s read secret || fail "Bob reads something else"
	as_bob 0 get --bundle bundle --key bob.key
	cmp -s out secret || fail "without its hash it is something else"
	as_bob 0 get --bundle bundle --key bob.key --list
	answers "$(exactly "$hash")"
	as_bob 0 get --bundle bundle --key bob.key "${hash:0:8}"
	cmp -s out secret || fail "not by a prefix"
	[ "$(stat -c %s bundle)" -lt 3100000 ] || fail "the bundle has too much"
	if grep -qaF "$hash" bundle; then fail "the bundle tells the hash"; fi
}

the_key_may_be_given_as_text() {
	local hash
	bob
	echo text >file
	hash=$(put file)
	expect 0 share "$hash" "$(cat bob.pub)" -o - --quiet
	mv out bundle
	silent
	as_bob 0 get --bundle bundle --key bob.key
	cmp -s out file || fail "it differs"
	expect 2 share "$hash"
	expect 2 share "$hash" ouroboros-key-1:AAAA
	says "cut"
	head -c 1000 bob.pub >cut.pub
	expect 2 share "$hash" cut.pub
	says "cut"
	expect 1 share "$hash" missing.pub
	expect 3 share AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= bob.pub
}

nobody_else_opens_it() {
	local hash
	bob
	expect 0 keys new eve.key
	random 300000 >secret
	hash=$(put secret)
	expect 0 share "$hash" bob.pub -o bundle --quiet
	as_bob 5 get --bundle bundle --key eve.key "$hash" -o read
	says "$(fingerprint_of bob.pub)"
	[ ! -e read ] || fail "something was written"
	expect 5 get --bundle bundle "$hash"
	as_bob 3 get --bundle bundle --key missing.key
	as_bob 3 get --bundle missing --key bob.key
}

fingerprint_of() { # public key file
	python3 - "$1" <<'END'
import base64, hashlib, sys
text = open(sys.argv[1]).read().strip().split(":")[1]
raw = base64.urlsafe_b64decode(text)
assert len(raw) == 1608
assert hashlib.sha256(b"ouroboros public key 1" + raw[:1600]).digest()[:8] == raw[1600:]
print(hashlib.sha256(raw[:1600]).hexdigest()[:32])
END
}

a_cut_or_changed_bundle_is_noticed() {
	local hash size at
	bob
	random 700000 >secret
	hash=$(put secret)
	expect 0 share "$hash" bob.pub -o bundle --quiet
	size=$(stat -c %s bundle)
	for at in 0 10 100 1000 $((size / 2)) $((size - 1)); do
		head -c "$at" bundle >cut
		as_bob 4 get --bundle cut --key bob.key -o read
		says "byte"
		cp bundle changed
		flip changed "$at"
		code=0
		OUROBOROS_DIR=$PWD/nowhere o get --bundle changed --key bob.key -o read \
			>out 2>err || code=$?
		[ $code -ne 0 ] || fail "a changed byte $at was not noticed"
		[ ! -e read ] || fail "something was written"
	done
	as_bob 0 get --bundle bundle --key bob.key -o read
}

what_is_taken_back_is_refused() {
	local hash first
	bob
	random 700000 >secret
	hash=$(put secret)
	expect 0 share "$hash" bob.pub -o bundle --quiet
	first=$(fingerprint)
	expect 0 share --list
	answers "$(exactly "$hash").*$first"
	expect 0 share --list "$hash"
	answers "$first"
	expect 0 unshare "$hash" "${first:0:8}"
	says "taken back: 1 grant"
	says "stay readable to whom they were given"
	expect 0 share --list
	! grep -q "$first" out || fail "it is still listed"
	expect 3 unshare "$hash" "$first"
	# What Bob has he keeps.
	as_bob 0 get --bundle bundle --key bob.key
	cmp -s out secret || fail "the old bundle is gone"
	expect 2 unshare "$hash"
	expect 2 unshare "$hash" xyz
}

the_old_key_opens_nothing_after_reseal() {
	local hash copy
	bob
	random 700000 >secret
	hash=$(put secret)
	expect 0 share "$hash" bob.pub --quiet
	expect 0 unshare "$hash" "$(fingerprint)" --reseal
	says "sealed anew under key epoch 2"
	expect 0 get "$hash"
	cmp -s out secret || fail "it differs"
	expect 0 verify
	same "$(o info --json "$hash" >out && value epoch)" 2
	copy=$(put secret --type text/plain)
	expect 0 share "$hash" bob.pub --quiet
	expect 0 unshare "$hash" "$(fingerprint)" --reseal
	says "that other contents have too"
	for each in "$hash" "$copy"; do
		expect 0 get "$each"
		cmp -s out secret || fail "it differs"
	done
	expect 0 verify
}

trees_are_shared_whole() {
	local parent child
	bob
	echo parent >parent
	echo child >child
	echo apart >apart
	parent=$(put parent)
	child=$(put child --parent "$parent")
	put apart >/dev/null
	expect 0 share "$parent" bob.pub --tree -o bundle
	says "shared 2 contents"
	as_bob 0 get --bundle bundle --key bob.key "$child"
	cmp -s out child || fail "the child differs"
	as_bob 1 get --bundle bundle --key bob.key
	says "2 contents"
	says "$(exactly "$parent")"
	as_bob 0 get --bundle bundle --key bob.key --list --json
	same "$(value contents | grep -o "'hash'" | wc -l)" 2
	o share --list --json >out
	expect 0 unshare "$parent" "$(value grants 0 fingerprint)" --tree
	says "2 grants"
}

grants_are_no_contents_of_mine() {
	local hash
	bob
	echo text >file
	hash=$(put file)
	expect 0 share "$hash" bob.pub --quiet
	same "$(count_listed)" 1
	expect 0 rm "$hash"
	expect 3 get "$hash"
	expect 3 share "$hash" bob.pub
	expect 0 share --list
	expect 0 unshare "$hash" "$(o share --list --json >out && value grants 0 fingerprint)"
	expect 0 gc
	expect 0 verify
}

a_passphrase_protects_the_key() {
	local hash
	OUROBOROS_NEW_PASSPHRASE=horse expect 0 keys new bob.key
	expect 5 keys public bob.key
	export OUROBOROS_PASSPHRASE=horse
	expect 0 keys public bob.key
	mv out bob.pub
	unset OUROBOROS_PASSPHRASE
	echo text >file
	hash=$(put file)
	expect 0 share "$hash" bob.pub -o bundle --quiet
	as_bob 5 get --bundle bundle --key bob.key
	OUROBOROS_PASSPHRASE=wrong as_bob 5 get --bundle bundle --key bob.key
	OUROBOROS_PASSPHRASE=horse as_bob 0 get --bundle bundle --key bob.key
	cmp -s out file || fail "it differs"
	expect 1 keys new bob.key
	says "there already|exists"
	expect 2 keys new
	expect 2 keys public a b
}

a_member_has_a_public_key_too() {
	local hash
	echo text >file
	hash=$(put file)
	expect 0 keys public
	mv out own.pub
	expect 0 share "$hash" own.pub -o bundle --quiet
	expect 0 get --bundle bundle
	cmp -s out file || fail "it differs"
}

wrong_usage_is_told() {
	bob
	echo text >file
	put file >/dev/null
	expect 2 get
	expect 2 get --list
	expect 2 get --bundle bundle --range 0-1
	expect 2 get --bundle bundle a b
	expect 2 share --list a b
	expect 2 share --list --tree
	expect 2 put file --reseal
	head -c 5000 /dev/urandom >junk
	as_bob 4 get --bundle junk --key bob.key
	says "no stream of OuroborosDB"
}

json_is_valid() {
	local hash
	need_python
	valid() { # code argument...
		expect "$@" --json
		python3 -c 'import json; [json.loads(l) for l in open("out")]' ||
			fail "no JSON: $*"
		[ -s out ] || fail "no answer: $*"
	}
	valid 0 keys new bob.key
	valid 0 keys public bob.key
	value public_key >bob.pub
	echo text >file
	hash=$(put file)
	valid 0 share "$hash" bob.pub
	same "$(value grants)" 1
	valid 0 share "$hash" bob.pub -o bundle
	same "$(value there)" 1
	same "$(value bundle_bytes)" "$(stat -c %s bundle)"
	valid 0 share --list
	same "$(value grants 0 hash)" "$hash"
	same "$(value grants 0 public_key)" "$(cat bob.pub)"
	valid 0 get --bundle bundle --key bob.key --list
	same "$(value contents 0 bytes)" 5
	valid 0 get --bundle bundle --key bob.key -o read
	same "$(value bytes)" 5
	valid 3 get --bundle bundle --key bob.key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
	valid 0 unshare "$hash" "$(o share --list --json >out && value grants 0 fingerprint)" --reseal
	same "$(value epoch)" 2
	valid 3 unshare "$hash" 0123456789
	valid 2 share
}

check two_people_from_nothing_to_reading the_key_may_be_given_as_text \
	nobody_else_opens_it a_cut_or_changed_bundle_is_noticed \
	what_is_taken_back_is_refused the_old_key_opens_nothing_after_reseal \
	trees_are_shared_whole grants_are_no_contents_of_mine \
	a_passphrase_protects_the_key a_member_has_a_public_key_too \
	wrong_usage_is_told json_is_valid
finish
