#include "vault/chunk_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/stripe_check.h"
#include "vault/vault.h"

/* ---- one row --------------------------------------------------------------------- */

/*
 * A look at all stripes of a row, and the row as it is to be: its stripes are
 * copies, one by one, of those found, with lists of bad slices of their own.
 */
struct row_look {
	struct chunk_slot *slot;
	Ouro__ChunkRow *row;
	Ouro__ChunkRow edited;
	Ouro__StripeRow *stripes; /* of edited, as many as row has */
	Ouro__StripeRow **list;
	uint8_t (*bad)[SLICES_MAX];
	bool *opens;
	unsigned open, closed; /* stripes that can be opened, and not */
	bool changed;	       /* the row is to be written */
};

static void
look_release(struct row_look *look)
{
	if (look->row != NULL)
		canonical_free(&look->row->base);
	free(look->stripes);
	free(look->list);
	free(look->bad);
	free(look->opens);
	*look = (struct row_look){ .slot = look->slot };
}

/* Takes the row over. */
static enum ouro_status
look_set(struct row_look *look, Ouro__ChunkRow *row, struct ouro_error *err)
{
	size_t count = row->n_stripes;

	look_release(look);
	look->row = row;
	look->stripes = calloc(count + 1, sizeof(*look->stripes));
	look->list = calloc(count + 1, sizeof(*look->list));
	look->bad = calloc(count + 1, sizeof(*look->bad));
	look->opens = calloc(count + 1, sizeof(*look->opens));
	if (look->stripes == NULL || look->list == NULL || look->bad == NULL ||
	    look->opens == NULL)
		return error_memory(err);
	for (size_t i = 0; i < count; i++) {
		Ouro__StripeRow *stripe = &look->stripes[i];

		*stripe = *row->stripes[i];
		if (stripe->bad.len > 0)
			memcpy(look->bad[i], stripe->bad.data, stripe->bad.len);
		stripe->bad.data = look->bad[i];
		look->list[i] = stripe;
	}
	look->edited = *row;
	look->edited.stripes = look->list;
	return OURO_OK;
}

static void
results_clear(struct chunk_check *check)
{
	check->slices = check->slices_bad = check->written = 0;
	check->bad_count = 0;
	check->bytes = 0;
}

static void
results_add(struct chunk_check *check, const struct stripe_check *stripe)
{
	bool first = check->slices_bad == 0;

	check->slices += stripe->read.count;
	check->slices_bad += stripe->bad_count;
	for (unsigned i = 0; i < stripe->read.count; i++) {
		check->bytes += stripe->read.values[i].bytes.size;
		if (first && stripe->bad[i])
			check->bad[check->bad_count++] = (uint8_t)i;
	}
}

/* The row's list of bad slices becomes what was found. */
static void
row_mark_bad(Ouro__StripeRow *row, const struct stripe_check *stripe)
{
	row->bad.len = 0;
	for (unsigned i = 0; i < stripe->read.count; i++)
		if (stripe->bad[i])
			row->bad.data[row->bad.len++] = (uint8_t)i;
}

static enum ouro_status
stripe_mend(struct chunk_check *check, Ouro__StripeRow *row,
    struct stripe_check *stripe, struct row_look *look, struct ouro_error *err)
{
	unsigned written = 0;
	enum ouro_status status = OURO_OK;

	if (stripe->bad_count > 0 || row->bad.len > 0)
		look->changed = true;
	if (!stripe->opens) {
		row_mark_bad(row, stripe);
		return OURO_OK;
	}
	if (stripe->bad_count > 0)
		status = stripe_heal(check->vault, check->id, row,
		    &stripe->good, stripe->bad, &written, err);
	check->written += written;
	if (status == OURO_OK)
		row->bad.len = 0;
	return status;
}

static enum ouro_status
row_look(struct chunk_check *check, struct row_look *look, bool heal,
    struct ouro_error *err)
{
	struct stripe_check *stripe = calloc(1, sizeof(*stripe));
	enum ouro_status status = OURO_OK;

	if (stripe == NULL)
		return error_memory(err);
	results_clear(check);
	look->open = look->closed = 0;
	for (size_t i = 0; status == OURO_OK && i < look->row->n_stripes; i++) {
		Ouro__StripeRow *row = &look->stripes[i];

		memset(stripe, 0, sizeof(*stripe));
		status = stripe_check_run(check->vault, look->slot, check->id,
		    row, stripe, err);
		results_add(check, stripe);
		look->opens[i] = stripe->opens;
		look->open += stripe->opens;
		look->closed += !stripe->opens;
		if (status == OURO_OK && heal)
			status = stripe_mend(check, row, stripe, look, err);
		stripe_read_release(&stripe->read);
	}
	free(stripe);
	return status;
}

/* Best effort: what stays has no row and is collected. */
static void
stripe_delete(struct chunk_check *check, const Ouro__StripeRow *row)
{
	for (unsigned i = 0; i < row->lanes.len; i++) {
		struct slice_key key = slice_key(check->id, row->stripe_id.data,
		    i);
		struct engine_op op = { .kind = ENGINE_DELETE,
			.key = bytes_of(key.data, sizeof(key.data)) };

		if (row->lanes.data[i] < lanes_count(check->vault))
			engine_apply(lane(check->vault, row->lanes.data[i]),
			    &op, 1, ENGINE_SYNC_NEVER, NULL);
	}
}

/* Stripes that cannot be opened leave the row when another one serves. */
static void
stripes_drop(struct row_look *look)
{
	size_t kept = 0;

	for (size_t i = 0; i < look->row->n_stripes; i++)
		if (look->opens[i])
			look->list[kept++] = &look->stripes[i];
	look->edited.n_stripes = kept;
	look->changed = true;
}

static enum ouro_status
row_write(struct chunk_check *check, struct row_look *look,
    struct ouro_error *err)
{
	bool drop = look->open > 0 && look->closed > 0;
	enum ouro_status status = OURO_OK;

	if (drop)
		stripes_drop(look);
	if (look->changed)
		status = chunk_row_put(check->vault, check->id, &look->edited,
		    err);
	for (size_t i = 0;
	     drop && status == OURO_OK && i < look->row->n_stripes; i++)
		if (!look->opens[i])
			stripe_delete(check, &look->stripes[i]);
	return status;
}

/* ---- one chunk ---------------------------------------------------------------------- */

/* Looks at the row; when it is missing or leads nowhere, at what the lanes
 * tell. OURO_NOT_FOUND: there is no row and they tell nothing. */
static enum ouro_status
chunk_look(struct chunk_check *check, struct row_look *look, bool heal,
    struct ouro_error *err)
{
	Ouro__ChunkRow *row = NULL;
	enum ouro_status status, had;

	had = chunk_row_get(check->vault, check->id, &row, NULL);
	check->row_bad = had != OURO_OK;
	check->gone = had == OURO_NOT_FOUND && !check->wanted;
	if (check->gone)
		return OURO_OK;
	status = had == OURO_OK ? look_set(look, row, err) : OURO_OK;
	if (status == OURO_OK && had == OURO_OK)
		status = row_look(check, look, heal, err);
	if (status != OURO_OK || look->open > 0)
		return status;
	status = chunk_discover(check->vault, check->id, &row, err);
	if (status != OURO_OK)
		return status == OURO_NOT_FOUND && had == OURO_OK ? OURO_OK
								  : status;
	status = look_set(look, row, err);
	look->changed = true;
	if (status == OURO_OK)
		status = row_look(check, look, heal, err);
	check->row_bad |= look->open > 0;
	return status;
}

static enum ouro_state
look_state(const struct chunk_check *check, const struct row_look *look)
{
	if (check->gone)
		return OURO_STATE_OK;
	if (look->open == 0)
		return OURO_STATE_LOST;
	return look->closed > 0 || check->slices_bad > 0 || check->row_bad
	    ? OURO_STATE_DEGRADED
	    : OURO_STATE_OK;
}

/* A look under the lock; with heal what is bad is written again and the row
 * tells how it is now. */
static enum ouro_status
chunk_settle(struct chunk_check *check, struct row_look *look,
    struct ouro_error *err)
{
	enum ouro_status status;

	chunk_lock(check->vault, check->id);
	status = chunk_look(check, look, check->heal, err);
	if (status == OURO_OK)
		check->state = look_state(check, look);
	if (status == OURO_OK && check->heal && !check->gone) {
		status = row_write(check, look, err);
		if (status == OURO_OK && check->state == OURO_STATE_DEGRADED)
			check->state = OURO_STATE_REPAIRED;
	}
	chunk_unlock(check->vault, check->id);
	return status;
}

/* The row lists as bad what has been written again since. */
static bool
row_is_behind(const Ouro__ChunkRow *row)
{
	for (size_t i = 0; row != NULL && i < row->n_stripes; i++)
		if (row->stripes[i]->bad.len > 0)
			return true;
	return false;
}

void
chunk_check_run(struct chunk_check *check)
{
	struct row_look look = { 0 };
	enum ouro_status status;
	bool behind;

	status = chunk_slot_take(check->vault, &look.slot, &check->error);
	if (status != OURO_OK) {
		check->status = status;
		return;
	}
	status = chunk_look(check, &look, false, &check->error);
	if (status == OURO_OK)
		check->state = look_state(check, &look);
	behind = check->heal && row_is_behind(look.row);
	look_release(&look);
	if (status == OURO_NOT_FOUND ||
	    (status == OURO_OK && (check->state != OURO_STATE_OK || behind)))
		status = chunk_settle(check, &look, &check->error);
	if (status == OURO_NOT_FOUND) {
		check->state = OURO_STATE_LOST;
		status = OURO_OK;
	}
	look_release(&look);
	chunk_slot_give(check->vault, look.slot);
	check->status = status;
}

void
chunk_check_text(const struct chunk_check *check, char *out, size_t size)
{
	char name[24], list[64] = "";
	size_t length = 0;

	for (unsigned i = 0; i < check->bad_count; i++) {
		if (length + 10 > sizeof(list)) {
			memcpy(list + length, " ...", 5);
			break;
		}
		length += (size_t)snprintf(list + length, sizeof(list) - length,
		    " %u", check->bad[i]);
	}
	snprintf(out, size,
	    "chunk %s: %u of %u slices are bad or missing%s%s%s",
	    id_short(check->id, name), check->slices_bad, check->slices,
	    list[0] != '\0' ? ":" : "", list,
	    check->row_bad ? "; its row was lost" : "");
}
