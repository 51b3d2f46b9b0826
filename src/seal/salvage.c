#include "seal/salvage.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "crypt/hash.h"
#include "seal/erasure.h"

/* ---- which stripe ------------------------------------------------------ */

/* The first of those whose stripe most slices in their place belong to. */
static const struct slice *
most_common(const struct slice *const slices[SLICES_MAX])
{
	const struct slice *best = NULL;
	unsigned best_votes = 0, given = 0;

	for (unsigned i = 0; i < SLICES_MAX; i++)
		given += slices[i] != NULL;
	for (unsigned i = 0; i < SLICES_MAX && 2 * best_votes <= given; i++) {
		unsigned votes = 0;
		if (!slices[i] || slices[i]->index != i)
			continue;
		for (unsigned j = i; j < SLICES_MAX; j++)
			votes += slices[j] && slices[j]->index == j &&
			    slice_is_sibling(slices[i], slices[j]);
		if (votes > best_votes) {
			best = slices[i];
			best_votes = votes;
		}
	}
	return best;
}

enum ouro_status
salvage_begin(struct salvage *salvage,
    const struct slice *const slices[SLICES_MAX], struct ouro_error *err)
{
	*salvage = (struct salvage){ .of = most_common(slices) };
	if (salvage->of) {
		salvage->size = salvage->of->data.size;
		salvage->total = salvage->of->k;
	}
	for (unsigned i = 0; i < SLICES_MAX; i++) {
		if (!slices[i])
			continue;
		if (!salvage->of || slices[i]->index != i ||
		    !slice_is_sibling(salvage->of, slices[i])) {
			salvage->bad[i] = true;
			continue;
		}
		assert(slices[i]->data.size == salvage->size);
		salvage->slices[i] = slices[i];
		if (i >= salvage->total)
			salvage->total = i + 1;
	}
	if (!salvage->of)
		return error_set(err, OURO_DAMAGED,
		    "none of the stripe's slices is in its place");
	return OURO_OK;
}

bool
salvage_is_whole(const struct salvage *salvage)
{
	for (unsigned i = 0; i < salvage->of->k; i++)
		if (!salvage->slices[i])
			return false;
	return true;
}

void
salvage_copy(const struct salvage *salvage, uint8_t *data)
{
	for (unsigned i = 0; i < salvage->of->k; i++)
		memcpy(data + i * salvage->size, salvage->slices[i]->data.data,
		    salvage->size);
}

unsigned
salvage_bad(const struct salvage *salvage, uint8_t *out)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SLICES_MAX; i++) {
		if (!salvage->bad[i])
			continue;
		if (out)
			out[count] = (uint8_t)i;
		count++;
	}
	return count;
}

/* ---- checking ---------------------------------------------------------- */

static void
slice_exclude(struct salvage *salvage, unsigned index)
{
	salvage->slices[index] = NULL;
	salvage->bad[index] = true;
}

static enum ouro_status
slices_check(struct salvage *salvage, struct ouro_error *err)
{
	for (unsigned i = 0; i < salvage->total; i++) {
		if (!salvage->slices[i])
			continue;
		enum ouro_status status = slice_check(salvage->slices[i], err);
		if (status == OURO_DAMAGED)
			slice_exclude(salvage, i);
		else if (status)
			return status;
	}
	return OURO_OK;
}

static unsigned
slices_count(const struct salvage *salvage, unsigned from, unsigned to)
{
	unsigned count = 0;

	for (unsigned i = from; i < to; i++)
		count += salvage->slices[i] != NULL;
	return count;
}

static enum ouro_status
too_few(const struct salvage *salvage, struct ouro_error *err)
{
	char name[CHUNK_NAME_SIZE];
	char bad[64] = "none";
	size_t length = 0;

	for (unsigned i = 0; i < SLICES_MAX; i++) {
		if (!salvage->bad[i])
			continue;
		if (length + 8 > sizeof bad) {
			memcpy(bad + length, " ...", 5);
			break;
		}
		length += (size_t)snprintf(bad + length, sizeof bad - length,
		    length ? " %u" : "%u", i);
	}
	return error_set(err, OURO_DAMAGED,
	    "chunk %s: only %u good slices are left, %u are needed (bad: %s)",
	    chunk_name(salvage->of->chunk_id, name),
	    slices_count(salvage, 0, salvage->total), salvage->of->k, bad);
}

/* ---- rebuilding -------------------------------------------------------- */

/* One search for parity slices that give back the right data. */
struct search {
	const struct erasure *erasure;
	struct erasure_slices slices; /* data slices lie in the result */
	const struct salvage *salvage;
	unsigned tries;
};

static enum ouro_status
search_try(struct search *search, struct ouro_error *err)
{
	const struct slice *of = search->salvage->of;
	uint8_t hash[HASH_SIZE];
	enum ouro_status status;

	search->tries++;
	status = erasure_rebuild(search->erasure, &search->slices, err);
	for (unsigned i = 0; !status && i < of->k; i++) {
		if (search->slices.present[i])
			continue;
		status = hash_sha256(bytes_of(search->slices.data[i],
					 search->slices.size),
		    hash, err);
		if (!status &&
		    memcmp(hash, of->hashes.data + (size_t)i * HASH_SIZE,
			HASH_SIZE) != 0)
			status = OURO_DAMAGED;
	}
	return status;
}

/*
 * Takes `needed` of the parity slices from index i on, passing over exactly
 * `skips` of them before the last one taken; so each set is tried once.
 * Recursion is at most 255 deep.
 */
static enum ouro_status
search_sets(struct search *search, unsigned i, unsigned needed, unsigned skips,
    struct ouro_error *err)
{
	const struct salvage *salvage = search->salvage;

	while (i < salvage->total && !salvage->slices[i])
		i++;
	if (needed == 0)
		return skips ? OURO_NOT_FOUND : search_try(search, err);
	if (needed + skips > slices_count(salvage, i, salvage->total))
		return OURO_NOT_FOUND;
	search->slices.present[i] = true;
	enum ouro_status status = search_sets(search, i + 1, needed - 1, skips,
	    err);
	search->slices.present[i] = false;
	if (status != OURO_DAMAGED && status != OURO_NOT_FOUND)
		return status;
	if (skips == 0 || search->tries >= SALVAGE_TRIES_MAX)
		return status;
	return search_sets(search, i + 1, needed, skips - 1, err);
}

static enum ouro_status
search_run(struct search *search, unsigned needed, struct ouro_error *err)
{
	const struct salvage *salvage = search->salvage;
	unsigned k = salvage->of->k;
	unsigned spare = slices_count(salvage, k, salvage->total) - needed;
	char name[CHUNK_NAME_SIZE];

	for (unsigned skips = 0; skips <= spare; skips++) {
		enum ouro_status status = search_sets(search, k, needed, skips,
		    err);
		if (status != OURO_DAMAGED && status != OURO_NOT_FOUND)
			return status;
		if (search->tries >= SALVAGE_TRIES_MAX)
			break;
	}
	return error_set(err, OURO_DAMAGED,
	    "chunk %s: its parity slices do not give its data slices back",
	    chunk_name(salvage->of->chunk_id, name));
}

/* With the data known to be right, wrong parity shows. */
static enum ouro_status
parity_check(struct salvage *salvage, const struct search *search,
    struct ouro_error *err)
{
	unsigned k = salvage->of->k;
	uint8_t *parity = malloc(salvage->size);

	if (!parity)
		return error_memory(err);
	for (unsigned i = k; i < salvage->total; i++) {
		if (!salvage->slices[i])
			continue;
		erasure_encode_row(search->erasure, i - k,
		    (const uint8_t *const *)search->slices.data, parity,
		    salvage->size);
		if (memcmp(parity, salvage->slices[i]->data.data,
			salvage->size) != 0)
			slice_exclude(salvage, i);
	}
	free(parity);
	return OURO_OK;
}

enum ouro_status
salvage_rebuild(struct salvage *salvage, uint8_t *data, struct ouro_error *err)
{
	const unsigned k = salvage->of->k, total = salvage->total;
	struct search search = { .salvage = salvage };
	struct erasure *erasure = NULL;
	enum ouro_status status = slices_check(salvage, err);

	if (status)
		return status;
	if (slices_count(salvage, 0, total) < k)
		return too_few(salvage, err);
	status = erasure_new(k, total - k, &erasure, err);
	if (status)
		return status;
	search.erasure = erasure;
	search.slices.size = salvage->size;
	for (unsigned i = 0; i < total; i++) {
		const struct slice *slice = salvage->slices[i];
		uint8_t *place = data + i * salvage->size;
		if (i >= k) {
			search.slices.data[i] = slice
			    ? (uint8_t *)slice->data.data
			    : NULL;
			continue;
		}
		search.slices.data[i] = place;
		search.slices.present[i] = slice != NULL;
		search.slices.wanted[i] = true;
		if (slice)
			memcpy(place, slice->data.data, salvage->size);
	}
	unsigned needed = k - slices_count(salvage, 0, k);
	if (needed > 0)
		status = search_run(&search, needed, err);
	if (!status)
		status = parity_check(salvage, &search, err);
	erasure_free(erasure);
	return status;
}
