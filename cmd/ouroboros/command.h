/*
 * command - the table of subcommands.
 *
 * Each subcommand's file defines one of these; help, completion and the
 * parser know nothing else about it.
 */
#ifndef OUROBOROS_COMMAND_H
#define OUROBOROS_COMMAND_H

#include "options.h"

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *summary;  /* one line */
	const char *page;     /* the help page's text */
	const char *words;    /* words that may follow, for completion */
	uint64_t options;     /* OPTION_BITs beside the global ones */
	size_t operands_min, operands_max;
	bool files; /* operands are file names, for completion */
	/* Returns the exit code, after having said what went wrong. */
	int (*run)(struct invocation *inv);
};

extern const struct command put_command, get_command, rm_command, ls_command,
    info_command, log_command, heads_command, merge_command, revert_command,
    trash_command, tree_command, children_command, parent_command,
    ancestors_command, descendants_command, roots_command, verify_command,
    repair_command, stats_command, gc_command, compact_command, export_command,
    import_command, settings_command, keys_command, share_command,
    unshare_command, shell_command, bench_command, version_command,
    help_command, completion_command;

/* All commands in the order of the help; NULL behind the last. */
extern const struct command *const command_table[];

/* NULL = there is no such command. */
const struct command *command_find(const char *name);
/* The command whose name is closest to a mistyped one, or NULL. */
const struct command *command_nearest(const char *name);

#endif
