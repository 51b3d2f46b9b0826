# OuroborosDB. `make help` lists the targets.
#
# Variants build into directories of their own:
#   make check SAN=address,undefined     make check SAN=thread
#   make CC=clang                        make check OPT="-O0 -g"

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# Scripts leave nothing beside themselves.
export PYTHONDONTWRITEBYTECODE := 1

VERSION := 0.1.0
SONAME  := libouroboros.so.0
CC      ?= cc
ifeq ($(origin CC),default)
CC      := cc
endif
SAN     ?=
OPT     ?= -O2 -g
PREFIX  ?= /usr/local
DESTDIR ?=

empty :=
space := $(empty) $(empty)
comma := ,
VARIANT := $(notdir $(CC))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
BUILD   ?= build/$(VARIANT)

# ---- flags -----------------------------------------------------------------
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla $(if $(CI),-Werror)
include scripts/openssl.mk
PACKAGES := libzstd libisal libprotobuf-c
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
# Only the program edits lines.
EDIT_LIBS      := $(shell pkg-config --libs libedit 2>/dev/null)
READY := $(and $(PACKAGE_LIBS),$(EDIT_LIBS),$(OPENSSL_FOUND))

CPPFLAGS_ALL = -D_GNU_SOURCE -DOUROBOROS_VERSION='"$(VERSION)"' -Iinclude -Isrc \
	-I$(BUILD)/gen $(OPENSSL_CFLAGS) $(PACKAGE_CFLAGS) $(CPPFLAGS)
SAN_FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all) $(if $(FUZZER),-fsanitize=fuzzer-no-link)
CFLAGS_ALL = -std=c17 $(OPT) $(WARN) -fPIC -fvisibility=hidden -pthread \
	-fno-strict-aliasing -fstack-protector-strong $(SAN_FLAGS) $(CFLAGS)
# Not ALL: clang's sanitizer run times must stay visible to work.
LDFLAGS_ALL = -pthread -Wl,--exclude-libs,libcrypto.a \
	$(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
LIBS = $(OPENSSL_LIBS) $(PACKAGE_LIBS) -ldl -lm
# Commands are shown in full with V=1.
say  = $(if $(V),,@printf '  %-4s %s\n' $(1) $@;)
LINK = $(call say,LINK) $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# ---- what is there ------------------------------------------------------------
LAYERS  := $(patsubst src/%,%,$(filter src/%,$(shell cat layers)))
# Topmost first, as the linker wants it.
reverse  = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
sources  = $(filter-out %_test.c %_fuzz.c,$(wildcard src/$(1)/*.c))
objects  = $(patsubst %.c,$(BUILD)/%.o,$(1))
programs = $(patsubst %.c,$(BUILD)/%,$(1))
PROTOS  := $(wildcard proto/*.proto)
GEN_C   := $(PROTOS:proto/%.proto=$(BUILD)/gen/proto/%.pb-c.c)
GEN_H   := $(GEN_C:.c=.h)
GEN_O   := $(GEN_C:.c=.o)
PROGRAM_C := $(filter-out %_test.c,$(wildcard cmd/ouroboros/*.c))
PROGRAM := $(if $(PROGRAM_C),$(BUILD)/ouroboros)
LIBRARY := $(BUILD)/libouroboros.a
SHARED  := $(BUILD)/libouroboros.so.$(VERSION)
# What `make install` would put on a system: tests build against it.
INSTALLED := $(BUILD)/installed/share/stamp
TESTS   := $(call programs,$(wildcard src/*/*_test.c cmd/*/*_test.c tests/*_test.c))
FUZZERS := $(call programs,$(wildcard fuzz/*_fuzz.c))
BENCHES := $(call programs,$(wildcard bench/*_bench.c))
BENCH_NAMES := $(patsubst bench/%_bench.c,%,$(patsubst bench/%.sh,%,$(wildcard bench/*.sh bench/*_bench.c)))
# The other files of those directories are shared by their programs.
TEST_C  := $(filter-out %_test.c,$(wildcard tests/*.c))
FUZZ_C  := $(filter-out %_fuzz.c fuzz/replay.c,$(wildcard fuzz/*.c))
BENCH_C := $(filter-out %_bench.c,$(wildcard bench/*.c))
ENGINE_BENCH := $(BUILD)/bench/engine/engine_bench
ENGINE_BENCH_C := $(wildcard bench/engine/*.c)
ARCHIVES := $(LAYERS:%=$(BUILD)/lib%.a)
ALL_ARCHIVES := $(call reverse,$(ARCHIVES))
OBJECTS := $(call objects,$(foreach l,$(LAYERS),$(call sources,$(l)))) $(GEN_O)

## all            the program and the library (default)
.PHONY: all
all: $(PROGRAM) $(LIBRARY)

# ---- generated code --------------------------------------------------------
$(BUILD)/gen/proto/%.pb-c.c $(BUILD)/gen/proto/%.pb-c.h &: proto/%.proto
	@mkdir -p $(@D)
	$(call say,GEN) protoc-c --c_out=$(BUILD)/gen $<

# The generator's code does not aim at our warnings.
$(BUILD)/gen/proto/%.o: $(BUILD)/gen/proto/%.c | $(GEN_H)
	$(call say,CC) $(CC) -I$(BUILD)/gen $(PACKAGE_CFLAGS) -std=c17 $(OPT) -w -fPIC \
		-fvisibility=hidden $(SAN_FLAGS) -c -o $@ $<

# ---- objects, archives -------------------------------------------------------
$(BUILD)/%.o: %.c | $(GEN_H)
	$(if $(READY),,$(error libraries are missing; run scripts/deps))
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

define layer_archive
$(BUILD)/lib$(1).a: $(call objects,$(call sources,$(1))) $(if $(filter $(firstword $(LAYERS)),$(1)),$(GEN_O))
	@mkdir -p $$(@D)
	$$(call say,AR) rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_archive,$(l))))

# A test of a layer links that layer and those below it, nothing above:
# a broken upper layer cannot hide behind a lower one's test, or break it.
below = $(call upto,$(1),$(LAYERS))
upto  = $(if $(2),$(firstword $(2)) $(if $(filter $(1),$(firstword $(2))),,$(call upto,$(1),$(wordlist 2,$(words $(2)),$(2)))))

define layer_test
$(BUILD)/src/$(1)/%_test: $(BUILD)/src/$(1)/%_test.o $(patsubst %,$(BUILD)/lib%.a,$(call reverse,$(call below,$(1))))
	$$(LINK) -lcmocka
endef
$(foreach l,$(LAYERS),$(eval $(call layer_test,$(l))))

$(BUILD)/cmd/ouroboros/%_test: $(BUILD)/cmd/ouroboros/%_test.o $(call objects,$(filter-out %/main.c,$(PROGRAM_C))) $(ALL_ARCHIVES)
	$(LINK) $(EDIT_LIBS) -lcmocka

$(BUILD)/tests/%_test: $(BUILD)/tests/%_test.o $(call objects,$(TEST_C)) $(ALL_ARCHIVES)
	$(LINK) -lcmocka

# Its own functions stand before those that take memory.
$(BUILD)/tests/engine_malloc_test: LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc strdup)

$(BUILD)/bench/%_bench: $(BUILD)/bench/%_bench.o $(call objects,$(BENCH_C)) $(ALL_ARCHIVES)
	$(LINK)

# The other engines that are installed; bench/engine leaves out the rest.
peers = $(shell for peer in lmdb rocksdb leveldb; do \
	echo 'int main(void) { return 0; }' | $(CC) -x c - -o /dev/null -l$$peer 2>/dev/null && \
	echo -l$$peer; done)
$(ENGINE_BENCH): $(call objects,$(ENGINE_BENCH_C)) $(ALL_ARCHIVES)
	$(LINK) $(peers)

# With libFuzzer's main in the variant of `make fuzz`, else with our own.
$(BUILD)/fuzz/%_fuzz: $(BUILD)/fuzz/%_fuzz.o $(call objects,$(FUZZ_C) $(if $(FUZZER),,fuzz/replay.c)) $(ALL_ARCHIVES)
	$(LINK) $(if $(FUZZER),-fsanitize=fuzzer)

$(BUILD)/ouroboros: $(call objects,$(PROGRAM_C)) $(ALL_ARCHIVES)
	$(LINK) $(EDIT_LIBS)

# The shipped archive: one object, in which everything but ouro_* is local,
# together with what it needs of an OpenSSL that is not the system's.
BUNDLED := $(filter %/libcrypto.a,$(OPENSSL_LIBS))
$(LIBRARY): $(OBJECTS)
	$(call say,AR) ld -r -d -o $(@D)/ouroboros-all.o $^ $(BUNDLED) && \
		objcopy --wildcard --keep-global-symbol='ouro_*' $(@D)/ouroboros-all.o && \
		rm -f $@ && ar rcs $@ $(@D)/ouroboros-all.o

# Sanitizers leave symbols open that their run time has.
SYMBOL_MAP := packaging/libouroboros.map
$(SHARED): $(OBJECTS) $(SYMBOL_MAP)
	$(call say,LINK) $(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,$(SYMBOL_MAP) \
		$(if $(SAN),,-Wl$(comma)-z$(comma)defs) $(LDFLAGS_ALL) -o $@ $(OBJECTS) $(LIBS)

# ---- targets that see to their own needs -------------------------------------
# What they install is known only to a make that starts afterwards.
again = +@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

TEST_COMMANDS = $(TESTS) $(REPLAYS) $(wildcard tests/*.sh) \
	$(if $(PROGRAM),"scripts/check-symbols $(PROGRAM)") \
	"scripts/check-symbols $(LIBRARY)" "scripts/check-symbols $(SHARED)" \
	"scripts/abi.py check $(SHARED)"
REPLAYS = $(foreach f,$(FUZZERS),"$(f) $(patsubst %_fuzz,fuzz/corpus/%,$(notdir $(f)))")
# A limit against hanging, not against a slow or busy machine.
run_tests = BUILD=$(BUILD) OUROBOROS=$(abspath $(PROGRAM)) \
	CC='$(CC)' SAN_FLAGS='$(strip $(SAN_FLAGS))' \
	TEST_TIMEOUT=$${TEST_TIMEOUT:-$(if $(SAN),7200,1800)} scripts/run-tests

## demo           stores a real tree, damages it, heals it, compares it
## check          every test; ends with `N passed, N failed`
## check-long     the tests of tests/ at full length (OURO_LONG=1)
## replay         the fuzz corpora through every decoder (part of check)
## fuzz           every decoder under libFuzzer, FUZZ_SECONDS=20 each
## fuzz-long      the same, 300 seconds each; keeps its figures in docs/fuzz.txt
## bench          every benchmark; `make bench-NAME` runs one
## lint           clang-format, clang-tidy, cppcheck, shellcheck, mypy
.PHONY: demo check check-long replay fuzz fuzz-long bench lint
demo:
	@scripts/deps build
	$(again) all
	@OUROBOROS=$(abspath $(BUILD))/ouroboros scripts/demo
check check-long replay lint:
	@scripts/deps $(if $(filter lint,$@),lint,check)
	$(again) $(if $(filter lint,$@),--keep-going) $@-ready
fuzz:
	@scripts/deps fuzz
	$(again) CC=clang SAN=address,undefined FUZZER=1 BUILD=build/fuzz fuzz-ready
fuzz-long:
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} $(MAKE) --no-print-directory fuzz \
		>build/fuzz-long.log || { cat build/fuzz-long.log; exit 1; }
	@{ echo "make fuzz-long, $${FUZZ_SECONDS:-300} seconds each:"; echo; \
		grep '^ok ' build/fuzz-long.log | sort; } | tee docs/fuzz.txt
bench $(BENCH_NAMES:%=bench-%):
	@scripts/deps bench
	$(again) $(@:bench%=bench-ready%)
## bench-engine-large  5 * 10^7 keys: fails above 512 MiB of memory
.PHONY: bench-engine-large
bench-engine-large:
	@scripts/deps check
	$(again) $(BUILD)/tests/engine_large_test
	@OURO_LONG=1 $(BUILD)/tests/engine_large_test

# The second half of each, when all it needs is there.
.PHONY: check-ready check-long-ready replay-ready fuzz-ready bench-ready
check-ready: all $(INSTALLED) $(TESTS) $(FUZZERS)
	@$(run_tests) $(TEST_COMMANDS)
check-long-ready: all $(INSTALLED) $(filter $(BUILD)/tests/%,$(TESTS))
	@export OURO_LONG=1 TEST_TIMEOUT=$${TEST_TIMEOUT:-7200}; \
		$(run_tests) $(filter $(BUILD)/tests/%,$(TESTS)) $(wildcard tests/*.sh)
replay-ready: $(FUZZERS)
	@$(run_tests) $(REPLAYS)
fuzz-ready: $(FUZZERS)
	@scripts/run-fuzzers $(BUILD) $(FUZZERS)
bench-ready: $(BENCH_NAMES:%=bench-ready-%)
$(BENCH_NAMES:%=bench-ready-%): bench-ready-%: all $(BENCHES) $(ENGINE_BENCH)
	@BUILD=$(BUILD) OUROBOROS=$(abspath $(PROGRAM)) \
		$(or $(wildcard bench/$*.sh),$(BUILD)/bench/$*_bench)

# ---- lint --------------------------------------------------------------------
OWN     := $(wildcard include/*.h src/*/*.[ch] $(foreach d,cmd/ouroboros tests fuzz bench bench/engine examples,$(d)/*.[ch]))
HEADERS := $(filter %.h,$(OWN))
TIDIED  := $(patsubst %.c,$(BUILD)/lint/%.tidy,$(filter-out %_test.c tests/% bench/%,$(filter %.c,$(OWN))))

.PHONY: lint-ready lint-format lint-cppcheck lint-shell lint-python
lint-ready: lint-format lint-cppcheck lint-shell lint-python $(TIDIED)
	@echo lint: clean
lint-format:
	@wrong=$$(clang-format --dry-run $(OWN) 2>&1 | sed -n 's/:[0-9:]* warning: .*//p' | sort -u); \
	[ -z "$$wrong" ] || { printf 'not formatted (make format): %s\n' $$wrong; exit 1; }
lint-cppcheck: $(GEN_H)
	@mkdir -p $(BUILD)/lint/cppcheck
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -j$(shell nproc) \
		--enable=warning,performance,portability --suppress=missingInclude \
		--suppress='*:$(BUILD)/gen/*' --cppcheck-build-dir=$(BUILD)/lint/cppcheck \
		-D_GNU_SOURCE -DOUROBOROS_VERSION='"$(VERSION)"' -Iinclude -Isrc $(filter %.c,$(OWN))
lint-shell:
	@shellcheck $(filter-out %.mk %.h %.py %/layers %/__pycache__,$(wildcard scripts/*)) .ci/run $(wildcard tests/*.sh bench/*.sh)
lint-python:
	@mypy --strict --no-error-summary --cache-dir=$(BUILD)/lint/mypy bindings/python/ouroboros
# Not where the functions are defined that analyzer.h wraps.
ANALYZER = $(if $(filter src/base/error.c src/crypt/library.c,$<),,$(addprefix -include ,$(if $(filter src/crypt/%,$<),src/crypt/library.h) scripts/analyzer.h))
$(BUILD)/lint/%.tidy: %.c .clang-tidy scripts/analyzer.h $(HEADERS) | $(GEN_H)
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- $(CPPFLAGS_ALL) $(ANALYZER) -std=c17 2>/dev/null && touch $@

## format         clang-format over all sources, in place
## layers         no include points upward; no back doors
.PHONY: format layers
format:
	clang-format -i $(OWN)
layers:
	@scripts/layers

# ---- install -------------------------------------------------------------------
## install        program, libraries, header, pkg-config file, manual pages
## uninstall      takes them away again (PREFIX=/usr/local, DESTDIR=)
.PHONY: install uninstall
LINKED = $(strip $(PACKAGE_LIBS) $(filter-out $(BUNDLED),$(OPENSSL_LIBS)))
install_into = VERSION=$(VERSION) SONAME=$(SONAME) LINKED='$(LINKED)' scripts/install
install: all $(SHARED)
	PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) $(install_into) $(BUILD)
uninstall:
	PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) $(install_into) --remove

$(INSTALLED): $(PROGRAM) $(LIBRARY) $(SHARED) include/ouroboros.h scripts/install \
		$(wildcard packaging/* docs/man/*)
	@rm -rf $(BUILD)/installed
	$(call say,INST) PREFIX=$(abspath $(BUILD))/installed DESTDIR= $(install_into) --quiet $(BUILD)
	@touch $@

# ---- what is made from the header and the program ----------------------------
## reference      docs/API.md, manual pages, the mirror of the header for Python
## abi-record     abi/: what linked programs rely on, as it is now
.PHONY: reference abi-record
reference: $(PROGRAM)
	@scripts/reference.py
	@scripts/python_abi.py
	@scripts/man.py $(PROGRAM)
abi-record: $(SHARED)
	@scripts/abi.py record $(SHARED)

## clean          removes build/
## help           this list
.PHONY: clean help
clean:
	rm -rf build
help:
	@sed -n 's/^## /  /p' Makefile
	@sed -n '3,5s/^# *//p' Makefile

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
