/*
 * What is new here is taken.
 */
#include <stdlib.h>

#include "base/error.h"
#include "vault/drop.h"
#include "vault/reach.h"
#include "vault/trash.h"
#include "vault/unite_stage.h"

enum union_verdict
unite_judge(struct unite *unite, const struct dot *dot,
    const uint8_t id[HASH_SIZE], bool there)
{
	struct ouro_vault *vault = unite->vault;
	bool here = reach_has_record(vault, ROW_REF, id);

	return union_judge(&vault->context,
	    unite->claims ? &unite->theirs : NULL, dot, here, there);
}

/* ---- before anything ------------------------------------------------------- */

static enum ouro_status
content_check(struct unite *unite, const struct offered *offered,
    struct ouro_error *err)
{
	const Ouro__RefRecord *ref = offered->ref;
	bool needed = offered->verdict == UNION_TAKE ||
	    (offered->verdict == UNION_REMOVED && unite->options->as_new);
	char name[24];

	if (!needed || ref->target.len != HASH_SIZE ||
	    reach_has_record(unite->vault, ROW_CONTENT, ref->target.data))
		return OURO_OK;
	return error_set(err, OURO_INVALID,
	    "version %s came without its content", id_short(offered->id, name));
}

/* Nothing is collected while the unite is open: what is there stays. */
enum ouro_status
unite_contents_check(struct unite *unite, struct ouro_error *err)
{
	struct offered_group *group = calloc(1, sizeof(*group));
	struct engine_scan *scan = NULL;
	enum ouro_status status = group == NULL ? error_memory(err)
						: stage_scan(unite, &scan, err);

	while (status == OURO_OK) {
		status = offered_next(unite, scan, group, err);
		if (status != OURO_OK)
			break;
		status = drop_lock(unite->vault, err);
		if (status != OURO_OK)
			break;
		for (size_t i = 0; i < group->count; i++)
			group->items[i].verdict = unite_judge(unite,
			    &group->items[i].dot, group->items[i].id, true);
		drop_unlock(unite->vault);
		for (size_t i = 0; status == OURO_OK && i < group->count; i++)
			status = content_check(unite, &group->items[i], err);
	}
	engine_scan_close(scan);
	if (group != NULL)
		offered_group_release(group);
	free(group);
	return status == OURO_END ? OURO_OK : status;
}

/* ---- contexts ------------------------------------------------------------------ */

static enum ouro_status
entry_put(struct batch *batch, const struct context_entry *entry,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTEXT, entry->incarnation,
	    INCARNATION_SIZE);
	struct buffer row = { 0 };
	enum ouro_status status = context_encode(entry, &row, err);

	if (status == OURO_OK)
		status = batch_put(batch, &key, buffer_bytes(&row), err);
	buffer_release(&row);
	return status;
}

static bool
entry_is_new(const struct context_entry *own, const struct context_entry *next)
{
	struct context a = { (struct context_entry *)(uintptr_t)own, 1 };
	struct context b = { (struct context_entry *)(uintptr_t)next, 1 };

	return own == NULL || !context_equal(&a, &b);
}

/* Built beside the one in memory, so that no failure comes after the write. */
enum ouro_status
unite_context_rows(struct batch *batch, const struct context *added,
    struct context *next, struct ouro_error *err)
{
	const struct context *own = &batch->vault->context;
	enum ouro_status status;

	*next = (struct context){ 0 };
	status = context_unite(next, own, err);
	if (status == OURO_OK)
		status = context_unite(next, added, err);
	for (size_t i = 0; status == OURO_OK && i < added->count; i++) {
		const uint8_t *incarnation = added->entries[i].incarnation;
		const struct context_entry *entry = context_find(next,
		    incarnation);

		if (entry_is_new(context_find(own, incarnation), entry))
			status = entry_put(batch, entry, err);
	}
	if (status != OURO_OK)
		context_release(next);
	return status;
}

enum ouro_status
unite_context_apply(struct batch *batch, struct context *next,
    struct ouro_error *err)
{
	struct ouro_vault *vault = batch->vault;
	enum ouro_status status = drop_apply(batch, err);

	if (status != OURO_OK) {
		context_release(next);
		return status;
	}
	context_release(&vault->context);
	vault->context = *next;
	return OURO_OK;
}

/*
 * What their context has of an incarnation up to a number, all of which was
 * offered before if it was offered at all: the rest they removed. With it there
 * are no more gaps here than there.
 */
static enum ouro_status
claims_add(const struct context *theirs, const struct dot *dot,
    struct context *added, struct ouro_error *err)
{
	const struct context_entry *entry = context_find(theirs,
	    dot->incarnation);
	struct context_entry cut;
	struct context one = { &cut, 1 };
	enum ouro_status status;

	if (entry == NULL)
		return OURO_OK;
	cut = *entry;
	if (cut.through > dot->number)
		cut.through = dot->number;
	cut.beyond = calloc(entry->beyond_count + 1, sizeof(*cut.beyond));
	if (cut.beyond == NULL)
		return error_memory(err);
	cut.beyond_count = 0;
	for (size_t i = 0;
	     i < entry->beyond_count && entry->beyond[i].first <= dot->number;
	     i++) {
		struct dot_span span = entry->beyond[i];

		if (span.last > dot->number)
			span.last = dot->number;
		cut.beyond[cut.beyond_count++] = span;
	}
	status = cut.through > 0 || cut.beyond_count > 0
	    ? context_unite(added, &one, err)
	    : OURO_OK;
	free(cut.beyond);
	return status;
}

/* What the context gets with a group: the dots taken, and of a whole set what
 * lies between them. */
static enum ouro_status
group_dots(struct unite *unite, const struct offered_group *group,
    struct context *added, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < group->count; i++) {
		const struct offered *offered = &group->items[i];
		bool last = i + 1 == group->count ||
		    memcmp(group->items[i + 1].dot.incarnation,
			offered->dot.incarnation, INCARNATION_SIZE) != 0;

		if (last && unite->claims)
			status = claims_add(&unite->theirs, &offered->dot,
			    added, err);
	}
	for (size_t i = 0; status == OURO_OK && i < group->count; i++)
		if (group->items[i].verdict == UNION_TAKE)
			status = context_add(added, &group->items[i].dot, err);
	return status;
}

/* ---- taking ---------------------------------------------------------------------- */

static enum ouro_status
group_build(struct unite *unite, struct offered_group *group,
    struct batch *batch, struct context *next, struct ouro_error *err)
{
	struct context added = { 0 };
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < group->count; i++) {
		struct offered *offered = &group->items[i];

		offered->verdict = unite_judge(unite, &offered->dot,
		    offered->id, true);
		if (offered->verdict != UNION_TAKE)
			continue;
		status = batch_trash_drop(batch, offered->id, err);
		if (status == OURO_OK)
			status = batch_version_take(batch, offered->id,
			    buffer_bytes(&offered->record), err);
	}
	if (status == OURO_OK)
		status = group_dots(unite, group, &added, err);
	if (status == OURO_OK)
		status = unite_context_rows(batch, &added, next, err);
	context_release(&added);
	return status;
}

/* In one batch, between two commits. */
static enum ouro_status
group_take(struct unite *unite, struct offered_group *group,
    struct ouro_error *err)
{
	struct ouro_vault *vault = unite->vault;
	struct context next = { 0 };
	struct batch batch;
	enum ouro_status status = drop_lock(vault, err);

	if (status != OURO_OK)
		return status;
	batch_init(&batch, vault);
	status = group_build(unite, group, &batch, &next, err);
	if (status == OURO_OK)
		status = unite_context_apply(&batch, &next, err);
	else
		context_release(&next);
	batch_release(&batch);
	drop_unlock(vault);
	return status;
}

static enum ouro_status
removed_note(struct unite *unite, const struct offered *offered,
    struct ouro_error *err)
{
	const struct unite_options *options = unite->options;
	struct row_key key = stage_removed(offered->ref, offered->id);
	struct row_key place = stage_ref(&offered->dot, offered->id);
	enum ouro_status status;

	if (options->removed != NULL)
		options->removed(options->context, offered->id, offered->ref);
	if (!options->as_new)
		return OURO_OK;
	status = batch_put(&unite->waiting, &key,
	    bytes_of(place.data + 2, STAGE_DOT_SIZE), err);
	return status == OURO_OK ? stage_flush(unite, OFFERED_MAX, err)
				 : status;
}

static enum ouro_status
group_tell(struct unite *unite, const struct offered_group *group,
    struct ouro_error *err)
{
	struct unite_result *result = unite->result;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < group->count; i++) {
		const struct offered *offered = &group->items[i];

		result->taken += offered->verdict == UNION_TAKE;
		result->there += offered->verdict == UNION_KEEP;
		result->removed += offered->verdict == UNION_REMOVED;
		if (offered->verdict == UNION_REMOVED)
			status = removed_note(unite, offered, err);
	}
	return status;
}

enum ouro_status
unite_take(struct unite *unite, struct ouro_error *err)
{
	struct offered_group *group = calloc(1, sizeof(*group));
	struct engine_scan *scan = NULL;
	enum ouro_status status = group == NULL ? error_memory(err)
						: stage_scan(unite, &scan, err);

	while (status == OURO_OK) {
		status = offered_next(unite, scan, group, err);
		if (status == OURO_OK)
			status = group_take(unite, group, err);
		if (status == OURO_OK)
			status = group_tell(unite, group, err);
	}
	if (status == OURO_END)
		status = stage_flush(unite, 0, err);
	engine_scan_close(scan);
	if (group != NULL)
		offered_group_release(group);
	free(group);
	return status;
}
