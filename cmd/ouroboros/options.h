/*
 * options - every option of the program, and what one call of it was given.
 *
 * One table serves parsing, help pages and shell completion.
 */
#ifndef OUROBOROS_OPTIONS_H
#define OUROBOROS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reply.h"

enum option_id {
	OPTION_DIR,
	OPTION_KEY,
	OPTION_RECOVERY_KEY,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_HELP,
	OPTION_NAME,
	OPTION_PARENT,
	OPTION_TYPE,
	OPTION_RS,
	OPTION_META,
	OPTION_OUTPUT,
	OPTION_RANGE,
	OPTION_FORCE,
	OPTION_LONG,
	OPTION_REBUILD_INDEX,
	OPTION_DATA_PATH,
	OPTION_READ_ONLY,
	OPTION_KEYS,
	OPTION_VALUE,
	OPTION_RESUME,
	OPTION_AS_NEW,
	OPTION_TREE,
	OPTION_LIST,
	OPTION_RESEAL,
	OPTION_BUNDLE,
	OPTION_DEPTH,
	OPTION_LIMIT,
	OPTION_AFTER,
	OPTION_BLIND,
	OPTION_BASE,
	OPTION_IF_UNCHANGED,
	OPTION_TTL,
	OPTION_NAMESPACE,
	OPTION_INPUT,
	OPTION_COUNT
};

_Static_assert(OPTION_COUNT <= 64, "a command's options are one word");
#define OPTION_BIT(id) (UINT64_C(1) << (id))

/* What every command takes. */
#define OPTIONS_GLOBAL (OPTION_BIT(OPTION_HELP + 1) - 1)

struct option_spec {
	const char *name;
	char letter;	   /* 0 = none */
	const char *value; /* what follows it; NULL = a flag */
	const char *help;
};

extern const struct option_spec option_specs[OPTION_COUNT];

struct command;

#define DATA_PATHS_MAX 128 /* the library takes no more */
#define BASES_MAX      256

/* One call of the program. */
struct invocation {
	const struct command *command;	  /* NULL = none was named */
	const char *option[OPTION_COUNT]; /* NULL = not given; flags: "" */
	const char *data_paths[DATA_PATHS_MAX];
	size_t data_path_count;
	const char *bases[BASES_MAX]; /* as they were given */
	size_t base_count;
	char **operands; /* borrowed from argv */
	size_t operand_count;
	bool json;
	bool quiet;
	struct reply out; /* the document on stdout, with --json */
};

/*
 * Fills *inv from the command line, old spellings included. argv is
 * permuted and must outlive inv. Returns 0, or the exit code after having
 * said what is wrong.
 */
int options_parse(struct invocation *inv, int argc, char **argv);

#endif
