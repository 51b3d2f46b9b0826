#!/usr/bin/env bash
# The Python binding's own tests, against the installed shared library.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
build=$(realpath "${BUILD:-build/cc}")
top=$(realpath "$(dirname "$0")/..")

skip() {
	echo "skip python: $*"
	exit 0
}
command -v python3 >/dev/null || skip "there is no python3"

work=$(mktemp -d "${TMPDIR:-/tmp}/ouroboros-python-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
export OUROBOROS_LIBRARY=$build/installed/lib/libouroboros.so OUROBOROS_LAYOUT=$work/layout
export PYTHONDONTWRITEBYTECODE=1
CC=${CC:-cc} "$top/scripts/abi.py" layout >"$OUROBOROS_LAYOUT" || exit 1

# A sanitized library wants its run time in the process from the beginning.
# What python itself does not free is not ours.
for name in asan tsan; do
	if nm -D "$OUROBOROS_LIBRARY" | grep -q "__${name}_init"; then
		runtime=$("${CC:-cc}" -print-file-name=lib$name.so)
		[ -e "$runtime" ] || skip "a sanitizer without a run time to load"
		export LD_PRELOAD=$runtime ASAN_OPTIONS=detect_leaks=0
	fi
done
exec_tests() {
	python3 "$top/bindings/python/tests/test_ouroboros.py" "$@"
}
exec_tests "$@"
