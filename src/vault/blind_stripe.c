#include "vault/blind_stripe.h"

#include "base/error.h"

/* ---- one slice ------------------------------------------------------------------ */

static struct slice_key
copy_key(const struct blind_group *group, unsigned index)
{
	return slice_key(group->key, group->key + HASH_SIZE, index);
}

/* The bytes are that slice of that stripe: the stripe id follows from what
 * they say. */
static bool
slice_fits(const struct blind_group *group, unsigned index,
    const struct slice *slice)
{
	return slice->index == index &&
	    memcmp(slice->chunk_id, group->key, HASH_SIZE) == 0 &&
	    memcmp(slice->stripe_id, group->key + HASH_SIZE, STRIPE_ID_SIZE) ==
	    0;
}

/* OURO_OK: *fits tells. */
static enum ouro_status
slice_judge(const struct blind_group *group, unsigned index,
    struct bytes stored, struct slice *slice, bool *fits,
    struct ouro_error *err)
{
	enum ouro_status status = slice_decode(stored, slice, err);

	*fits = status == OURO_OK && slice_fits(group, index, slice);
	if (*fits) {
		status = slice_check(slice, err);
		*fits = status == OURO_OK;
	}
	return status == OURO_DAMAGED ? OURO_OK : status;
}

/* Keeps the first whole one of each index. */
static enum ouro_status
copy_look(struct blind_stripe *stripe, const struct blind_lanes *lanes,
    size_t at, struct ouro_error *err)
{
	const struct blind_copy *copy = &stripe->group->copies[at];
	struct slice_key key = copy_key(stripe->group, copy->index);
	struct engine_value value = { 0 };
	struct slice slice = { 0 };
	bool fits = false;
	enum ouro_status status;

	status = engine_get(lanes->engines[copy->lane],
	    bytes_of(key.data, sizeof(key.data)), &value, err);
	if (status == OURO_OK) {
		stripe->bytes += value.bytes.size;
		status = slice_judge(stripe->group, copy->index, value.bytes,
		    &slice, &fits, err);
	} else if (status != OURO_NO_MEMORY) {
		status = OURO_OK; /* what cannot be read is not there */
	}
	stripe->bad[at] = !fits;
	if (fits && stripe->good[copy->index] == NULL) {
		stripe->slices[copy->index] = slice;
		stripe->values[copy->index] = value;
		stripe->good[copy->index] = &stripe->slices[copy->index];
		return status;
	}
	slice_release(&slice);
	engine_value_release(&value);
	return status;
}

/* ---- the stripe -------------------------------------------------------------------- */

/* It was no good after all, and no copy of it is. */
static void
slice_reject(struct blind_stripe *stripe, unsigned index)
{
	stripe->good[index] = NULL;
	slice_release(&stripe->slices[index]);
	engine_value_release(&stripe->values[index]);
	stripe->values[index] = (struct engine_value){ 0 };
	for (size_t i = 0; i < stripe->group->count; i++)
		if (stripe->group->copies[i].index == index)
			stripe->bad[i] = true;
}

/* How many slices there are to be, as far as the whole ones tell. */
static void
stripe_size(struct blind_stripe *stripe)
{
	unsigned whole = 0;

	stripe->total = stripe->k = 0;
	for (unsigned i = 0; i < SLICES_MAX; i++) {
		const struct slice *slice = stripe->good[i];

		if (slice == NULL)
			continue;
		whole++;
		stripe->k = slice->k;
		if (slice->count > stripe->total)
			stripe->total = slice->count;
	}
	stripe->lost = stripe->k == 0 || whole < stripe->k;
}

static void
stripe_count(struct blind_stripe *stripe)
{
	const struct blind_group *group = stripe->group;

	stripe_size(stripe);
	stripe->faults = 0;
	for (unsigned i = 0; i < SLICES_MAX; i++)
		stripe->absent[i] = i < stripe->total;
	for (size_t i = 0; i < group->count; i++) {
		stripe->absent[group->copies[i].index] = false;
		stripe->faults += stripe->bad[i];
	}
	for (unsigned i = 0; i < stripe->total; i++)
		stripe->faults += stripe->absent[i];
}

/*
 * A slice rebuilt from the others carries the hashes of all, parity made anew;
 * nothing else binds parity to the stripe, so whatever says otherwise is bad.
 */
static enum ouro_status
parity_check(struct blind_stripe *stripe, struct ouro_error *err)
{
	struct buffer stored = { 0 };
	struct slice made = { 0 };
	enum ouro_status status;

	status = stripe_rebuild(stripe->good, stripe->total - 1, &stored, err);
	if (status == OURO_OK)
		status = slice_decode(buffer_bytes(&stored), &made, err);
	for (unsigned i = 0; status == OURO_OK && i < stripe->total; i++) {
		const struct slice *slice = stripe->good[i];

		if (slice != NULL &&
		    (slice->hashes.size > made.hashes.size ||
			memcmp(slice->hashes.data, made.hashes.data,
			    slice->hashes.size) != 0))
			slice_reject(stripe, i);
	}
	slice_release(&made);
	buffer_release(&stored);
	return status;
}

enum ouro_status
blind_stripe_look(struct blind_stripe *stripe, const struct blind_lanes *lanes,
    const struct blind_group *group, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	memset(stripe, 0, sizeof(*stripe));
	stripe->group = group;
	for (size_t i = 0; status == OURO_OK && i < group->count; i++)
		status = copy_look(stripe, lanes, i, err);
	stripe_count(stripe);
	if (status != OURO_OK || stripe->lost)
		return status;
	status = parity_check(stripe, err);
	stripe_count(stripe);
	/* Enough fit their hashes, but they do not fit each other. */
	stripe->lost |= status == OURO_DAMAGED;
	return status == OURO_DAMAGED ? OURO_OK : status;
}

void
blind_stripe_release(struct blind_stripe *stripe)
{
	for (unsigned i = 0; i < SLICES_MAX; i++) {
		slice_release(&stripe->slices[i]);
		engine_value_release(&stripe->values[i]);
		stripe->values[i] = (struct engine_value){ 0 };
		stripe->good[i] = NULL;
	}
}

/* ---- mending ------------------------------------------------------------------------- */

static enum ouro_status
slice_write(const struct blind_stripe *stripe, struct engine *engine,
    unsigned index, struct ouro_error *err)
{
	struct slice_key key = copy_key(stripe->group, index);
	struct engine_op op = { .kind = ENGINE_DELETE,
		.key = bytes_of(key.data, sizeof(key.data)) };
	struct buffer stored = { 0 };
	enum ouro_status status = OURO_OK;

	/* What stands where no slice is to be only goes. */
	if (index < stripe->total) {
		status = stripe_rebuild(stripe->good, index, &stored, err);
		op.kind = ENGINE_PUT;
		op.value = buffer_bytes(&stored);
	}
	if (status == OURO_OK)
		status = engine_apply(engine, &op, 1, ENGINE_SYNC_NEVER, err);
	buffer_release(&stored);
	return status;
}

enum ouro_status
blind_stripe_mend(const struct blind_stripe *stripe, struct blind_lanes *lanes,
    unsigned width, uint64_t *written, uint64_t *left, struct ouro_error *err)
{
	const struct blind_group *group = stripe->group;
	enum ouro_status status = OURO_OK;

	*written = *left = 0;
	for (size_t i = 0; status == OURO_OK && i < group->count; i++) {
		if (!stripe->bad[i])
			continue;
		status = slice_write(stripe,
		    lanes->engines[group->copies[i].lane],
		    group->copies[i].index, err);
		*written += status == OURO_OK;
	}
	for (unsigned i = 0; status == OURO_OK && i < stripe->total; i++) {
		unsigned number = (group->key[HASH_SIZE] + i) % width;
		struct engine *engine;

		if (!stripe->absent[i])
			continue;
		status = blind_lane(lanes, number, &engine, err);
		if (status == OURO_OK)
			status = slice_write(stripe, engine, i, err);
		*written += status == OURO_OK;
		*left += status == OURO_NOT_FOUND;
		if (status == OURO_NOT_FOUND)
			status = OURO_OK;
	}
	return status;
}
