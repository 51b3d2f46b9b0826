#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/lineage.h"
#include "vault/vault.h"
#include "vault/version_rows.h"

#define PRUNED_MAX 16 /* versions that leave with one write */

/* ---- dots ------------------------------------------------------------------- */

/*
 * Of one name the versions of one incarnation are a chain, in which each
 * covers those before it: only then "seen up to number n" says no more than
 * what was seen. A version that leaves beside itself a head of its own
 * incarnation, or one that has seen more of that, would break the chain; it is
 * written by another incarnation. So an opening has as many as there are heads
 * that it wrote side by side, and one as long as each write replaces all.
 */

static enum ouro_status
incarnations_copy(struct batch *batch, struct ouro_error *err)
{
	const struct ouro_vault *vault = batch->vault;

	if (batch->incarnations != NULL)
		return OURO_OK;
	batch->incarnations = calloc(vault->incarnation_count + 1,
	    sizeof(*batch->incarnations));
	if (batch->incarnations == NULL)
		return error_memory(err);
	batch->incarnation_count = vault->incarnation_count;
	if (batch->incarnation_count > 0)
		memcpy(batch->incarnations, vault->incarnations,
		    batch->incarnation_count * sizeof(*batch->incarnations));
	return OURO_OK;
}

static enum ouro_status
incarnation_begin(struct batch *batch, struct incarnation **out,
    struct ouro_error *err)
{
	struct incarnation *grown = reallocarray(batch->incarnations,
	    batch->incarnation_count + 1, sizeof(*grown));

	if (grown == NULL)
		return error_memory(err);
	batch->incarnations = grown;
	*out = &grown[batch->incarnation_count];
	**out = (struct incarnation){ .number = 0 };
	batch->incarnation_count++;
	return fs_random(batch->vault->fs, (*out)->id, INCARNATION_SIZE, err);
}

/* How far the heads, which are loaded, reach in an incarnation. */
static uint64_t
heads_reach(const struct name *name,
    const uint8_t incarnation[INCARNATION_SIZE])
{
	uint64_t most = 0;

	for (size_t i = 0; i < name->heads.count; i++) {
		const Ouro__RefRecord *ref = name->heads.items[i].ref;

		for (size_t j = 0; j <= ref->n_seen; j++) {
			const Ouro__Dot *dot = j < ref->n_seen ? ref->seen[j]
							       : ref->dot;

			if (dot->number > most &&
			    memcmp(dot->incarnation.data, incarnation,
				INCARNATION_SIZE) == 0)
				most = dot->number;
		}
	}
	return most;
}

static enum ouro_status
incarnation_choose(struct batch *batch, const struct name *name,
    const struct lineage *lineage, struct incarnation **out,
    struct ouro_error *err)
{
	bool whole = lineage_is_whole(lineage, name);
	enum ouro_status status = incarnations_copy(batch, err);

	for (size_t i = 0; status == OURO_OK && i < batch->incarnation_count;
	     i++) {
		*out = &batch->incarnations[i];
		if (whole ||
		    heads_reach(name, (*out)->id) <=
			lineage_seen(lineage, (*out)->id))
			return OURO_OK;
	}
	return status == OURO_OK ? incarnation_begin(batch, out, err) : status;
}

/* Every number of an incarnation up to the last one given. */
static enum ouro_status
context_row_put(struct batch *batch, const struct incarnation *own,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTEXT, own->id, INCARNATION_SIZE);
	struct context_entry entry = { .through = own->number };
	struct buffer row = { 0 };
	enum ouro_status status = context_encode(&entry, &row, err);

	if (status == OURO_OK)
		status = batch_put(batch, &key, buffer_bytes(&row), err);
	buffer_release(&row);
	return status;
}

enum ouro_status
batch_context(struct batch *batch, struct ouro_error *err)
{
	const struct ouro_vault *vault = batch->vault;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < batch->incarnation_count;
	     i++) {
		const struct incarnation *own = &batch->incarnations[i];

		if (own->number > 0 &&
		    (i >= vault->incarnation_count ||
			vault->incarnations[i].number < own->number))
			status = context_row_put(batch, own, err);
	}
	return status;
}

/* ---- the record -------------------------------------------------------------- */

static enum ouro_status
version_stamp(struct ouro_vault *vault, const struct commit_version *version,
    uint64_t last, uint64_t *out, struct ouro_error *err)
{
	if (version->stamp == 0) {
		*out = stamp_next(&vault->clock, last);
		return OURO_OK;
	}
	if (version->stamp <= last)
		return error_set(err, OURO_INVALID,
		    "the time given for \"%.128s\" is not later than that of "
		    "the version it replaces",
		    version->path);
	*out = version->stamp;
	return OURO_OK;
}

static char *
text(const char *given)
{
	return (char *)(uintptr_t)given;
}

/* Owner, group and mode: those given, else those of the winner. */
static enum ouro_status
access_fill(struct batch *batch, struct name *name,
    const struct commit_version *version, Ouro__RefRecord *ref,
    struct ouro_error *err)
{
	const Ouro__RefRecord *winner = NULL;
	enum ouro_status status;

	if (name->heads.count > 0 &&
	    (version->owner == NULL || version->group == NULL ||
		version->mode == 0)) {
		status = version_load(batch, &name->heads.items[0], err);
		if (status != OURO_OK)
			return status;
		winner = name->heads.items[0].ref;
	}
	ref->owner = text(version->owner != NULL ? version->owner
		: winner != NULL		 ? winner->owner
						 : OWNER_DEFAULT);
	ref->group = text(version->group != NULL ? version->group
		: winner != NULL		 ? winner->group
						 : "");
	ref->mode = version->mode != 0 ? version->mode
	    : winner != NULL	       ? winner->mode
				       : MODE_DEFAULT;
	return OURO_OK;
}

/* What goes into the record of a new version. */
struct draft {
	struct name *name;
	struct lineage lineage;
	struct incarnation *own;
	struct name_version version; /* what of it the heads row has */
	struct buffer record;
};

static enum ouro_status
draft_encode(struct batch *batch, struct draft *draft,
    const struct commit_version *version, struct ouro_error *err)
{
	struct ouro_vault *vault = batch->vault;
	struct name_version *made = &draft->version;
	Ouro__RefRecord ref = OURO__REF_RECORD__INIT;
	Ouro__Dot dot = OURO__DOT__INIT;
	enum ouro_status status;

	dot.incarnation.data = draft->own->id;
	dot.incarnation.len = INCARNATION_SIZE;
	dot.number = draft->own->number + 1;
	ref.version = 1;
	ref.namespace_ = text(version->namespace_);
	ref.path = text(version->path);
	ref.previous = draft->lineage.previous;
	ref.n_previous = draft->lineage.previous_count;
	ref.dot = &dot;
	ref.seen = draft->lineage.seen;
	ref.n_seen = draft->lineage.seen_count;
	ref.target.data = made->target;
	ref.target.len = made->deletion ? 0 : HASH_SIZE;
	ref.stamp = made->stamp;
	ref.uuid.data = made->uuid;
	ref.uuid.len = UUID_SIZE;
	ref.writer = vault->node;
	ref.joined = vault->joined_ms;
	ref.expires = version->expires_ms;
	status = access_fill(batch, draft->name, version, &ref, err);
	if (status != OURO_OK)
		return status;
	return ref_encode(vault, &ref, &draft->record, made->id, err);
}

static enum ouro_status
draft_make(struct batch *batch, struct draft *draft,
    const struct commit_version *version, struct ouro_error *err)
{
	struct ouro_vault *vault = batch->vault;
	struct name_version *made = &draft->version;
	enum ouro_status status;

	*made = (struct name_version){ .deletion = version->deletion,
		.joined = vault->joined_ms,
		.expires_ms = version->expires_ms };
	if (!made->deletion)
		memcpy(made->target, version->target, HASH_SIZE);
	status = version_stamp(vault, version, draft->lineage.stamp_last,
	    &made->stamp, err);
	if (status == OURO_OK)
		status = fs_random(vault->fs, made->uuid, UUID_SIZE, err);
	if (status == OURO_OK)
		status = draft_encode(batch, draft, version, err);
	return status;
}

/* ---- making ----------------------------------------------------------------- */

static bool
head_is_seen(const struct lineage *lineage, const struct name_version *head)
{
	const Ouro__Dot *dot;

	if (head->ref == NULL)
		return false;
	dot = head->ref->dot;
	return lineage_seen(lineage, dot->incarnation.data) >= dot->number;
}

/*
 * The bases are heads no more, and the new version is one. Another head is
 * covered only where it was removed by itself, by the incarnation that wrote a
 * base after that, and came here before the removal did; the record cannot say
 * otherwise. What was seen is asked first: it lies in the bases.
 */
static enum ouro_status
heads_replace(struct draft *draft, struct ouro_error *err)
{
	struct version_list *heads = &draft->name->heads;
	const struct lineage *lineage = &draft->lineage;
	size_t bases = lineage->base_count - lineage->others.count;
	bool *seen = calloc(heads->count + 1, sizeof(*seen));

	if (seen == NULL)
		return error_memory(err);
	for (size_t i = 0; i < heads->count; i++)
		seen[i] = head_is_seen(lineage, &heads->items[i]);
	/* The bases that are heads come first, in the order of the heads. */
	for (size_t i = heads->count; i > 0; i--) {
		bool base = bases > 0 &&
		    lineage->bases[bases - 1] == &heads->items[i - 1];

		bases -= base;
		if (base || seen[i - 1])
			version_list_remove(heads, i - 1);
	}
	free(seen);
	draft->name->versions++;
	return version_list_insert(heads, &draft->version, err);
}

static enum ouro_status
draft_add(struct batch *batch, struct draft *draft, struct ouro_error *err)
{
	struct name *name = draft->name;
	enum ouro_status status;

	status = version_rows_put(batch, name, &draft->version,
	    buffer_bytes(&draft->record), err);
	if (status == OURO_OK)
		status = heads_replace(draft, err);
	if (status == OURO_OK)
		status = heads_row_put(batch, name, err);
	if (status != OURO_OK ||
	    name->versions - name->heads.count <=
		atomic_load(&batch->vault->revision_limit))
		return status;
	/* What is in the way of it is in nobody's way: the next write, or a
	 * collection, tries again. */
	status = batch_prune(batch, name->namespace_, name->path, PRUNED_MAX,
	    NULL, err);
	return status == OURO_NO_MEMORY ? status : OURO_OK;
}

/* The sole head already says what the version would. */
static const struct name_version *
version_there(const struct name *name, const struct commit_version *version)
{
	const struct name_version *sole = &name->heads.items[0];

	if (name->heads.count != 1 || sole->deletion != version->deletion ||
	    sole->expires_ms != version->expires_ms ||
	    memcmp(sole->target, version->target, HASH_SIZE) != 0)
		return NULL;
	return sole;
}

/* The heads that stay tell which incarnation may write beside them. */
static enum ouro_status
heads_load(struct batch *batch, struct draft *draft, struct ouro_error *err)
{
	struct version_list *heads = &draft->name->heads;
	enum ouro_status status = OURO_OK;

	if (lineage_is_whole(&draft->lineage, draft->name))
		return OURO_OK;
	for (size_t i = 0; status == OURO_OK && i < heads->count; i++)
		status = version_load(batch, &heads->items[i], err);
	return status;
}

enum ouro_status
batch_version(struct batch *batch, struct commit_version *version,
    struct ouro_error *err)
{
	const struct name_version *there;
	struct draft draft = { .own = NULL };
	enum ouro_status status;

	status = batch_name(batch, version->namespace_, version->path,
	    &draft.name, err);
	if (status != OURO_OK)
		return status;
	there = version->idempotent ? version_there(draft.name, version) : NULL;
	if (there != NULL) {
		memcpy(version->id, there->id, HASH_SIZE);
		return OURO_OK;
	}
	status = lineage_init(&draft.lineage, batch, draft.name, version, err);
	if (status == OURO_OK)
		status = heads_load(batch, &draft, err);
	if (status == OURO_OK)
		status = incarnation_choose(batch, draft.name, &draft.lineage,
		    &draft.own, err);
	if (status == OURO_OK)
		status = draft_make(batch, &draft, version, err);
	if (status == OURO_OK)
		status = draft_add(batch, &draft, err);
	if (status == OURO_OK) {
		draft.own->number++;
		memcpy(version->id, draft.version.id, HASH_SIZE);
	}
	lineage_release(&draft.lineage);
	buffer_release(&draft.record);
	return status;
}
