#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/vault.h"

#define LANE_NONE   0xff /* LANES_MAX: no lane has this number */
#define STRIPES_MAX 64	 /* of one chunk; lanes are not authenticated */

/*
 * What the lanes hold of one chunk, gathered stripe by stripe. Any lane may
 * hold any slice: the keys tell which.
 */
struct stripe_found {
	uint8_t id[STRIPE_ID_SIZE];
	uint8_t lanes[SLICES_MAX];
	uint8_t bad[SLICES_MAX];
	Ouro__StripeRow row; /* points to the above */
};

struct discovery {
	struct stripe_found **stripes;
	size_t count;
	uint64_t ignored; /* slices of further stripes */
	uint64_t unread; /* slices, or lanes, that could not be read just now */
	struct ouro_error error; /* of the last of these */
};

static void
discovery_release(struct discovery *discovery)
{
	for (size_t i = 0; i < discovery->count; i++)
		free(discovery->stripes[i]);
	free(discovery->stripes);
}

static struct stripe_found *
stripe_find(const struct discovery *discovery, const uint8_t id[STRIPE_ID_SIZE])
{
	for (size_t i = 0; i < discovery->count; i++)
		if (memcmp(discovery->stripes[i]->id, id, STRIPE_ID_SIZE) == 0)
			return discovery->stripes[i];
	return NULL;
}

/* A stripe first met through this slice. */
static enum ouro_status
stripe_begin(struct discovery *discovery, const struct slice *slice,
    struct stripe_found **out, struct ouro_error *err)
{
	struct stripe_found **list, *stripe;

	list = realloc(discovery->stripes,
	    (discovery->count + 1) * sizeof(*list));
	if (list == NULL)
		return error_memory(err);
	discovery->stripes = list;
	stripe = calloc(1, sizeof(*stripe));
	if (stripe == NULL)
		return error_memory(err);
	list[discovery->count++] = stripe;
	ouro__stripe_row__init(&stripe->row);
	memcpy(stripe->id, slice->stripe_id, STRIPE_ID_SIZE);
	memset(stripe->lanes, LANE_NONE, sizeof(stripe->lanes));
	stripe->row.stripe_id.data = stripe->id;
	stripe->row.stripe_id.len = STRIPE_ID_SIZE;
	stripe->row.k = slice->k;
	stripe->row.epoch = slice->epoch;
	stripe->row.slice_size = (uint32_t)slice->data.size;
	stripe->row.lanes.data = stripe->lanes;
	stripe->row.bad.data = stripe->bad;
	*out = stripe;
	return OURO_OK;
}

static enum ouro_status
slice_note(struct discovery *discovery, const struct slice *slice,
    unsigned number, struct ouro_error *err)
{
	struct stripe_found *stripe = stripe_find(discovery, slice->stripe_id);
	enum ouro_status status = OURO_OK;

	if (stripe == NULL && discovery->count == STRIPES_MAX) {
		discovery->ignored++;
		return OURO_OK;
	}
	if (stripe == NULL)
		status = stripe_begin(discovery, slice, &stripe, err);
	if (status != OURO_OK)
		return status;
	stripe->lanes[slice->index] = (uint8_t)number;
	if (stripe->row.lanes.len < slice->count)
		stripe->row.lanes.len = slice->count;
	return OURO_OK;
}

/* Notes a slice if it is the one that its key names. */
static enum ouro_status
slice_meet(struct discovery *discovery, const uint8_t id[HASH_SIZE],
    unsigned number, struct bytes key, struct bytes value,
    struct ouro_error *err)
{
	struct slice slice = { 0 };
	enum ouro_status status = OURO_OK;

	if (key.size == SLICE_KEY_SIZE &&
	    slice_decode(value, &slice, NULL) == OURO_OK &&
	    memcmp(slice.chunk_id, id, HASH_SIZE) == 0 &&
	    memcmp(slice.stripe_id, key.data + HASH_SIZE, STRIPE_ID_SIZE) ==
		0 &&
	    slice.index == key.data[SLICE_KEY_SIZE - 1])
		status = slice_note(discovery, &slice, number, err);
	slice_release(&slice);
	return status;
}

static void
unread_note(struct discovery *discovery, const struct ouro_error *error)
{
	discovery->unread++;
	discovery->error = *error;
}

/* Everything one lane holds of the chunk; what is damaged or cannot be read is
 * passed over. Fails for want of memory only. */
static enum ouro_status
lane_search(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    unsigned number, struct discovery *discovery, struct ouro_error *err)
{
	struct engine_range range = { .prefix = bytes_of(id, HASH_SIZE) };
	struct engine_scan *scan = NULL;
	struct bytes key, value;
	struct ouro_error error = { 0 };
	enum ouro_status status;

	status = engine_scan_open(lane(vault, number), &range, &scan, &error);
	while (status == OURO_OK) {
		key = bytes_of(NULL, 0);
		status = engine_scan_next(scan, &key, &value, &error);
		if (status == OURO_OK)
			status = slice_meet(discovery, id, number, key, value,
			    &error);
		else if (status == OURO_IO && key.size > 0)
			unread_note(discovery, &error);
		if (status == OURO_DAMAGED ||
		    (status == OURO_IO && key.size > 0))
			status = OURO_OK; /* the next one may be whole */
	}
	engine_scan_close(scan);
	if (status == OURO_NO_MEMORY)
		return error_memory(err);
	if (status != OURO_END)
		unread_note(discovery, &error);
	return OURO_OK;
}

static unsigned
stripe_count(const struct stripe_found *stripe)
{
	unsigned count = 0;

	for (size_t i = 0; i < stripe->row.lanes.len; i++)
		count += stripe->lanes[i] != LANE_NONE;
	return count;
}

/* Slices that cannot be read count as missing while the others give the chunk;
 * otherwise nobody knows yet what is left of it. */
static enum ouro_status
discovery_judge(const struct discovery *discovery, struct ouro_error *err)
{
	if (discovery->unread == 0)
		return OURO_OK;
	for (size_t i = 0; i < discovery->count; i++)
		if (stripe_count(discovery->stripes[i]) >=
		    discovery->stripes[i]->row.k)
			return OURO_OK;
	if (err != NULL)
		*err = discovery->error;
	return discovery->error.status;
}

/* Slices that were not found get the lane they would be written to, one
 * that none of the others lies in, and are listed as bad. */
static void
stripe_complete(struct stripe_found *stripe, unsigned lane_count)
{
	Ouro__StripeRow *row = &stripe->row;
	unsigned next = stripe->id[0];

	assert(lane_count > 0);
	for (size_t i = 0; i < row->lanes.len; i++) {
		if (stripe->lanes[i] != LANE_NONE)
			continue;
		while (lane_count >= row->lanes.len &&
		    memchr(stripe->lanes, (int)(next % lane_count),
			row->lanes.len) != NULL)
			next++;
		stripe->lanes[i] = (uint8_t)(next++ % lane_count);
		stripe->bad[row->bad.len++] = (uint8_t)i;
	}
}

static int
stripe_compare(const void *a, const void *b)
{
	const struct stripe_found *const *x = a, *const *y = b;

	return memcmp((*x)->id, (*y)->id, STRIPE_ID_SIZE);
}

static enum ouro_status
discovery_row(struct discovery *discovery, Ouro__ChunkRow **out,
    struct ouro_error *err)
{
	Ouro__ChunkRow row = OURO__CHUNK_ROW__INIT;
	ProtobufCMessage *copy;
	enum ouro_status status;

	row.stripes = calloc(discovery->count, sizeof(Ouro__StripeRow *));
	if (row.stripes == NULL)
		return error_memory(err);
	qsort(discovery->stripes, discovery->count, sizeof(*discovery->stripes),
	    stripe_compare);
	for (size_t i = 0; i < discovery->count; i++)
		row.stripes[row.n_stripes++] = &discovery->stripes[i]->row;
	status = canonical_copy(&row.base, &copy, err);
	if (status == OURO_OK)
		*out = (Ouro__ChunkRow *)copy;
	free(row.stripes);
	return status;
}

enum ouro_status
chunk_discover(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__ChunkRow **out, struct ouro_error *err)
{
	struct discovery discovery = { 0 };
	unsigned lane_count = lanes_count(vault);
	char name[24];
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < lane_count; i++)
		status = lane_search(vault, id, i, &discovery, err);
	if (discovery.ignored > 0)
		log_write(&vault->log, LOG_WARNING,
		    "chunk %s: %" PRIu64 " slices of more than %d stripes "
		    "were not looked at",
		    id_short(id, name), discovery.ignored, STRIPES_MAX);
	if (discovery.unread > 0)
		log_write(&vault->log, LOG_INFO,
		    "chunk %s: in %" PRIu64
		    " places slices could not be read: %s",
		    id_short(id, name), discovery.unread, discovery.error.text);
	if (status == OURO_OK)
		status = discovery_judge(&discovery, err);
	for (size_t i = 0; i < discovery.count; i++)
		stripe_complete(discovery.stripes[i], lane_count);
	if (status == OURO_OK && discovery.count == 0)
		status = error_set(err, OURO_NOT_FOUND,
		    "chunk %s: no slice of it is left", id_short(id, name));
	if (status == OURO_OK)
		status = discovery_row(&discovery, out, err);
	discovery_release(&discovery);
	return status;
}
