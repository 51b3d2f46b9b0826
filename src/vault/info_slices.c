#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/hash_set.h"
#include "vault/info.h"
#include "vault/tree.h"
#include "vault/vault.h"

struct figures {
	struct ouro_vault *vault;
	struct ouro_info *info;
	struct hash_set seen;
	uint64_t slice_bytes;
};

static bool
slice_is_bad(const Ouro__StripeRow *row, unsigned index)
{
	return row->bad.len > 0 &&
	    memchr(row->bad.data, (int)index, row->bad.len) != NULL;
}

static void
slice_count(struct figures *figures, uint64_t size)
{
	struct ouro_info *info = figures->info;

	if (info->slices == 0 || size < info->slice_min)
		info->slice_min = size;
	if (size > info->slice_max)
		info->slice_max = size;
	info->slices++;
	info->stored += size;
	figures->slice_bytes += size;
}

static void
stripe_count(struct figures *figures, const uint8_t id[HASH_SIZE],
    const Ouro__StripeRow *row)
{
	struct ouro_vault *vault = figures->vault;

	for (unsigned i = 0; i < row->lanes.len; i++) {
		struct slice_key key = slice_key(id, row->stripe_id.data, i);
		uint64_t size;

		if (!slice_is_bad(row, i) &&
		    row->lanes.data[i] < lanes_count(vault) &&
		    engine_exists(lane(vault, row->lanes.data[i]),
			bytes_of(key.data, sizeof(key.data)), &size,
			NULL) == OURO_OK)
			slice_count(figures, size);
		else
			figures->info->slices_missing++;
	}
}

/* A chunk of which nothing is known counts as k slices missing. */
static enum ouro_status
figures_chunk(struct figures *figures, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct ouro_info *info = figures->info;
	bool is_first = figures->seen.count == 0, added;
	Ouro__ChunkRow *row;
	enum ouro_status status;

	status = hash_set_add(&figures->seen, id, &added, err);
	if (status != OURO_OK || !added)
		return status;
	if (chunk_row_get(figures->vault, id, &row, NULL) != OURO_OK &&
	    chunk_discover(figures->vault, id, &row, NULL) != OURO_OK) {
		info->slices_missing += info->k;
		return OURO_OK;
	}
	if (row->n_stripes > 0) {
		const Ouro__StripeRow *stripe = row->stripes[0];

		info->compressed += (uint64_t)stripe->slice_size * stripe->k;
		if (is_first)
			info->m = (unsigned)stripe->lanes.len - stripe->k;
	}
	for (size_t i = 0; i < row->n_stripes; i++)
		stripe_count(figures, id, row->stripes[i]);
	canonical_free(&row->base);
	return OURO_OK;
}

static enum ouro_status
figures_visit(void *context, const uint8_t id[HASH_SIZE], unsigned level,
    enum ouro_status status, struct ouro_error *err)
{
	if (level > 0 || status != OURO_OK)
		return status;
	return figures_chunk(context, id, err);
}

enum ouro_status
info_slices(struct ouro_vault *vault, const struct content *content,
    struct ouro_info *out, struct ouro_error *err)
{
	const struct content_part *parts[] = { &content->data, &content->meta };
	struct figures figures = { .vault = vault, .info = out };
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < 2; i++)
		if (parts[i]->size > INLINE_MAX)
			status = tree_walk(vault, parts[i]->root.id,
			    parts[i]->level, figures_visit, &figures, err);
	if (out->slices > 0)
		out->slice_mean = figures.slice_bytes / out->slices;
	hash_set_release(&figures.seen);
	return status;
}
