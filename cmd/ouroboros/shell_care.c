/*
 * shell_care - the shell's commands for a whole store.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "progress.h"
#include "report.h"
#include "shell.h"
#include "text.h"

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

int
shell_stats(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };
	struct reply *out = &shell->inv->out;
	struct ouro_store_stats stats;

	(void)words;
	(void)count;
	if (ouro_store_stats(shell->store, &stats, &err) != OURO_OK)
		return shell_failure(shell, &err);
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

int
shell_compact(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };
	struct reply *out = &shell->inv->out;
	char size[TEXT_SIZE_SIZE];
	uint64_t freed = 0;

	(void)words;
	(void)count;
	if (ouro_store_compact(shell->store, 0, &freed, &err) != OURO_OK)
		return shell_failure(shell, &err);
	if (!shell->inv->json) {
		printf("OK, %s given back\n", text_size(freed, size));
		return 0;
	}
	reply_object(out, NULL);
	reply_uint(out, "freed", freed);
	reply_end(out);
	return 0;
}

int
shell_snapshot(struct shell *shell, const struct bytes *words, size_t count)
{
	struct ouro_error err = { .status = OURO_OK };

	(void)words;
	(void)count;
	if (ouro_store_snapshot(shell->store, &err) != OURO_OK)
		return shell_failure(shell, &err);
	return shell_answer(shell, "OK");
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
		return shell_failure(shell, &err);
	if (!shell->inv->json)
		return shell_answer(shell, "OK");
	reply_end(out);
	reply_bool(out, "ok", true);
	reply_end(out);
	return 0;
}

int
shell_verify(struct shell *shell, const struct bytes *words, size_t count)
{
	(void)words;
	(void)count;
	return care_run(shell, ouro_store_verify);
}

int
shell_repair(struct shell *shell, const struct bytes *words, size_t count)
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

int
shell_backup(struct shell *shell, const struct bytes *words, size_t count)
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
	return status == OURO_OK ? shell_answer(shell, "OK")
				 : shell_failure(shell, &err);
}
