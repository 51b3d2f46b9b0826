/*
 * shell - a dialogue with an engine directory. For the files shell*.c:
 *
 *   shell.c           opening; the loop over lines
 *   shell_commands.c  the commands, and what those for keys do
 *   shell_care.c      those for the whole store
 *   shell_edit.c      line editing, history and completion on a terminal
 */
#ifndef OUROBOROS_SHELL_H
#define OUROBOROS_SHELL_H

#include <ouroboros.h>

#include "options.h"
#include "words.h"

struct shell {
	struct invocation *inv;
	struct ouro_store *store;
	bool terminal; /* somebody types */
	bool quit;
	unsigned long line; /* number of the one that is run */
};

struct shell_command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *summary;
	size_t words_min, words_max; /* behind the name */
	size_t keys; /* how many of the first are keys, for completion */
	/* Returns an exit code, after having said what went wrong. */
	int (
	    *run)(struct shell *shell, const struct bytes *words, size_t count);
};

/* Ends with one without a name. */
extern const struct shell_command shell_commands[];

/* Runs a line that was cut into words; there is at least one. */
int shell_run(struct shell *shell, const struct words *words);
/* Says that it was done, or why not; returns the exit code. */
int shell_answer(struct shell *shell, const char *text);
int shell_failure(struct shell *shell, const struct ouro_error *err);
/* A mistake in the line. */
int shell_usage(struct shell *shell, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* True when the work should end: Ctrl-C, or the program is to stop. */
bool shell_stopped(void);

/* shell_care.c: as shell_command.run. */
int shell_stats(struct shell *shell, const struct bytes *words, size_t count);
int shell_compact(struct shell *shell, const struct bytes *words, size_t count);
int shell_snapshot(struct shell *shell, const struct bytes *words,
    size_t count);
int shell_verify(struct shell *shell, const struct bytes *words, size_t count);
int shell_repair(struct shell *shell, const struct bytes *words, size_t count);
int shell_backup(struct shell *shell, const struct bytes *words, size_t count);

struct shell_edit;

/* NULL: no terminal that can do it, or no memory. */
struct shell_edit *shell_edit_open(struct shell *shell);
/* The next line, borrowed until the next call; NULL at the end. One that was
 * cancelled is empty. */
const char *shell_edit_line(struct shell_edit *edit, size_t *size);
/* Writes the history. */
void shell_edit_close(struct shell_edit *edit);

#endif
