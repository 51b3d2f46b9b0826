/*
 * shell - a dialogue with an engine directory.
 */
#include "shell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "report.h"
#include "session.h"
#include "signals.h"

/* ---- opening -------------------------------------------------------------------- */

/* Called by the library, from any thread. */
static void
log_line(void *context, enum ouro_log_level level, const char *text)
{
	if (level >= OURO_LOG_WARNING)
		report_note(context, "ouroboros: %s", text);
}

static bool
holds(const char *dir, const char *name)
{
	struct stat status;
	char *path = NULL;
	bool there = asprintf(&path, "%s/%s", dir, name) >= 0 &&
	    lstat(path, &status) == 0;

	free(path);
	return there;
}

/* An engine's files among a vault's would be of use to nobody. */
static bool
is_vault(const char *dir)
{
	return holds(dir, "OUROBOROS") || holds(dir, "OUROBOROS.copy") ||
	    holds(dir, "keyring");
}

static const char *
directory_of(const struct invocation *inv)
{
	if (inv->operand_count > 0)
		return inv->operands[0];
	return session_setting(inv, OPTION_DIR, "OUROBOROS_DIR");
}

static int
open_store(struct shell *shell, const char *dir)
{
	struct invocation *inv = shell->inv;
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_store_options options = { .size = sizeof options,
		.read_only = inv->option[OPTION_READ_ONLY] != NULL,
		.log = log_line,
		.log_context = inv };
	struct stat status;
	bool made = stat(dir, &status) != 0;
	int code;

	if (ouro_store_open(dir, &options, &shell->store, &err) == OURO_OK) {
		if (made)
			report_note(inv, "Made a new store in %s.", dir);
		return 0;
	}
	code = report_failure(inv, NULL, &err);
	if (err.status == OURO_WRONG_KEY && !inv->json)
		report_note(inv,
		    "%s is sealed; it is part of a vault, which the other "
		    "commands open.",
		    dir);
	return code;
}

/* ---- the loop ---------------------------------------------------------------------- */

int
shell_usage(struct shell *shell, const char *format, ...)
{
	char text[512];
	size_t length = 0;
	va_list args;

	if (!shell->terminal)
		length = (size_t)snprintf(text, sizeof text,
		    "line %lu: ", shell->line);
	va_start(args, format);
	vsnprintf(text + length, sizeof text - length, format, args);
	va_end(args);
	if (shell->inv->json)
		return report_usage(shell->inv, "%s", text);
	report_status(shell->inv, OURO_INVALID, "%s", text);
	return EXIT_USAGE;
}

bool
shell_stopped(void)
{
	return signals_interrupted() || signals_caught() != 0;
}

/* The worse of two exit codes. */
static int
worse(int a, int b)
{
	static const int rank[] = {
		[EXIT_OK] = 0,
		[EXIT_NOT_FOUND] = 1,
		[EXIT_USAGE] = 2,
		[EXIT_REFUSED] = 3,
		[EXIT_LOCKED] = 4,
		[EXIT_FAILED] = 5,
		[EXIT_UNREACHABLE] = 5,
		[EXIT_NO_SPACE] = 6,
		[EXIT_DAMAGED] = 7,
	};

	return rank[b] > rank[a] ? b : a;
}

static int
run_line(struct shell *shell, const char *line, size_t size)
{
	struct words words = { 0 };
	const char *wrong = words_split(&words, line, size);
	int code = 0;

	shell->line++;
	if (wrong != NULL)
		code = shell_usage(shell, "%s", wrong);
	else if (words.count > 0)
		code = shell_run(shell, &words);
	words_release(&words);
	fflush(stdout);
	return code;
}

/* What is typed fails for itself, not for the whole dialogue. */
static int
converse(struct shell *shell, struct shell_edit *edit)
{
	const char *line;
	size_t size;

	report_note(shell->inv,
	    "'help' lists the commands; Ctrl-D or 'quit' ends.");
	while (!shell->quit && signals_caught() == 0 &&
	    (line = shell_edit_line(edit, &size)) != NULL) {
		signals_interrupt_clear();
		run_line(shell, line, size);
	}
	return 0;
}

static int
read_lines(struct shell *shell)
{
	size_t capacity = 0;
	char *line = NULL;
	int code = 0;
	ssize_t size;

	while (!shell->quit && signals_caught() == 0 &&
	    (size = getline(&line, &capacity, stdin)) >= 0)
		code = worse(code, run_line(shell, line, (size_t)size));
	if (ferror(stdin) && signals_caught() == 0)
		code = worse(code,
		    report_errno(shell->inv, errno, "standard input"));
	free(line);
	return code;
}

static int
shell_main(struct invocation *inv)
{
	struct shell shell = { .inv = inv };
	struct shell_edit *edit = NULL;
	const char *dir = directory_of(inv);
	int code;

	if (dir == NULL)
		return report_usage(inv,
		    "no engine directory is named: ouroboros shell DIR");
	if (is_vault(dir))
		return report_status(inv, OURO_REFUSED,
		    "%s is a vault, not an engine directory: use put, get, ls "
		    "and verify on it; to make a store for the shell: "
		    "ouroboros shell OTHER-DIR",
		    dir);
	code = open_store(&shell, dir);
	if (code != 0)
		return code;
	shell.terminal = isatty(STDIN_FILENO) == 1 &&
	    isatty(STDOUT_FILENO) == 1;
	if (shell.terminal)
		edit = shell_edit_open(&shell);
	code = edit != NULL ? converse(&shell, edit) : read_lines(&shell);
	shell_edit_close(edit);
	ouro_store_close(shell.store);
	return code;
}

const struct command shell_command = {
	.name = "shell",
	.synopsis = "[DIR] [--read-only]",
	.summary = "a dialogue with an engine directory",
	.page =
	    "Opens DIR (else --dir, else $OUROBOROS_DIR) as a plain store of keys and\n"
	    "values, made when it is missing, and runs the commands that are typed or\n"
	    "piped in:\n"
	    "\n"
	    "  set K V        get K           delete K\n"
	    "  list [PREFIX]  range A B [N]   stats\n"
	    "  compact        snapshot        verify         repair\n"
	    "  backup DIR     help            quit\n"
	    "\n"
	    "What contains blanks stands in double quotes; there \\n \\t \\r \\0 \\\\ \\\" \\xHH\n"
	    "are bytes. Answers are written the same way, so they can be pasted back.\n"
	    "On a terminal lines can be edited, Tab completes commands and keys, Ctrl-C\n"
	    "takes back a line or stops a list; the history is kept in\n"
	    "$XDG_STATE_HOME/ouroboros/history (else ~/.local/state). Otherwise there is\n"
	    "no prompt, and the exit code is that of the worst failure. With --json each\n"
	    "command answers one object; bytes that are not UTF-8 stand in base64, under\n"
	    "\"key_base64\" or \"value_base64\".",
	.options = OPTION_BIT(OPTION_READ_ONLY),
	.operands_max = 1,
	.files = true,
	.run = shell_main,
};
