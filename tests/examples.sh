#!/usr/bin/env bash
# The examples are built against an installed copy alone, with the shared and
# with the static library, and do what they say.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
build=$(realpath "${BUILD:-build/cc}")
top=$(realpath "$(dirname "$0")/..")
. "$(dirname "$0")/lib.bash"

root=$build/installed
compiler=${CC:-cc}
export PKG_CONFIG_PATH=$root/lib/pkgconfig
# What a sanitized library finds is told by the program that it is in.
unset ASAN_OPTIONS

flags() { # shared|static
	case $1 in
	shared) pkg-config --cflags --libs ouroboros && echo "-Wl,-rpath,$root/lib" ;;
	static) pkg-config --static --cflags --libs ouroboros | sed 's/-louroboros/-l:libouroboros.a/' ;;
	esac
}

# Builds an example both ways; a case then runs ./NAME-shared and ./NAME-static.
build_example() { # name
	local kind
	for kind in shared static; do
		# shellcheck disable=SC2046,SC2086
		$compiler -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Werror \
			${SAN_FLAGS:-} "$top/examples/$1.c" $(flags $kind) -o "$1-$kind" ||
			fail "examples/$1.c, $kind"
	done
	ldd "$1-shared" | grep -q "$root/lib/libouroboros.so" || fail "it is not linked with the library"
	! ldd "$1-static" | grep libouroboros || fail "it is linked with the shared library"
}

# A different answer, exit code or word on stderr is a failure.
run_example() { # program argument... < expected answer
	cat >expected
	"$@" >answer 2>err || fail "$*: exit $?: $(cat err)"
	[ ! -s err ] || fail "$*: $(cat err)"
	diff expected answer >&2 || fail "$* answers otherwise"
}

the_store_of_an_address_book() {
	local kind run
	build_example store
	for kind in shared static; do
		for run in first second; do
			run_example ./store-$kind "book-$kind" <<-END || fail "$run"
				Ada: 0815
				Grace: 4711
				0815 is Ada
			END
		done
	done
	./store-shared 2>/dev/null && fail "no directory is fine"
	: >file
	./store-shared file 2>err && fail "a file is fine"
	says 'file'
}

the_files_of_a_backup() {
	local kind
	build_example files
	seq 200000 >a
	(seq 199999 && echo 800000) >b
	for kind in shared static; do
		run_example ./files-$kind "vault-$kind" a b a <<-END
			a: 1288895 bytes, all of it new, ends with "0000"
			b: 1288895 bytes, part of it new, ends with "0000"
			a: 1288895 bytes, nothing new, ends with "0000"
		END
	done
	./files-shared vault-shared none 2>err && fail "a missing file is fine"
	says "none"
}

versions_and_their_merge() {
	local kind
	build_example versions
	for kind in shared static; do
		run_example ./versions-$kind "vault-$kind" <<-END
			now: bread, salt, bread, wine
			* bread, salt, bread, wine (replaces 2)
			  bread, salt (replaces 1)
			  bread, wine (replaces 1)
			  bread (replaces 0)
		END
	done
}

# The key is a name; children are declared by themselves.
K30_a_key_of_ones_own() {
	local kind run
	build_example hierarchy
	for kind in shared static; do
		for run in first second; do
			run_example ./hierarchy-$kind "vault-$kind" <<-'END' || fail "$run"
				my-key: my value
				  my-key/child: its child
				    my-key/child/leaf: a grandchild
				above the leaf:
				my-key/child: its child
				my-key: my value
				my-key: another value
				its content stays: it has a descendant
			END
		done
	done
}

a_letter_for_somebody_without_the_vault() {
	local kind
	build_example sharing
	for kind in shared static; do
		run_example ./sharing-$kind "vault-$kind" bundle-$kind friend-$kind.key <<-END
			12 bytes: Dear friend
		END
		! grep -qa "Dear" bundle-$kind || fail "the bundle can be read"
	done
	./sharing-shared vault-shared bundle /dev/null 2>err && fail "no key is fine"
	[ -s err ] || fail "it does not say why"
}

every_example_has_a_case() {
	local example name
	for example in "$top"/examples/*.c; do
		name=$(basename "$example" .c)
		grep -q "build_example $name\$" "$top/tests/examples.sh" || fail "$name has none"
	done
}

check the_store_of_an_address_book the_files_of_a_backup versions_and_their_merge \
	K30_a_key_of_ones_own a_letter_for_somebody_without_the_vault every_example_has_a_case
finish
