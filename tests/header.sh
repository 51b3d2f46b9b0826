#!/usr/bin/env bash
# ouroboros.h needs nothing beside itself, in C and in C++, and a C++ program
# links and runs.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2317
build=$(realpath "${BUILD:-build/cc}")
. "$(dirname "$0")/lib.bash"

root=$build/installed
warnings='-Wall -Wextra -Wpedantic -Werror'
case ${CC:-cc} in
*clang*) other=clang++ ;;
*) other=g++ ;;
esac

it_compiles_alone() { # compiler standard...
	local standard compiler=$1
	command -v "$compiler" >/dev/null || skip "there is no $compiler"
	shift
	printf '#include <ouroboros.h>\n#include <ouroboros.h>\n' >twice.c
	for standard in "$@"; do
		# shellcheck disable=SC2086
		"$compiler" -x "${language:?}" $warnings -std="$standard" \
			-I"$root/include" -c twice.c -o twice.o || fail "$standard"
	done
}

it_compiles_alone_as_C() {
	language=c it_compiles_alone "${CC:-cc}" c99 c11 c17
}

it_compiles_alone_as_CXX() {
	language=c++ it_compiles_alone $other c++11 c++17 c++20
}

# Each struct and function once, so that C++ looks at them.
a_program_in_CXX_runs() {
	command -v $other >/dev/null || skip "there is no $other"
	cat >program.cc <<-'END'
		#include <ouroboros.h>
		#include <iostream>
		#include <string>

		static bool seen(void *context, const struct ouro_member *member)
		{
			*static_cast<std::string *>(context) = member->label;
			return true;
		}

		int main()
		{
			ouro_error err{};
			ouro_vault *vault = nullptr;
			ouro_vault_options options{};
			ouro_put *put = nullptr;
			ouro_put_result result{};
			std::string label;
			ouro_get *get = nullptr;
			char data[100];
			size_t size = 0;

			options.size = sizeof options;
			options.node = "a label";
			if (ouro_vault_open("vault", &options, &vault, &err) != OURO_OK ||
			    ouro_put_begin(vault, nullptr, &put, &err) != OURO_OK ||
			    ouro_put_write(put, "hello", 5, &err) != OURO_OK ||
			    ouro_put_finish(put, &result, &err) != OURO_OK ||
			    ouro_get_open(vault, result.content, &get, &err) != OURO_OK ||
			    ouro_get_read(get, data, sizeof data, &size, &err) != OURO_OK ||
			    ouro_keys_list(vault, seen, &label, &err) != OURO_OK) {
				std::cerr << err.text << '\n';
				return 1;
			}
			std::cout << std::string(data, size) << ", " << label << '\n';
			ouro_get_close(get);
			ouro_vault_close(vault);
		}
	END
	# shellcheck disable=SC2046,SC2086
	PKG_CONFIG_PATH=$root/lib/pkgconfig \
		$other -std=c++17 $warnings ${SAN_FLAGS:-} program.cc \
		$(PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config --cflags --libs ouroboros) \
		-Wl,-rpath,"$root/lib" -o program || fail "it does not link"
	./program >out 2>err || fail "$(cat err)"
	same "$(cat out)" "hello, a label"
}

check it_compiles_alone_as_C it_compiles_alone_as_CXX a_program_in_CXX_runs
finish
