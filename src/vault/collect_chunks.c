#include "vault/collect_chunks.h"

#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/drop.h"
#include "vault/reach.h"
#include "vault/row_each.h"

#define GROUP_MAX 64 /* rows per barrier */

/* Chunks whose rows are gone, their slices not yet. */
struct group {
	struct {
		uint8_t id[HASH_SIZE];
		Ouro__ChunkRow *row;
	} chunks[GROUP_MAX];
	size_t count;
};

static void
group_clear(struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		canonical_free(&group->chunks[i].row->base);
	group->count = 0;
}

static bool
row_lists(const Ouro__ChunkRow *row, const uint8_t stripe_id[STRIPE_ID_SIZE])
{
	for (size_t i = 0; row != NULL && i < row->n_stripes; i++)
		if (memcmp(row->stripes[i]->stripe_id.data, stripe_id,
			STRIPE_ID_SIZE) == 0)
			return true;
	return false;
}

/* The row as it is now, or NULL. */
static Ouro__ChunkRow *
row_now(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	Ouro__ChunkRow *row;

	return chunk_row_get(vault, id, &row, NULL) == OURO_OK ? row : NULL;
}

static enum ouro_status
slice_delete(struct collection *collection, unsigned number, struct bytes key,
    struct ouro_error *err)
{
	struct ouro_vault *vault = collection->vault;
	struct engine_op op = { .kind = ENGINE_DELETE, .key = key };
	enum ouro_status status;

	if (number >= lanes_count(vault) ||
	    engine_exists(lane(vault, number), key, NULL, NULL) != OURO_OK)
		return OURO_OK;
	status = engine_apply(lane(vault, number), &op, 1, ENGINE_SYNC_NEVER,
	    err);
	if (status == OURO_OK)
		collection->result->slices++;
	return status;
}

/* ---- rows, then their slices ------------------------------------------------ */

/* Deletes the row of a chunk that is unused and unpinned; *row gets it. One
 * that cannot be read goes too: its slices are found in the lanes. */
static enum ouro_status
row_take(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__ChunkRow **row, bool *taken, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CHUNK, id, HASH_SIZE);
	struct engine_op op = { .kind = ENGINE_DELETE, .key = row_bytes(&key) };
	enum ouro_status status = drop_lock(vault, err);

	*row = NULL;
	*taken = false;
	if (status != OURO_OK)
		return status;
	chunk_lock(vault, id);
	if (reach_claim_unused(vault, id)) {
		*row = row_now(vault, id);
		status = engine_apply(vault->records, &op, 1, ENGINE_SYNC_NEVER,
		    err);
		*taken = status == OURO_OK;
		pins_unguard(&vault->pins);
	}
	chunk_unlock(vault, id);
	drop_unlock(vault);
	if (status != OURO_OK && *row != NULL) {
		canonical_free(&(*row)->base);
		*row = NULL;
	}
	return status;
}

/* A chunk stored again meanwhile has stripes of other ids; one that was
 * found in the lanes again may have the same. */
static enum ouro_status
chunk_slices_delete(struct collection *collection, const uint8_t id[HASH_SIZE],
    const Ouro__ChunkRow *row, struct ouro_error *err)
{
	struct ouro_vault *vault = collection->vault;
	Ouro__ChunkRow *now = NULL;
	enum ouro_status status;

	chunk_lock(vault, id);
	status = chunk_row_get(vault, id, &now, err);
	if (status == OURO_NOT_FOUND)
		status = OURO_OK;
	for (size_t i = 0; status == OURO_OK && i < row->n_stripes; i++) {
		const Ouro__StripeRow *stripe = row->stripes[i];

		if (row_lists(now, stripe->stripe_id.data))
			continue;
		for (unsigned j = 0; status == OURO_OK && j < stripe->lanes.len;
		     j++) {
			struct slice_key key = slice_key(id,
			    stripe->stripe_id.data, j);

			status = slice_delete(collection, stripe->lanes.data[j],
			    bytes_of(key.data, sizeof(key.data)), err);
		}
	}
	chunk_unlock(vault, id);
	if (now != NULL)
		canonical_free(&now->base);
	return status;
}

static enum ouro_status
group_flush(struct collection *collection, struct group *group,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (group->count > 0)
		status = engine_barrier(collection->vault->records, err);
	for (size_t i = 0; status == OURO_OK && i < group->count; i++)
		status = chunk_slices_delete(collection, group->chunks[i].id,
		    group->chunks[i].row, err);
	group_clear(group);
	return status;
}

static enum ouro_status
chunk_collect(struct collection *collection, struct group *group,
    const uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	Ouro__ChunkRow *row;
	bool taken;
	enum ouro_status status;

	if (!reach_is_unused(collection->vault, id))
		return OURO_OK;
	status = row_take(collection->vault, id, &row, &taken, err);
	if (status != OURO_OK || !taken)
		return status;
	collection->result->chunks++;
	if (row == NULL)
		return OURO_OK;
	memcpy(group->chunks[group->count].id, id, HASH_SIZE);
	group->chunks[group->count++].row = row;
	return group->count < GROUP_MAX ? OURO_OK
					: group_flush(collection, group, err);
}

struct chunks_walk {
	struct collection *collection;
	struct group group;
};

static enum ouro_status
chunks_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct chunks_walk *walk = context;
	enum ouro_status status = OURO_OK;

	(void)value;
	if (key.size == 1 + HASH_SIZE)
		status = chunk_collect(walk->collection, &walk->group,
		    key.data + 1, err);
	return status == OURO_OK ? collection_step(walk->collection, err)
				 : status;
}

enum ouro_status
collect_chunks(struct collection *collection, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_CHUNK);
	struct chunks_walk walk = { .collection = collection };
	enum ouro_status status;

	status = row_each_key(collection->vault->records, &prefix, chunks_visit,
	    &walk, err);
	if (status == OURO_OK || status == OURO_CANCELLED) {
		enum ouro_status flushed = group_flush(collection, &walk.group,
		    err);

		if (status == OURO_OK || flushed != OURO_OK)
			status = flushed;
	}
	group_clear(&walk.group);
	return status;
}

/* ---- slices without a row ----------------------------------------------------- */

/* What is known of the chunk whose slices a lane's scan is passing. */
struct passing {
	uint8_t id[HASH_SIZE];
	bool valid, used;
	Ouro__ChunkRow *row; /* of a used chunk; NULL: lost */
};

static void
passing_release(struct passing *passing)
{
	if (passing->row != NULL)
		canonical_free(&passing->row->base);
	*passing = (struct passing){ .valid = false };
}

static void
passing_see(struct ouro_vault *vault, struct passing *passing,
    const uint8_t id[HASH_SIZE])
{
	if (passing->valid && memcmp(passing->id, id, HASH_SIZE) == 0)
		return;
	passing_release(passing);
	memcpy(passing->id, id, HASH_SIZE);
	passing->used = !reach_is_unused(vault, id);
	if (passing->used)
		passing->row = row_now(vault, id);
	passing->valid = true;
}

static enum ouro_status
slice_collect(struct collection *collection, unsigned number, struct bytes key,
    struct ouro_error *err)
{
	struct ouro_vault *vault = collection->vault;
	const uint8_t *id = key.data;
	enum ouro_status status = drop_lock(vault, err);

	if (status != OURO_OK)
		return status;
	chunk_lock(vault, id);
	if (reach_claim_unused(vault, id)) {
		Ouro__ChunkRow *row = row_now(vault, id);

		if (!row_lists(row, key.data + HASH_SIZE))
			status = slice_delete(collection, number, key, err);
		if (row != NULL)
			canonical_free(&row->base);
		pins_unguard(&vault->pins);
	}
	chunk_unlock(vault, id);
	drop_unlock(vault);
	return status;
}

/* Somebody writes slices of it that are in no row yet. */
static bool
is_pinned(struct pins *pins, const uint8_t id[HASH_SIZE])
{
	if (!pins_guard(pins, id))
		return true;
	pins_unguard(pins);
	return false;
}

/*
 * A slice of a stripe that a later one has replaced: the chunk is in use and
 * its row is there, but lists others. What replaced it may be newer than the
 * last barrier, so it is made durable first. Who seals a chunk anew pins it
 * before the first slice is written, and drops the pin after the row, which
 * takes the chunk's lock, lists them.
 */
static enum ouro_status
slice_replaced(struct collection *collection, unsigned number, struct bytes key,
    struct ouro_error *err)
{
	struct ouro_vault *vault = collection->vault;
	Ouro__ChunkRow *row;
	enum ouro_status status = OURO_OK;

	chunk_lock(vault, key.data);
	row = row_now(vault, key.data);
	if (row != NULL && row->n_stripes > 0 &&
	    !row_lists(row, key.data + HASH_SIZE) &&
	    !is_pinned(&vault->pins, key.data)) {
		status = lanes_barrier(vault, err);
		if (status == OURO_OK)
			status = engine_barrier(vault->records, err);
		if (status == OURO_OK)
			status = slice_delete(collection, number, key, err);
	}
	if (row != NULL)
		canonical_free(&row->base);
	chunk_unlock(vault, key.data);
	return status;
}

static enum ouro_status
lane_collect(struct collection *collection, unsigned number,
    struct ouro_error *err)
{
	struct engine_range range = { .keys_only = true };
	struct passing passing = { .valid = false };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	status = engine_scan_open(lane(collection->vault, number), &range,
	    &scan, err);
	if (status != OURO_OK)
		return status;
	while (
	    (status = engine_scan_next(scan, &key, &value, err)) == OURO_OK) {
		if (key.size == SLICE_KEY_SIZE) {
			passing_see(collection->vault, &passing, key.data);
			if (!passing.used)
				status = slice_collect(collection, number, key,
				    err);
			else if (passing.row != NULL &&
			    !row_lists(passing.row, key.data + HASH_SIZE))
				status = slice_replaced(collection, number, key,
				    err);
		}
		if (status == OURO_OK)
			status = collection_step(collection, err);
		if (status != OURO_OK)
			break;
	}
	engine_scan_close(scan);
	passing_release(&passing);
	return status == OURO_END ? OURO_OK : status;
}

enum ouro_status
collect_slices(struct collection *collection, struct ouro_error *err)
{
	unsigned count = lanes_count(collection->vault);
	enum ouro_status status = engine_barrier(collection->vault->records,
	    err);

	for (unsigned i = 0; status == OURO_OK && i < count; i++)
		status = lane_collect(collection, i, err);
	return status;
}
