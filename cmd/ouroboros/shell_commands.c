#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "progress.h"
#include "report.h"
#include "shell.h"
#include "text.h"

/* ---- answers ----------------------------------------------------------------------- */

static int
answer(struct shell *shell, const char *text)
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

static int
failure(struct shell *shell, const struct ouro_error *err)
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
		return failure(shell, &err);
	return answer(shell, "OK");
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
		return failure(shell, &err);
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
		return failure(shell, &err);
	return answer(shell, "Deleted");
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
	return first.status != OURO_OK ? failure(shell, &first) : 0;
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
		return failure(shell, &err);
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

/* ---- care ---------------------------------------------------------------------------------- */

static const struct {
	const char *label, *key;
	size_t at;
	bool bytes;
} numbers[] = {
#define NUMBER(label, key, is_bytes) \
	{ \
		label, #key, offsetof(struct ouro_store_stats, key), is_bytes \
	}
	NUMBER("keys", keys, false),
	NUMBER("live", live_bytes, true),
	NUMBER("dead", dead_bytes, true),
	NUMBER("on disk", disk_bytes, true),
	NUMBER("index on disk", index_bytes, true),
	NUMBER("index in memory", memory_bytes, true),
	NUMBER("segments", segments, false),
	NUMBER("oldest segment", segment_oldest, false),
	NUMBER("active segment", segment_active, false),
	NUMBER("index files", index_files, false),
	NUMBER("sequence", sequence, false),
	NUMBER("durable through", durable_through, false),
	NUMBER("replayed at opening", replayed, false),
	NUMBER("filters asked", filter_asked, false),
	NUMBER("spared by filters", filter_spared, false),
	NUMBER("given since opening", bytes_given, true),
	NUMBER("written for it", bytes_written, true),
	NUMBER("moved by compaction", bytes_moved, true),
	NUMBER("torn tail", torn_bytes, true),
	NUMBER("damaged records", damaged_records, false),
	NUMBER("missing segments", missing_segments, false),
#undef NUMBER
};

static int
stats_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };
	struct reply *out = &shell->inv->out;
	struct ouro_store_stats stats;

	(void)words;
	(void)count;
	if (ouro_store_stats(shell->store, &stats, &err) != OURO_OK)
		return failure(shell, &err);
	if (shell->inv->json)
		reply_object(out, NULL);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		char size[TEXT_SIZE_SIZE];
		uint64_t number;

		memcpy(&number, (const char *)&stats + numbers[i].at,
		    sizeof number);
		if (shell->inv->json)
			reply_uint(out, numbers[i].key, number);
		else if (numbers[i].bytes)
			printf("%-20s %s\n", numbers[i].label,
			    text_size(number, size));
		else
			printf("%-20s %" PRIu64 "\n", numbers[i].label, number);
	}
	if (shell->inv->json)
		reply_end(out);
	return 0;
}

static int
compact_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };
	struct reply *out = &shell->inv->out;
	char size[TEXT_SIZE_SIZE];
	uint64_t freed = 0;

	(void)words;
	(void)count;
	if (ouro_store_compact(shell->store, 0, &freed, &err) != OURO_OK)
		return failure(shell, &err);
	if (!shell->inv->json) {
		printf("OK, %s given back\n", text_size(freed, size));
		return 0;
	}
	reply_object(out, NULL);
	reply_uint(out, "freed", freed);
	reply_end(out);
	return 0;
}

static int
snapshot_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };

	(void)words;
	(void)count;
	if (ouro_store_snapshot(shell->store, &err) != OURO_OK)
		return failure(shell, &err);
	return answer(shell, "OK");
}

static void
damage_print(void *context, const struct ouro_store_damage *damage)
{
	struct shell *shell = context;
	struct reply *out = &shell->inv->out;

	if (shell->inv->json) {
		reply_object(out, NULL);
		reply_text(out, "file", damage->file);
		reply_uint(out, "offset", damage->offset);
		reply_uint(out, "size", damage->size);
		if (damage->key != NULL)
			reply_bytes(out, "key", damage->key, damage->key_size);
		reply_text(out, "text", damage->text);
		reply_end(out);
		return;
	}
	fputs("DAMAGED ", stdout);
	text_write(stdout, damage->file);
	printf(" at %" PRIu64 ", %" PRIu64 " bytes", damage->offset,
	    damage->size);
	if (damage->key != NULL) {
		fputs(", key ", stdout);
		words_print(stdout, bytes_of(damage->key, damage->key_size));
	}
	fputs(": ", stdout);
	text_write(stdout, damage->text);
	putchar('\n');
}

typedef enum ouro_status care(struct ouro_store *store,
    ouro_store_damage_report *report, void *context, struct ouro_error *err);

static int
care_run(struct shell *shell, care *run)
{
	struct ouro_error err = { .status = OURO_OK };
	struct reply *out = &shell->inv->out;

	if (shell->inv->json) {
		reply_object(out, NULL);
		reply_array(out, "damage");
	}
	if (run(shell->store, damage_print, shell, &err) != OURO_OK)
		return failure(shell, &err);
	if (!shell->inv->json)
		return answer(shell, "OK");
	reply_end(out);
	reply_bool(out, "ok", true);
	reply_end(out);
	return 0;
}

static int
verify_run(struct shell *shell, const struct bytes *words, size_t count)
{
	(void)words;
	(void)count;
	return care_run(shell, ouro_store_verify);
}

static int
repair_run(struct shell *shell, const struct bytes *words, size_t count)
{
	(void)words;
	(void)count;
	return care_run(shell, ouro_store_repair);
}

static bool
backup_goes_on(void *context, uint64_t done, uint64_t total)
{
	return progress_report(context, done, total) && !shell_stopped();
}

static int
backup_run(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status;
	char *dir;

	(void)count;
	if (memchr(words[0].data, '\0', words[0].size) != NULL)
		return shell_usage(shell, "a directory's name has no \\0");
	dir = strndup((const char *)words[0].data, words[0].size);
	if (dir == NULL)
		return report_status(shell->inv, OURO_NO_MEMORY,
		    "out of memory");
	progress_start(shell->inv, "copying", 0);
	status = ouro_store_backup(shell->store, dir, backup_goes_on, NULL,
	    &err);
	progress_stop();
	free(dir);
	return status == OURO_OK ? answer(shell, "OK") : failure(shell, &err);
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
	return shell->inv->json ? answer(shell, "") : 0;
}

const struct shell_command shell_commands[] = {
	{ "set", "K V", "store a value", 2, 2, 1, set_run },
	{ "get", "K", "print a value", 1, 1, 1, get_run },
	{ "delete", "K", "remove a key", 1, 1, 1, delete_run },
	{ "list", "[PREFIX]", "keys that begin so, or all", 0, 1, 1, list_run },
	{ "range", "A B [N]",
	    "keys from A up to, not including, B, with values; \"\" = no limit",
	    2, 3, 2, range_run },
	{ "stats", "", "numbers", 0, 0, 0, stats_run },
	{ "compact", "", "give dead space back", 0, 0, 0, compact_run },
	{ "snapshot", "", "write out the index, for a quick opening", 0, 0, 0,
	    snapshot_run },
	{ "verify", "", "read and check everything", 0, 0, 0, verify_run },
	{ "repair", "", "keep what is readable, forget what is lost", 0, 0, 0,
	    repair_run },
	{ "backup", "DIR", "copy this state into a new directory", 1, 1, 0,
	    backup_run },
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
