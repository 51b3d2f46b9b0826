/*
 * rm - removes contents, versions and names.
 */
#include <stdlib.h>

#include "command.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "target.h"

#define REASONS_MAX 10000 /* kept for telling; the rest is counted */

struct reasons {
	struct ouro_kept *items;
	size_t count, capacity;
	uint64_t untold;
};

struct reason_words {
	const char *name;
	const char *text;
};

static const struct reason_words reason_known[] = {
	[OURO_HAS_CHILDREN] = { "has_children", "it has the child" },
	[OURO_HAS_LATER] = { "has_later", "it was replaced by the version" },
	[OURO_OTHER_VERSION] = { "other_version",
	    "its content is also that of the version" },
	[OURO_SHARED_CHUNKS] = { "shared_chunks",
	    "chunks that others use too" },
	[OURO_LIVE_DESCENDANT] = { "live_descendant",
	    "its content has the descendant" },
};

/* The words of a reason; also of one that a newer library may give. */
static const struct reason_words *
reason_words(enum ouro_reason reason)
{
	static const struct reason_words other = { "other",
		"it is still in use by" };

	return reason < sizeof reason_known / sizeof *reason_known &&
		reason_known[reason].name != NULL
	    ? &reason_known[reason]
	    : &other;
}

static void
reason_add(void *context, const struct ouro_kept *kept)
{
	struct reasons *reasons = context;

	if (reasons->count == reasons->capacity) {
		size_t capacity = reasons->capacity * 2 + 16;
		struct ouro_kept *items = NULL;

		if (reasons->count < REASONS_MAX)
			items = realloc(reasons->items,
			    capacity * sizeof *items);
		if (items == NULL) {
			reasons->untold++;
			return;
		}
		reasons->items = items;
		reasons->capacity = capacity;
	}
	reasons->items[reasons->count++] = *kept;
}

static void
reason_say(const struct invocation *inv, const char *verb,
    const struct ouro_kept *kept)
{
	const char *text = reason_words(kept->reason)->text;
	char hash[OURO_ID_TEXT];

	if (kept->reason == OURO_SHARED_CHUNKS) {
		report_note(inv, "%s: %llu %s", verb,
		    (unsigned long long)kept->count, text);
		return;
	}
	ouro_id_text(kept->id, hash);
	report_note(inv, "%s: %s %s", verb, text, hash);
}

static void
reasons_say(struct invocation *inv, const char *verb,
    const struct reasons *reasons)
{
	for (size_t i = 0; i < reasons->count; i++)
		reason_say(inv, verb, &reasons->items[i]);
	if (reasons->untold > 0)
		report_note(inv, "%s: ... and %llu more reasons", verb,
		    (unsigned long long)reasons->untold);
}

static void
reasons_print(struct reply *out, const char *key, const struct reasons *reasons)
{
	reply_array(out, key);
	for (size_t i = 0; i < reasons->count; i++) {
		const struct ouro_kept *kept = &reasons->items[i];

		reply_object(out, NULL);
		reply_text(out, "reason", reason_words(kept->reason)->name);
		if (kept->reason != OURO_SHARED_CHUNKS)
			reply_id(out, "hash", kept->id);
		reply_uint(out, "count", kept->count);
		reply_end(out);
	}
	reply_end(out);
}

static void
print_removed(struct invocation *inv, const struct ouro_target *target,
    const struct reasons *kept, const struct ouro_remove_result *result)
{
	struct reply *out = &inv->out;

	if (inv->json) {
		reply_object(out, NULL);
		reply_id(out, "hash", target->id);
		reply_uint(out, "versions_removed", result->versions);
		reply_uint(out, "contents_removed", result->contents);
		reply_uint(out, "chunks_free", result->chunks_free);
		reply_uint(out, "chunks_kept", result->chunks_kept);
		reply_uint(out, "slices_kept", result->slices_kept);
		reply_bool(out, "uncounted", result->uncounted);
		reasons_print(out, "kept", kept);
		reply_end(out);
		return;
	}
	report_note(inv,
	    "removed %llu version%s, %llu content%s; %llu chunks "
	    "to be collected by gc",
	    (unsigned long long)result->versions,
	    result->versions == 1 ? "" : "s",
	    (unsigned long long)result->contents,
	    result->contents == 1 ? "" : "s",
	    (unsigned long long)result->chunks_free);
	reasons_say(inv, "kept", kept);
	if (result->chunks_kept > 0)
		report_note(inv,
		    "kept: %llu chunks (%llu slices) that other "
		    "content uses too",
		    (unsigned long long)result->chunks_kept,
		    (unsigned long long)result->slices_kept);
	if (result->uncounted)
		report_note(inv,
		    "not all of what it leaves behind could be counted; "
		    "'ouroboros verify' tells why");
}

/* What was removed before the failure is part of the answer. */
static int
fail(struct invocation *inv, const char *text,
    const struct ouro_remove_result *result, const struct ouro_error *err)
{
	if (result->versions > 0 && inv->json) {
		reply_object(&inv->out, NULL);
		reply_uint(&inv->out, "versions_removed", result->versions);
	} else if (result->versions > 0) {
		report_note(inv, "%s: removed %llu version%s, not all", text,
		    (unsigned long long)result->versions,
		    result->versions == 1 ? "" : "s");
	}
	return report_failure(inv, text, err);
}

static int
refuse(struct invocation *inv, const char *text, const struct reasons *reasons,
    const struct ouro_error *err)
{
	if (inv->json) {
		reply_object(&inv->out, NULL);
		reasons_print(&inv->out, "reasons", reasons);
		return report_failure(inv, text, err);
	}
	report_failure(inv, text, err);
	/* The reasons are the answer: also with --quiet. */
	inv->quiet = false;
	reasons_say(inv, "refused", reasons);
	return EXIT_REFUSED;
}

static int
remove_one(struct invocation *inv, struct ouro_vault *vault, const char *text)
{
	struct ouro_remove_options options = { .size = sizeof options,
		.force = inv->option[OPTION_FORCE] != NULL };
	struct ouro_remove_result result = { 0 };
	struct ouro_error err = { .status = OURO_OK };
	struct reasons reasons = { 0 };
	struct ouro_target target;
	enum ouro_status status;
	int code = target_resolve(inv, vault, text, &target);

	if (code != 0)
		return code;
	status = ouro_remove(vault, &target, &options, reason_add, &reasons,
	    &result, &err);
	if (status == OURO_OK)
		print_removed(inv, &target, &reasons, &result);
	else if (status == OURO_REFUSED)
		code = refuse(inv, text, &reasons, &err);
	else
		code = fail(inv, text, &result, &err);
	free(reasons.items);
	return code;
}

static int
rm_run(struct invocation *inv)
{
	struct ouro_vault *vault = NULL;
	int code = session_open(inv, SESSION_WRITE, &vault);

	for (size_t i = 0; vault != NULL && i < inv->operand_count; i++) {
		int one;

		if (signals_caught() != 0)
			break;
		one = remove_one(inv, vault, inv->operands[i]);
		if (code == 0)
			code = one;
	}
	ouro_vault_close(vault);
	return code;
}

const struct command rm_command = {
	.name = "rm",
	.synopsis = "HASH|NAME... [--force]",
	.summary = "remove content, a version, or a name",
	.page =
	    "Removes a name with its versions, one version, or every version that leads to\n"
	    "a content. It is refused, with the reasons, while there are children or later\n"
	    "versions; --force removes all the same: children become roots, later versions\n"
	    "stay. What is kept because others use it is told. The space comes back with\n"
	    "'ouroboros gc'.\n"
	    "\n"
	    "With --json: an object with hash, versions_removed, contents_removed,\n"
	    "chunks_free, chunks_kept, slices_kept, uncounted (true: something could not be\n"
	    "read, so these are too low), and kept, a list of {reason, hash, count}; when\n"
	    "refused, reasons is such a list; after a failure, versions_removed tells what\n"
	    "was removed all the same.",
	.options = OPTION_BIT(OPTION_FORCE),
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.run = rm_run,
};
