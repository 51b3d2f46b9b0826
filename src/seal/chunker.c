#include "seal/chunker.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "crypt/kdf.h"
#include "crypt/mac.h"
#include "seal/buzhash.h"

#define SIP_MASK 15u

_Static_assert(CHUNK_MIN >= BUZHASH_BEFORE, "windows lie in their chunk");
_Static_assert((CHUNK_MAX - CHUNK_MIN) % BUZHASH_REGION == 0,
    "whole regions up to the maximum");

struct chunker_table {
	struct buzhash buzhash;
	uint8_t sip_key[SIPHASH_KEY_SIZE];
	buzhash_scan *scan;
};

/* A window that was decided before. Periodic data hits the same few windows
 * over and over; SipHash shall see each of them once. */
struct decision {
	uint8_t window[BUZHASH_WINDOW];
	bool known;
	bool cut;
};

#define DECISIONS 64

struct chunker {
	const struct chunker_table *table;
	struct siphash *siphash;
	struct decision decisions[DECISIONS];
	uint64_t hits[BUZHASH_REGION / 64];
	uint8_t tail[BUZHASH_BEFORE + BUZHASH_REGION];
};

enum ouro_status
chunker_table_new(const uint8_t secret[KEY_SIZE], struct chunker_table **out,
    struct ouro_error *err)
{
	const struct bytes key = bytes_of(secret, KEY_SIZE);
	const struct bytes no_salt = { NULL, 0 };
	uint8_t raw[4 * 256];

	struct chunker_table *table = calloc(1, sizeof *table);
	if (!table)
		return error_memory(err);
	table->scan = buzhash_fastest();
	enum ouro_status status = kdf_hkdf(key, no_salt,
	    bytes_text("ouroboros buzhash table 1"), raw, sizeof raw, err);
	if (!status)
		status = kdf_hkdf(key, no_salt,
		    bytes_text("ouroboros chunk siphash 1"), table->sip_key,
		    sizeof table->sip_key, err);
	if (status) {
		chunker_table_free(table);
		return status;
	}
	buzhash_init(&table->buzhash, raw);
	bytes_wipe(raw, sizeof raw);
	*out = table;
	return OURO_OK;
}

void
chunker_table_free(struct chunker_table *table)
{
	if (!table)
		return;
	bytes_wipe(table, sizeof *table);
	free(table);
}

enum ouro_status
chunker_new(const struct chunker_table *table, struct chunker **out,
    struct ouro_error *err)
{
	struct chunker *chunker = calloc(1, sizeof *chunker);
	if (!chunker)
		return error_memory(err);
	chunker->table = table;
	enum ouro_status status = siphash_new(table->sip_key, &chunker->siphash,
	    err);
	if (status) {
		chunker_free(chunker);
		return status;
	}
	*out = chunker;
	return OURO_OK;
}

void
chunker_free(struct chunker *chunker)
{
	if (!chunker)
		return;
	siphash_free(chunker->siphash);
	bytes_wipe(chunker, sizeof *chunker);
	free(chunker);
}

/* Where a window's decision is kept; any function of it would do. */
static struct decision *
decision_of(struct chunker *chunker, const uint8_t *window)
{
	uint64_t mix = get_u64le(window) + 3 * get_u64le(window + 8) +
	    5 * get_u64le(window + 16) + 7 * get_u64le(window + 24);
	return &chunker->decisions[mix * UINT64_C(0x9e3779b97f4a7c15) >> 58];
}

_Static_assert(DECISIONS == 64, "decision_of takes six bits");

/* Whether a Buzhash hit at `at` is a cut. */
static enum ouro_status
decide(struct chunker *chunker, const uint8_t *at, bool *cut,
    struct ouro_error *err)
{
	const uint8_t *window = at - BUZHASH_WINDOW;
	struct decision *decision = decision_of(chunker, window);

	if (!decision->known ||
	    memcmp(decision->window, window, BUZHASH_WINDOW) != 0) {
		uint64_t hash;
		enum ouro_status status = siphash_compute(chunker->siphash,
		    bytes_of(window, BUZHASH_WINDOW), &hash, err);
		if (status)
			return status;
		memcpy(decision->window, window, BUZHASH_WINDOW);
		decision->known = true;
		decision->cut = (hash & SIP_MASK) == 0;
	}
	*cut = decision->cut;
	return OURO_OK;
}

/* The first cut among count hits of a region, or count. */
static enum ouro_status
first_cut(struct chunker *chunker, const uint8_t *at, size_t count,
    size_t *first, struct ouro_error *err)
{
	for (size_t word = 0; word * 64 < count; word++) {
		uint64_t hits = chunker->hits[word];
		for (; hits; hits &= hits - 1) {
			size_t i = word * 64 + (size_t)__builtin_ctzll(hits);
			bool cut = false;
			if (i >= count)
				break;
			enum ouro_status status = decide(chunker, at + i, &cut,
			    err);
			if (status)
				return status;
			if (cut) {
				*first = i;
				return OURO_OK;
			}
		}
	}
	*first = count;
	return OURO_OK;
}

/* Whether all windows of a region hold one byte value, so that its first
 * position answers for every one. Differing bytes end this at once. */
static bool
region_is_run(const uint8_t *at, size_t count)
{
	const uint8_t *start = at - BUZHASH_WINDOW;
	return memcmp(start, start + 1, BUZHASH_WINDOW + count - 2) == 0;
}

/* Fills chunker->hits for the positions at[0 .. count-1], count <= REGION. */
static void
find_hits(struct chunker *chunker, const uint8_t *at, size_t count)
{
	const struct chunker_table *table = chunker->table;

	if (count < BUZHASH_REGION) {
		/* The scan reads a whole region: give it one. */
		memcpy(chunker->tail, at - BUZHASH_BEFORE,
		    BUZHASH_BEFORE + count - 1);
		at = chunker->tail + BUZHASH_BEFORE;
	}
	table->scan(&table->buzhash, at, chunker->hits);
}

/* The first cut among the positions at[0 .. count-1], or count. */
static enum ouro_status
region_cut(struct chunker *chunker, const uint8_t *at, size_t count,
    size_t *first, struct ouro_error *err)
{
	if (!region_is_run(at, count)) {
		find_hits(chunker, at, count);
		return first_cut(chunker, at, count, first, err);
	}
	bool cut = false;
	*first = count;
	if (buzhash_window(&chunker->table->buzhash, at) & BUZHASH_MASK)
		return OURO_OK;
	enum ouro_status status = decide(chunker, at, &cut, err);
	if (cut)
		*first = 0;
	return status;
}

enum ouro_status
chunker_cut(struct chunker *chunker, struct bytes data, bool last, size_t *size,
    struct ouro_error *err)
{
	*size = 0;
	if (data.size < CHUNK_MAX && !last)
		return OURO_OK;
	const size_t end = data.size < CHUNK_MAX ? data.size : CHUNK_MAX;
	size_t p = end < CHUNK_MIN ? end : CHUNK_MIN;
	while (p < end) {
		size_t count = end - p, first = 0;
		if (count > BUZHASH_REGION)
			count = BUZHASH_REGION;
		enum ouro_status status = region_cut(chunker, data.data + p,
		    count, &first, err);
		if (status)
			return status;
		assert(first <= count);
		p += first;
		if (first < count)
			break;
	}
	*size = p;
	return OURO_OK;
}
