#!/usr/bin/env bash
# What is installed, how it is found, and that it goes away again.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
build=$(realpath "${BUILD:-build/cc}")
top=$(realpath "$(dirname "$0")/..")
. "$(dirname "$0")/lib.bash"

installed=$build/installed
version=$("$program" version --json | sed 's/.*"version": *"\([^"]*\)".*/\1/')

install_root() { # argument...
	(cd "$top" && PREFIX=/usr DESTDIR=$work/$case/root VERSION=$version \
		SONAME=libouroboros.so.0 LINKED='-lzstd' scripts/install "$@")
}

all_of_it_comes_and_goes() {
	local case=all_of_it_comes_and_goes
	install_root "$build" || fail "install"
	for file in bin/ouroboros include/ouroboros.h lib/libouroboros.a lib/libouroboros.so \
		lib/libouroboros.so.0 lib/libouroboros.so."$version" lib/pkgconfig/ouroboros.pc \
		share/man/man1/ouroboros.1 share/man/man1/ouroboros-put.1 \
		share/man/man3/ouroboros-store.3 \
		share/man/man3/ouro_store_open.3; do
		[ -f "root/usr/$file" ] || fail "$file is missing"
	done
	grep -q "^prefix=/usr$" root/usr/lib/pkgconfig/ouroboros.pc || fail "the prefix"
	! grep -rqF "$work" root || fail "the staging directory is in it"
	install_root --remove || fail "remove"
	same "$(find root -type f -o -type l)" ""
}

pkg_config_tells_how_to_link() {
	export PKG_CONFIG_PATH=$installed/lib/pkgconfig
	same "$(pkg-config --modversion ouroboros)" "$version"
	pkg-config --libs ouroboros >out
	answers '-louroboros'
	! grep -q zstd out || fail "a shared library brings its own: $(cat out)"
	pkg-config --static --libs ouroboros >out
	for name in -lzstd -lisal -lprotobuf-c -pthread; do
		answers "$name( |\$)"
	done
}

the_shared_library_has_a_soname() {
	readelf -d "$installed/lib/libouroboros.so" >out
	answers 'SONAME.*\[libouroboros\.so\.0\]'
}

# What is marked as a page, but groff would not set.
the_pages_are_well_formed() {
	command -v groff >/dev/null || skip "there is no groff"
	local page
	for page in "$top"/docs/man/*.[13]; do
		groff -man -Tutf8 -ww "$page" >out 2>err || fail "$page"
		[ ! -s err ] || fail "$page: $(head -5 err)"
		[ "$(wc -l <out)" -gt 20 ] || fail "$page is empty"
	done
}

check all_of_it_comes_and_goes pkg_config_tells_how_to_link the_shared_library_has_a_soname \
	the_pages_are_well_formed
finish
