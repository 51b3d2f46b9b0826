#include "vault/forget.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/derived.h"
#include "vault/row_each.h"
#include "vault/vault.h"

#define BATCH_OPS 1000

/* ---- the marker ------------------------------------------------------------ */

static struct row_key
forget_key(void)
{
	return row_id(ROW_STATE, "forget", 6);
}

enum ouro_status
forget_begin(struct engine *records, struct ouro_error *err)
{
	struct row_key key = forget_key();
	struct engine_op op = { .kind = ENGINE_PUT, .key = row_bytes(&key) };

	return engine_apply(records, &op, 1, ENGINE_SYNC_ALWAYS, err);
}

bool
forget_pending(struct engine *records)
{
	struct row_key key = forget_key();

	return engine_exists(records, row_bytes(&key), NULL, NULL) == OURO_OK;
}

static enum ouro_status
forget_end(struct engine *records, struct ouro_error *err)
{
	struct row_key key = forget_key();
	struct engine_op op = { .kind = ENGINE_DELETE, .key = row_bytes(&key) };

	return engine_apply(records, &op, 1, ENGINE_SYNC_ALWAYS, err);
}

/* ---- the versions that are here -------------------------------------------- */

struct dots {
	struct ouro_vault *vault;
	struct dot *list;
	size_t count, capacity;
};

static enum ouro_status
dots_add(struct dots *dots, const Ouro__Dot *stored, struct ouro_error *err)
{
	struct dot *dot;

	if (dots->count == dots->capacity) {
		size_t more = dots->capacity == 0 ? 64 : dots->capacity * 2;
		struct dot *grown = reallocarray(dots->list, more,
		    sizeof(*grown));

		if (grown == NULL)
			return error_memory(err);
		dots->list = grown;
		dots->capacity = more;
	}
	dot = &dots->list[dots->count++];
	memcpy(dot->incarnation, stored->incarnation.data, INCARNATION_SIZE);
	dot->number = stored->number;
	return OURO_OK;
}

/* What cannot be read is not here. */
static enum ouro_status
ref_visit(void *context, struct bytes key, const struct bytes *unread,
    struct ouro_error *err)
{
	struct dots *dots = context;
	struct engine_value value;
	Ouro__RefRecord *ref;
	enum ouro_status status;

	(void)unread;
	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	status = record_good(dots->vault, key, &value, err);
	if (status == OURO_OK)
		status = ref_decode(dots->vault, key.data + 1, value.bytes,
		    &ref, err);
	engine_value_release(&value);
	if (status != OURO_OK)
		return status == OURO_NOT_FOUND || status == OURO_DAMAGED
		    ? OURO_OK
		    : status;
	status = dots_add(dots, ref->dot, err);
	canonical_free(&ref->base);
	return status;
}

static int
dot_compare(const void *a, const void *b)
{
	const struct dot *x = a, *y = b;
	int order = memcmp(x->incarnation, y->incarnation, INCARNATION_SIZE);

	return order != 0 ? order
			  : (x->number > y->number) - (x->number < y->number);
}

/* In ascending order, so that each dot goes to the end of what is there. A dot
 * beyond more gaps than a context can have is left out. */
static enum ouro_status
context_of_refs(struct ouro_vault *vault, struct context *out,
    struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_REF);
	struct dots dots = { .vault = vault };
	enum ouro_status status;

	*out = (struct context){ 0 };
	status = row_each_key(vault->records, &prefix, ref_visit, &dots, err);
	if (status == OURO_OK && dots.count > 0)
		qsort(dots.list, dots.count, sizeof(*dots.list), dot_compare);
	for (size_t i = 0; status == OURO_OK && i < dots.count; i++) {
		status = context_add(out, &dots.list[i], err);
		if (status == OURO_TOO_LARGE)
			status = OURO_OK;
	}
	free(dots.list);
	if (status != OURO_OK)
		context_release(out);
	return status;
}

/* ---- writing ----------------------------------------------------------------- */

struct rewrite {
	struct ouro_vault *vault;
	const struct context *context; /* what is to be */
	struct batch batch;
};

static enum ouro_status
rewrite_flush(struct rewrite *rewrite, size_t ops_max, struct ouro_error *err)
{
	struct ouro_vault *vault = rewrite->vault;
	struct batch *batch = &rewrite->batch;
	enum ouro_status status;

	if (batch->count <= ops_max)
		return OURO_OK;
	status = engine_apply(vault->records, batch->ops, batch->count,
	    ENGINE_SYNC_NEVER, err);
	if (status == OURO_OK)
		copies_apply(vault, batch->ops, batch->count);
	batch_release(batch);
	batch_init(batch, vault);
	return status;
}

static enum ouro_status
row_forget(void *context, struct bytes key, const struct bytes *unread,
    struct ouro_error *err)
{
	struct rewrite *rewrite = context;
	struct row_key copy = { .size = key.size };
	enum ouro_status status;

	(void)unread;
	if (key.size > sizeof(copy.data) ||
	    (key.size == 1 + INCARNATION_SIZE &&
		context_find(rewrite->context, key.data + 1) != NULL))
		return OURO_OK;
	memcpy(copy.data, key.data, key.size);
	status = batch_delete(&rewrite->batch, &copy, err);
	return status == OURO_OK ? rewrite_flush(rewrite, BATCH_OPS, err)
				 : status;
}

static enum ouro_status
entry_write(struct rewrite *rewrite, const struct context_entry *entry,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTEXT, entry->incarnation,
	    INCARNATION_SIZE);
	struct buffer row = { 0 };
	enum ouro_status status = context_encode(entry, &row, err);

	if (status == OURO_OK)
		status = batch_put(&rewrite->batch, &key, buffer_bytes(&row),
		    err);
	buffer_release(&row);
	return status == OURO_OK ? rewrite_flush(rewrite, BATCH_OPS, err)
				 : status;
}

/* The rows of the table x are those of this context, durably. */
static enum ouro_status
context_rewrite(struct ouro_vault *vault, const struct context *context,
    struct ouro_error *err)
{
	struct engine *engines[] = { vault->records, vault->copies };
	struct row_key prefix = row_table(ROW_CONTEXT);
	struct rewrite rewrite = { .vault = vault, .context = context };
	enum ouro_status status = OURO_OK;

	batch_init(&rewrite.batch, vault);
	for (unsigned i = 0; status == OURO_OK && i < 2; i++)
		if (engines[i] != NULL)
			status = row_each_key(engines[i], &prefix, row_forget,
			    &rewrite, err);
	for (size_t i = 0; status == OURO_OK && i < context->count; i++)
		status = entry_write(&rewrite, &context->entries[i], err);
	if (status == OURO_OK)
		status = rewrite_flush(&rewrite, 0, err);
	batch_release(&rewrite.batch);
	for (unsigned i = 0; status == OURO_OK && i < 2; i++)
		if (engines[i] != NULL)
			status = engine_barrier(engines[i], err);
	return status;
}

static enum ouro_status
context_renew(struct ouro_vault *vault, struct ouro_error *err)
{
	struct context context;
	enum ouro_status status = context_of_refs(vault, &context, err);

	if (status == OURO_OK)
		status = context_rewrite(vault, &context, err);
	if (status == OURO_OK)
		status = forget_end(vault->records, err);
	if (status != OURO_OK) {
		context_release(&context);
		return status;
	}
	context_release(&vault->context);
	vault->context = context;
	vault->incarnation_count =
	    0; /* the next version begins a new incarnation */
	log_write(&vault->log, LOG_WARNING,
	    "%s: versions were lost; it is forgotten which others were "
	    "removed",
	    vault->dir);
	return OURO_OK;
}

enum ouro_status
forget_claims(struct ouro_vault *vault, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (vault->read_only)
		return OURO_OK;
	pthread_mutex_lock(&vault->set_lock);
	if (forget_pending(vault->records))
		status = context_renew(vault, err);
	pthread_mutex_unlock(&vault->set_lock);
	return status;
}
