/*
 * trash - heads that left because another copy of the vault had removed them.
 */
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "command.h"
#include "report.h"
#include "session.h"
#include "table.h"
#include "text.h"
#include "versions.h"

struct listing {
	struct invocation *inv;
	struct table table;
	bool failed;
};

static bool
print_row(struct table *table, const struct ouro_trashed *trashed)
{
	char hash[OURO_ID_TEXT], time[TEXT_TIME_SIZE], dropped[TEXT_TIME_SIZE];

	ouro_id_text(trashed->version.id, hash);
	return table_cell(table, hash) &&
	    table_cell(table, trashed->version.path) &&
	    table_cell(table, text_time(trashed->version.saved_ms, time)) &&
	    table_cell(table, text_time(trashed->dropped_ms, dropped));
}

static bool
each(void *context, const struct ouro_trashed *trashed)
{
	struct listing *l = context;
	struct reply *out = &l->inv->out;

	if (!l->inv->json) {
		l->failed = !print_row(&l->table, trashed);
		return !l->failed;
	}
	reply_object(out, NULL);
	reply_text(out, "name", trashed->version.path);
	reply_text(out, "namespace", trashed->version.namespace_);
	version_members(out, &trashed->version, NULL);
	reply_time(out, "dropped_at", trashed->dropped_ms);
	reply_end(out);
	return true;
}

static int
list(struct invocation *inv, struct ouro_vault *vault)
{
	static const char *const titles[] = { "HASH", "NAME", "SAVED AT",
		"DROPPED AT" };
	struct listing l = { .inv = inv };
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status;

	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_array(&inv->out, "items");
	} else {
		table_init(&l.table, titles, 4);
	}
	status = ouro_trash_list(vault, each, &l, &err);
	if (!inv->json)
		table_finish(&l.table);
	if (status != OURO_OK)
		return report_failure(inv, NULL, &err);
	if (l.failed)
		return report_status(inv, OURO_NO_MEMORY, "out of memory");
	if (inv->json) {
		reply_end(&inv->out);
		reply_end(&inv->out);
	}
	return 0;
}

/* What is in the trash is no version any more, so that ouro_resolve does not
 * know it. */
struct search {
	struct id_pattern patterns[ID_PATTERNS_MAX];
	size_t pattern_count;
	size_t found;
	uint8_t id[OURO_ID_SIZE]; /* the first */
};

static bool
compare(void *context, const struct ouro_trashed *trashed)
{
	struct search *search = context;
	bool fits = false;

	for (size_t i = 0; i < search->pattern_count; i++)
		if (id_matches(trashed->version.id, &search->patterns[i]))
			fits = true;
	if (fits && search->found++ == 0)
		memcpy(search->id, trashed->version.id, OURO_ID_SIZE);
	return true;
}

static int
find(struct invocation *inv, struct ouro_vault *vault, const char *text,
    uint8_t id[OURO_ID_SIZE])
{
	struct search search = { .found = 0 };
	struct ouro_error err = { .status = OURO_OK };

	search.pattern_count = id_patterns(
	    strncmp(text, "hash:", 5) == 0 ? text + 5 : text, search.patterns);
	if (search.pattern_count == 0)
		return report_usage(inv, "%s is no hash", text);
	if (ouro_trash_list(vault, compare, &search, &err) != OURO_OK)
		return report_failure(inv, NULL, &err);
	if (search.found == 0)
		return report_status(inv, OURO_NOT_FOUND,
		    "%s is not in the trash", text);
	if (search.found > 1)
		return report_status(inv, OURO_AMBIGUOUS,
		    "%zu in the trash begin with %s", search.found, text);
	memcpy(id, search.id, OURO_ID_SIZE);
	return 0;
}

static int
restore(struct invocation *inv, struct ouro_vault *vault)
{
	uint8_t id[OURO_ID_SIZE], written[OURO_ID_SIZE];
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_version version = { .deletion = false };
	struct place place;
	int code = find(inv, vault, inv->operands[1], id);

	if (code != 0)
		return code;
	if (ouro_trash_restore(vault, id, written, &err) != OURO_OK ||
	    ouro_version_get(vault, written, &version, &err) != OURO_OK)
		return report_failure(inv, inv->operands[1], &err);
	place = (struct place){ version.namespace_, version.path };
	version_written(inv, &place, written);
	ouro_version_release(&version);
	return 0;
}

static int
trash_run(struct invocation *inv)
{
	bool restoring = strcmp(inv->operands[0], "restore") == 0;
	struct ouro_vault *vault = NULL;
	int code;

	if (!restoring && strcmp(inv->operands[0], "ls") != 0)
		return report_usage(inv,
		    "trash does not know '%s': ls, restore", inv->operands[0]);
	if (inv->operand_count != (restoring ? 2 : 1))
		return report_usage(inv, "trash %s takes %s", inv->operands[0],
		    restoring ? "a HASH" : "nothing more");
	code = session_open(inv, restoring ? SESSION_WRITE : SESSION_READ,
	    &vault);
	if (code == 0)
		code = restoring ? restore(inv, vault) : list(inv, vault);
	ouro_vault_close(vault);
	return code;
}

const struct command trash_command = {
	.name = "trash",
	.synopsis = "ls|restore HASH",
	.summary = "heads that another copy had removed",
	.page =
	    "When the records of another copy of the store are taken in, current versions\n"
	    "that it had removed leave here too. They are kept for a while (the setting\n"
	    "bootstrap_max_age_hours): ls lists them, restore makes one a new version of its\n"
	    "name, in place of the heads, and prints its hash.\n"
	    "\n"
	    "With --json: {items: [{name, namespace, dropped_at, and what log has}]}; restore:\n"
	    "an object with hash, version, name, namespace.",
	.words = "ls restore",
	.operands_min = 1,
	.operands_max = 2,
	.run = trash_run,
};
