/*
 * reseal_drop - the old stripes of chunks that were sealed anew.
 */
#include "base/error.h"
#include "exchange/reseal.h"
#include "seal/canonical.h"
#include "vault/reach.h"
#include "vault/tree.h"
#include "vault/vault.h"

/* ---- each chunk of the contents, once ------------------------------------------ */

struct drop_walk;
typedef enum ouro_status drop_each(struct drop_walk *walk,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);

struct drop_walk {
	struct resealing *resealing;
	struct hash_set seen; /* pages and chunks */
	drop_each *each;
};

/* A page that comes again lists what was seen, but is cheaper to walk over
 * than to leave out: tree_walk enters it all the same. */
static enum ouro_status
walk_visit(void *context, const uint8_t id[HASH_SIZE], unsigned level,
    enum ouro_status found, struct ouro_error *err)
{
	struct drop_walk *walk = context;
	bool added;
	enum ouro_status status;

	if (level > 0 || found != OURO_OK)
		return OURO_OK;
	status = hash_set_add(&walk->seen, id, &added, err);
	return status == OURO_OK && added ? walk->each(walk, id, err) : status;
}

static enum ouro_status
content_walk(struct drop_walk *walk, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct ouro_vault *vault = walk->resealing->vault;
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct engine_value value = { 0 };
	Ouro__ContentRecord *record;
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = content_peek(id, value.bytes, &record, err);
	engine_value_release(&value);
	if (status != OURO_OK)
		return status == OURO_NOT_FOUND ? OURO_OK : status;
	if (record->data != NULL)
		status = tree_walk(vault, record->data->id.data,
		    record->data->level, walk_visit, walk, err);
	if (status == OURO_OK && record->meta != NULL)
		status = tree_walk(vault, record->meta->id.data,
		    record->meta->level, walk_visit, walk, err);
	canonical_free(&record->base);
	return status;
}

static enum ouro_status
chunks_each(struct resealing *resealing, const struct buffer *ids,
    drop_each *each, struct ouro_error *err)
{
	struct drop_walk walk = { .resealing = resealing, .each = each };
	enum ouro_status status = OURO_OK;

	for (size_t at = 0; status == OURO_OK && at < ids->size;
	     at += HASH_SIZE)
		status = content_walk(&walk, ids->data + at, err);
	hash_set_release(&walk.seen);
	return status;
}

/* ---- rows -------------------------------------------------------------------------- */

/* Takes the older stripes off a row that has a whole newer one. */
static enum ouro_status
row_strip(struct resealing *resealing, const uint8_t id[HASH_SIZE],
    Ouro__ChunkRow *row, struct ouro_error *err)
{
	size_t count = row->n_stripes, kept = 0;
	bool whole = false;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; i < count; i++)
		whole = whole ||
		    (row->stripes[i]->epoch >= resealing->epoch &&
			stripe_is_whole(resealing->vault, id, row->stripes[i]));
	if (!whole)
		return OURO_OK;
	/* Those that stay come first; none is lost to canonical_free. */
	for (size_t i = 0; i < count; i++) {
		Ouro__StripeRow *stripe = row->stripes[i];

		if (stripe->epoch < resealing->epoch)
			continue;
		row->stripes[i] = row->stripes[kept];
		row->stripes[kept++] = stripe;
	}
	row->n_stripes = kept;
	resealing->gone += count - kept;
	if (kept < count)
		status = chunk_row_put(resealing->vault, id, row, err);
	row->n_stripes = count;
	return status;
}

static enum ouro_status
chunk_strip(struct drop_walk *walk, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct resealing *resealing = walk->resealing;
	struct ouro_vault *vault = resealing->vault;
	Ouro__ChunkRow *row;
	enum ouro_status status = reach_part(vault, id, &resealing->contents,
	    err);

	if (status == OURO_OK)
		resealing->result->chunks_shared++;
	if (status != OURO_NOT_FOUND)
		return status;
	chunk_lock(vault, id);
	status = chunk_row_get(vault, id, &row, err);
	if (status == OURO_OK) {
		status = row_strip(resealing, id, row, err);
		canonical_free(&row->base);
	}
	chunk_unlock(vault, id);
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}

/* ---- slices ------------------------------------------------------------------------- */

static bool
row_lists(const Ouro__ChunkRow *row, const uint8_t stripe_id[STRIPE_ID_SIZE])
{
	for (size_t i = 0; i < row->n_stripes; i++)
		if (memcmp(row->stripes[i]->stripe_id.data, stripe_id,
			STRIPE_ID_SIZE) == 0)
			return true;
	return false;
}

/* Those in one lane whose stripe the row does not list. */
static enum ouro_status
lane_clear(struct engine *engine, const uint8_t id[HASH_SIZE],
    const Ouro__ChunkRow *row, uint64_t *gone, struct ouro_error *err)
{
	struct engine_range range = { .prefix = bytes_of(id, HASH_SIZE),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status = engine_scan_open(engine, &range, &scan, err);

	if (status != OURO_OK)
		return status;
	while (
	    (status = engine_scan_next(scan, &key, &value, err)) == OURO_OK) {
		struct engine_op op = { .kind = ENGINE_DELETE, .key = key };

		if (key.size != SLICE_KEY_SIZE ||
		    row_lists(row, key.data + HASH_SIZE))
			continue;
		status = engine_apply(engine, &op, 1, ENGINE_SYNC_NEVER, err);
		if (status != OURO_OK)
			break;
		++*gone;
	}
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

static bool
is_pinned(struct pins *pins, const uint8_t id[HASH_SIZE])
{
	if (!pins_guard(pins, id))
		return true;
	pins_unguard(pins);
	return false;
}

/* Under the chunk's lock, so that no row is being written. Who seals it anew
 * just now has it pinned, and clears up after itself. */
static enum ouro_status
chunk_clear(struct drop_walk *walk, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct ouro_vault *vault = walk->resealing->vault;
	unsigned count = lanes_count(vault);
	Ouro__ChunkRow *row;
	enum ouro_status status;

	chunk_lock(vault, id);
	status = chunk_row_get(vault, id, &row, err);
	if (status == OURO_OK) {
		bool clear = row->n_stripes > 0 && !is_pinned(&vault->pins, id);

		for (unsigned i = 0; status == OURO_OK && clear && i < count;
		     i++)
			status = lane_clear(lane(vault, i), id, row,
			    &walk->resealing->gone, err);
		canonical_free(&row->base);
	}
	chunk_unlock(vault, id);
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}

/* ---- together -------------------------------------------------------------------------- */

/* What was deleted is still in the files until they are written anew; by us,
 * or by a collection beside us as soon as the rows did not list it. */
static enum ouro_status
lanes_compact(struct ouro_vault *vault, struct ouro_error *err)
{
	unsigned count = lanes_count(vault);
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < count; i++)
		status = engine_compact(lane(vault, i), 0, NULL, err);
	return status;
}

enum ouro_status
reseal_drop(struct resealing *resealing, const struct buffer *ids,
    struct ouro_error *err)
{
	struct ouro_vault *vault = resealing->vault;
	enum ouro_status status = chunks_each(resealing, ids, chunk_strip, err);

	if (status == OURO_OK)
		status = engine_barrier(vault->records, err);
	if (status == OURO_OK)
		status = chunks_each(resealing, ids, chunk_clear, err);
	if (status != OURO_OK || resealing->gone == 0)
		return status;
	return lanes_compact(vault, err);
}
