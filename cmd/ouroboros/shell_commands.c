#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "progress.h"
#include "report.h"
#include "shell.h"
#include "text.h"

/* ---- answers ----------------------------------------------------------------------- */

int
shell_answer(struct shell *shell, const char *text)
{
	if (!shell->inv->json) {
		puts(text);
		return 0;
	}
	reply_object(&shell->inv->out, NULL);
	reply_bool(&shell->inv->out, "ok", true);
	reply_end(&shell->inv->out);
	return 0;
}

static int
answer_absent(struct shell *shell)
{
	if (shell->inv->json)
		return report_status(shell->inv, OURO_NOT_FOUND,
		    "Key not found");
	puts("Key not found");
	return EXIT_NOT_FOUND;
}

int
shell_failure(struct shell *shell, const struct ouro_error *err)
{
	char line[32];

	snprintf(line, sizeof line, "line %lu", shell->line);
	fflush(stdout);
	return report_failure(shell->inv, shell->terminal ? NULL : line, err);
}

/* Talk about what was listed, behind it. */
static void
note_count(struct shell *shell, uint64_t count)
{
	fflush(stdout);
	report_note(shell->inv, "%" PRIu64 " %s%s", count,
	    count == 1 ? "key" : "keys",
	    shell_stopped() ? "; interrupted" : "");
}

/* ---- single keys ------------------------------------------------------------------- */

static int
set_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };

	(void)count;
	if (ouro_store_put(shell->store, words[0].data, words[0].size,
		words[1].data, words[1].size, OURO_SYNC_DEFAULT,
		&err) != OURO_OK)
		return shell_failure(shell, &err);
	return shell_answer(shell, "OK");
}

static int
get_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };
	struct reply *out = &shell->inv->out;
	struct ouro_value value;
	enum ouro_status status = ouro_store_get(shell->store, words[0].data,
	    words[0].size, &value, &err);

	(void)count;
	if (status == OURO_NOT_FOUND)
		return answer_absent(shell);
	if (status != OURO_OK)
		return shell_failure(shell, &err);
	if (shell->inv->json) {
		reply_object(out, NULL);
		reply_bytes(out, "key", words[0].data, words[0].size);
		reply_bytes(out, "value", value.data, value.size);
		reply_end(out);
	} else {
		words_print(stdout, bytes_of(value.data, value.size));
		putchar('\n');
	}
	ouro_value_release(&value);
	return 0;
}

static int
delete_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status = ouro_store_has(shell->store, words[0].data,
	    words[0].size, NULL, &err);

	(void)count;
	if (status == OURO_NOT_FOUND)
		return answer_absent(shell);
	if (status == OURO_OK)
		status = ouro_store_delete(shell->store, words[0].data,
		    words[0].size, OURO_SYNC_DEFAULT, &err);
	if (status != OURO_OK)
		return shell_failure(shell, &err);
	return shell_answer(shell, "Deleted");
}

/* ---- several -------------------------------------------------------------------------- */

static void
print_item(struct shell *shell, const struct ouro_item *item, bool keys_only)
{
	struct reply *out = &shell->inv->out;

	if (shell->inv->json) {
		reply_object(out, NULL);
		reply_bytes(out, "key", item->key, item->key_size);
		if (!keys_only)
			reply_bytes(out, "value", item->value,
			    item->value_size);
		reply_end(out);
		return;
	}
	words_print(stdout, bytes_of(item->key, item->key_size));
	if (!keys_only) {
		putchar(' ');
		words_print(stdout, bytes_of(item->value, item->value_size));
	}
	putchar('\n');
}

/* Damaged values are told, and the list goes on. */
static int
print_items(struct shell *shell, struct ouro_scan *scan,
    const struct ouro_range *range, uint64_t limit, uint64_t *count)
{
	struct ouro_error err = { .status = OURO_OK }, first = err;
	struct ouro_item item;
	enum ouro_status status = OURO_OK;

	for (*count = 0;
	     *count < limit && !shell_stopped() && !ferror(stdout);) {
		status = ouro_scan_next(scan, &item, &err);
		if (status == OURO_OK) {
			print_item(shell, &item, range->keys_only);
			(*count)++;
		} else if (status != OURO_DAMAGED) {
			break;
		} else if (first.status == OURO_OK) {
			first = err;
		}
	}
	if (status != OURO_OK && status != OURO_END && status != OURO_DAMAGED)
		first = err;
	return first.status != OURO_OK ? shell_failure(shell, &first) : 0;
}

static int
print_range(struct shell *shell, const struct ouro_range *range, uint64_t limit)
{
	struct ouro_error err = { .status = OURO_OK };
	struct reply *out = &shell->inv->out;
	struct ouro_scan *scan;
	uint64_t count;
	int code;

	if (ouro_scan_open(shell->store, range, &scan, &err) != OURO_OK)
		return shell_failure(shell, &err);
	if (shell->inv->json) {
		reply_object(out, NULL);
		reply_array(out, "items");
	}
	code = print_items(shell, scan, range, limit, &count);
	if (shell->inv->json && code == 0) {
		reply_end(out);
		reply_uint(out, "count", count);
		reply_end(out);
	} else if (!shell->inv->json) {
		note_count(shell, count);
	}
	ouro_scan_close(scan);
	return code;
}

static int
list_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_range range = { .size = sizeof range, .keys_only = true };

	if (count > 0) {
		range.prefix = words[0].data;
		range.prefix_size = words[0].size;
	}
	return print_range(shell, &range, UINT64_MAX);
}

/* False when it is no number. */
static bool
number_parse(struct bytes text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.size; i++) {
		unsigned digit = text.data[i] - (unsigned)'0';

		if (digit > 9 || *out > (UINT64_MAX - digit) / 10)
			return false;
		*out = *out * 10 + digit;
	}
	return text.size > 0;
}

static int
range_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_range range = { .size = sizeof range,
		.begin = words[0].data,
		.begin_size = words[0].size,
		.end = words[1].data,
		.end_size = words[1].size };
	uint64_t limit = UINT64_MAX;

	if (count > 2 && !number_parse(words[2], &limit))
		return shell_usage(shell, "N is a number: range A B [N]");
	return print_range(shell, &range, limit);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int
help_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct reply *out = &shell->inv->out;
	bool json = shell->inv->json;

	if (json) {
		reply_object(out, NULL);
		reply_array(out, "commands");
	}
	for (const struct shell_command *c = shell_commands; c->name; c++) {
		if (count > 0 && !bytes_equal(words[0], bytes_text(c->name)))
			continue;
		if (!json) {
			printf("%-9s%-11s%s\n", c->name, c->synopsis,
			    c->summary);
			continue;
		}
		reply_object(out, NULL);
		reply_text(out, "name", c->name);
		reply_text(out, "synopsis", c->synopsis);
		reply_text(out, "summary", c->summary);
		reply_end(out);
	}
	if (json) {
		reply_end(out);
		reply_end(out);
		return 0;
	}
	puts("\nWhat contains blanks stands in \"...\", with \\n \\t \\r \\0 "
	     "\\\\ \\\" \\xHH for bytes.");
	return 0;
}

static int
quit_run(struct shell *shell, const struct bytes *words, size_t count)
{
	(void)words;
	(void)count;
	shell->quit = true;
	return shell->inv->json ? shell_answer(shell, "") : 0;
}

const struct shell_command shell_commands[] = {
	{ "set", "K V", "store a value", 2, 2, 1, set_run },
	{ "get", "K", "print a value", 1, 1, 1, get_run },
	{ "delete", "K", "remove a key", 1, 1, 1, delete_run },
	{ "list", "[PREFIX]", "keys that begin so, or all", 0, 1, 1, list_run },
	{ "range", "A B [N]",
	    "keys from A up to, not including, B, with values; \"\" = no limit",
	    2, 3, 2, range_run },
	{ "stats", "", "numbers", 0, 0, 0, shell_stats },
	{ "compact", "", "give dead space back", 0, 0, 0, shell_compact },
	{ "snapshot", "", "write out the index, for a quick opening", 0, 0, 0,
	    shell_snapshot },
	{ "verify", "", "read and check everything", 0, 0, 0, shell_verify },
	{ "repair", "", "keep what is readable, forget what is lost", 0, 0, 0,
	    shell_repair },
	{ "backup", "DIR", "copy this state into a new directory", 1, 1, 0,
	    shell_backup },
	{ "help", "[COMMAND]", "this list", 0, 1, 0, help_run },
	{ "quit", "", "leave; also exit, Ctrl-D", 0, 0, 0, quit_run },
	{ "exit", "", "leave", 0, 0, 0, quit_run },
	{ .name = NULL },
};

int
shell_run(struct shell *shell, const struct words *words)
{
	struct bytes name = words->word[0];
	const struct shell_command *c = shell_commands;
	size_t count = words->count - 1;

	while (c->name != NULL && !bytes_equal(name, bytes_text(c->name)))
		c++;
	if (c->name == NULL)
		return shell_usage(shell,
		    "there is no command '%.*s'; 'help' lists them",
		    name.size < 64 ? (int)name.size : 64,
		    (const char *)name.data);
	if (count < c->words_min || count > c->words_max)
		return shell_usage(shell, "%s: %s %s",
		    count < c->words_min ? "too few words"
					 : "too many words; quote blanks",
		    c->name, c->synopsis);
	return c->run(shell, words->word + 1, count);
}
