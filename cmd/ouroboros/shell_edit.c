#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "report.h"
#include "shell.h"
#include "signals.h"

#define HISTORY_LINES  1000
#define CANDIDATES_MAX 200 /* keys that are looked at for one Tab */

struct shell_edit {
	struct shell *shell;
	EditLine *line;
	History *history;
	char *path; /* of the history; NULL = none is kept */
};

static char *
prompt(EditLine *line)
{
	static char text[] = "ouroboros> ";

	(void)line;
	return text;
}

/* ---- history ------------------------------------------------------------------------ */

/* Makes the directories that a path names, up to its last slash. */
static void
parents_make(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

/* NULL when there is no place for it. What stands there is its owner's
 * alone. */
static char *
history_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int fd, length = -1;

	if (state != NULL && state[0] == '/')
		length = asprintf(&path, "%s/ouroboros/history", state);
	else if (home != NULL && home[0] == '/')
		length = asprintf(&path, "%s/.local/state/ouroboros/history",
		    home);
	if (length < 0)
		return NULL;
	parents_make(path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fchmod(fd, 0600) != 0) {
		free(path);
		path = NULL;
	}
	if (fd >= 0)
		close(fd);
	return path;
}

static void
history_add(struct shell_edit *edit, const char *line)
{
	HistEvent event;

	if (edit->history != NULL && line[strspn(line, " \t\n")] != '\0')
		history(edit->history, &event, H_ENTER, line);
}

/* ---- completion ------------------------------------------------------------------------ */

/* What may stand where the cursor is. */
struct candidates {
	struct buffer common; /* how far all of them agree */
	struct buffer list;   /* each quoted, with a newline */
	size_t count;
};

static void
candidate_add(struct candidates *all, struct bytes word)
{
	size_t agree = 0;

	if (all->count++ == 0) {
		(void)buffer_set(&all->common, word, NULL);
	} else {
		while (agree < word.size && agree < all->common.size &&
		    word.data[agree] == all->common.data[agree])
			agree++;
		all->common.size = agree;
	}
	(void)words_quote(&all->list, word, false);
	(void)buffer_append(&all->list, bytes_text("\n"), NULL);
}

static void
commands_find(struct candidates *all, struct bytes begun)
{
	for (const struct shell_command *c = shell_commands; c->name; c++)
		if (bytes_has_prefix(bytes_text(c->name), begun))
			candidate_add(all, bytes_text(c->name));
}

static void
keys_find(struct shell *shell, struct candidates *all, struct bytes begun)
{
	struct ouro_range range = { .size = sizeof range,
		.prefix = begun.data,
		.prefix_size = begun.size,
		.keys_only = true };
	struct ouro_scan *scan;
	struct ouro_item item;

	if (ouro_scan_open(shell->store, &range, &scan, NULL) != OURO_OK)
		return;
	while (all->count < CANDIDATES_MAX &&
	    ouro_scan_next(scan, &item, NULL) == OURO_OK)
		candidate_add(all, bytes_of(item.key, item.key_size));
	ouro_scan_close(scan);
}

static size_t
keys_taken(struct bytes name)
{
	for (const struct shell_command *c = shell_commands; c->name; c++)
		if (bytes_equal(name, bytes_text(c->name)))
			return c->keys;
	return 0;
}

/* Characters, which is how the editor counts; all of it is UTF-8. */
static int
characters(const char *text, size_t size)
{
	int count = 0;

	for (size_t i = 0; i < size; i++)
		count += ((unsigned char)text[i] & 0xc0u) != 0x80;
	return count;
}

/* Puts what all candidates agree on in the place of what was typed. */
static bool
replace(struct shell_edit *edit, const char *typed, size_t typed_size,
    const struct candidates *all)
{
	struct buffer text = { 0 };
	bool only = all->count == 1, changed = false;

	if (words_quote(&text, buffer_bytes(&all->common), !only) &&
	    (!only || buffer_append(&text, bytes_text(" "), NULL) == OURO_OK))
		changed = !bytes_equal(buffer_bytes(&text),
		    bytes_of(typed, typed_size));
	if (changed && buffer_append(&text, bytes_of("", 1), NULL) == OURO_OK) {
		el_deletestr(edit->line, characters(typed, typed_size));
		el_insertstr(edit->line, (const char *)text.data);
	}
	buffer_release(&text);
	return changed;
}

static unsigned char
complete(EditLine *line, int key)
{
	const LineInfo *info = el_line(line);
	size_t size = (size_t)(info->cursor - info->buffer);
	struct candidates all = { 0 };
	struct words words = { 0 };
	struct bytes begun = { 0 };
	struct shell_edit *edit;
	unsigned char result = CC_ERROR;
	size_t number;

	(void)key;
	el_get(line, EL_CLIENTDATA, &edit);
	if (words_split(&words, info->buffer, size) != NULL && !words.open) {
		words_release(&words);
		return CC_ERROR;
	}
	number = words.ended ? words.count : words.count - 1;
	if (!words.ended)
		begun = words.word[number];
	if (number == 0)
		commands_find(&all, begun);
	else if (number <= keys_taken(words.word[0]))
		keys_find(edit->shell, &all, begun);
	if (all.count > 0 &&
	    replace(edit, info->buffer + words.last_at, size - words.last_at,
		&all)) {
		result = CC_REFRESH;
	} else if (all.count > 1) {
		printf("\n%.*s%s", (int)all.list.size,
		    (const char *)all.list.data,
		    all.count == CANDIDATES_MAX ? "...\n" : "");
		fflush(stdout);
		result = CC_REDISPLAY;
	}
	buffer_release(&all.common);
	buffer_release(&all.list);
	words_release(&words);
	return result;
}

/* ---- lines --------------------------------------------------------------------------------- */

struct shell_edit *
shell_edit_open(struct shell *shell)
{
	struct shell_edit *edit = calloc(1, sizeof *edit);
	HistEvent event;

	if (edit == NULL)
		return NULL;
	edit->shell = shell;
	setlocale(LC_CTYPE, "");
	if (MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");
	edit->line = el_init("ouroboros", stdin, stdout, stderr);
	if (edit->line == NULL) {
		free(edit);
		return NULL;
	}
	edit->history = history_init();
	edit->path = history_path();
	el_set(edit->line, EL_CLIENTDATA, edit);
	el_set(edit->line, EL_PROMPT, prompt);
	el_set(edit->line, EL_EDITOR, "emacs");
	/* el_set would copy the two and never give them back. */
	el_wset(edit->line, EL_ADDFN, L"complete", L"complete a word",
	    complete);
	el_set(edit->line, EL_BIND, "^I", "complete", NULL);
	el_set(edit->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
	if (edit->history != NULL) {
		history(edit->history, &event, H_SETSIZE, HISTORY_LINES);
		history(edit->history, &event, H_SETUNIQUE, 1);
		el_set(edit->line, EL_HIST, history, edit->history);
		if (edit->path != NULL)
			history(edit->history, &event, H_LOAD, edit->path);
	}
	signals_interactive();
	return edit;
}

const char *
shell_edit_line(struct shell_edit *edit, size_t *size)
{
	const char *line;
	int count = 0;

	*size = 0;
	signals_interrupt_clear();
	line = el_gets(edit->line, &count);
	if (line == NULL || count <= 0) {
		putchar('\n');
		fflush(stdout);
		if (!signals_interrupted() || signals_caught() != 0)
			return NULL;
		el_reset(edit->line);
		return "";
	}
	history_add(edit, line);
	*size = (size_t)count;
	return line;
}

void
shell_edit_close(struct shell_edit *edit)
{
	HistEvent event;

	if (edit == NULL)
		return;
	if (edit->history != NULL && edit->path != NULL)
		history(edit->history, &event, H_SAVE, edit->path);
	if (edit->history != NULL)
		history_end(edit->history);
	el_end(edit->line);
	free(edit->path);
	free(edit);
}
