#include "engine/manifest_body.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

#define BODY_FIXED    64u
#define SEGMENT_WORDS 9u

void
manifest_release(struct manifest *manifest)
{
	free(manifest->runs);
	free(manifest->segments);
	id_set_release(&manifest->missing);
	id_set_release(&manifest->dropped);
	*manifest = (struct manifest){ 0 };
}

uint64_t
manifest_body_size(const struct manifest *manifest)
{
	return BODY_FIXED +
	    8 *
	    ((uint64_t)manifest->run_count +
		SEGMENT_WORDS * (uint64_t)manifest->segment_count +
		manifest->missing.count + manifest->dropped.count);
}

static uint8_t *
words_put(uint8_t *at, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++, at += 8)
		put_u64le(at, words[i]);
	return at;
}

static uint8_t *
segment_put(uint8_t *at, const struct manifest_segment *segment)
{
	const uint64_t words[SEGMENT_WORDS] = { segment->id, segment->end,
		segment->next, segment->least, segment->live_bytes,
		segment->live_count, segment->tomb_bytes, segment->frame_bytes,
		segment->damaged };

	return words_put(at, words, SEGMENT_WORDS);
}

uint8_t *
manifest_body_put(uint8_t *at, const struct manifest *manifest)
{
	const uint64_t fixed[BODY_FIXED / 8] = { manifest->seed,
		manifest->sequence, manifest->durable, manifest->lost,
		manifest->run_count, manifest->segment_count,
		manifest->missing.count, manifest->dropped.count };

	at = words_put(at, fixed, BODY_FIXED / 8);
	at = words_put(at, manifest->runs, manifest->run_count);
	for (size_t i = 0; i < manifest->segment_count; i++)
		at = segment_put(at, &manifest->segments[i]);
	at = words_put(at, manifest->missing.ids, manifest->missing.count);
	return words_put(at, manifest->dropped.ids, manifest->dropped.count);
}

/* ---- decoding ------------------------------------------------------------------- */

static enum ouro_status
body_damaged(const char *path, const char *what, struct ouro_error *err)
{
	return error_set(err, OURO_DAMAGED, "%s: %s", path, what);
}

/* What is left of a body to be read. */
struct rest {
	const uint8_t *at;
	uint64_t words;
};

static uint64_t
word_get(struct rest *rest)
{
	uint64_t word = get_u64le(rest->at);

	assert(rest->words > 0);
	rest->at += 8;
	rest->words--;
	return word;
}

/* NULL when out of memory; never for a count of 0. */
static uint64_t *
words_get(struct rest *rest, uint64_t count)
{
	uint64_t *words = calloc((size_t)count + 1, sizeof *words);

	for (uint64_t i = 0; words != NULL && i < count; i++)
		words[i] = word_get(rest);
	return words;
}

static bool
ascends(const uint64_t *ids, uint64_t count)
{
	for (uint64_t i = 1; i < count; i++)
		if (ids[i] <= ids[i - 1])
			return false;
	return true;
}

static bool
segments_ascend(const struct manifest *manifest)
{
	for (size_t i = 1; i < manifest->segment_count; i++)
		if (manifest->segments[i].id <= manifest->segments[i - 1].id)
			return false;
	return true;
}

static enum ouro_status
segments_get(struct rest *rest, uint64_t count, struct manifest *out,
    struct ouro_error *err)
{
	out->segments = calloc((size_t)count + 1, sizeof *out->segments);
	if (out->segments == NULL)
		return error_memory(err);
	for (uint64_t i = 0; i < count; i++) {
		struct manifest_segment *segment = &out->segments[i];

		segment->id = word_get(rest);
		segment->end = word_get(rest);
		segment->next = word_get(rest);
		segment->least = word_get(rest);
		segment->live_bytes = word_get(rest);
		segment->live_count = word_get(rest);
		segment->tomb_bytes = word_get(rest);
		segment->frame_bytes = word_get(rest);
		segment->damaged = word_get(rest);
	}
	out->segment_count = (size_t)count;
	return OURO_OK;
}

static enum ouro_status
ids_get(struct rest *rest, uint64_t count, struct id_set *out,
    struct ouro_error *err)
{
	out->ids = words_get(rest, count);
	if (out->ids == NULL)
		return error_memory(err);
	out->count = (size_t)count;
	out->capacity = (size_t)count + 1;
	return OURO_OK;
}

/* Counts are known to add up to what there is. */
static enum ouro_status
lists_get(const char *path, struct rest *rest, const uint64_t counts[4],
    struct manifest *out, struct ouro_error *err)
{
	enum ouro_status status;

	out->runs = words_get(rest, counts[0]);
	if (out->runs == NULL)
		return error_memory(err);
	out->run_count = (size_t)counts[0];
	status = segments_get(rest, counts[1], out, err);
	if (status == OURO_OK)
		status = ids_get(rest, counts[2], &out->missing, err);
	if (status == OURO_OK)
		status = ids_get(rest, counts[3], &out->dropped, err);
	if (status != OURO_OK)
		return status;
	if (!segments_ascend(out) ||
	    !ascends(out->missing.ids, out->missing.count) ||
	    !ascends(out->dropped.ids, out->dropped.count) ||
	    out->durable < out->sequence)
		return body_damaged(path, "is out of order", err);
	return OURO_OK;
}

static bool
counts_fit(const uint64_t counts[4], uint64_t words)
{
	for (int i = 0; i < 4; i++) {
		uint64_t each = i == 1 ? SEGMENT_WORDS : 1;

		if (counts[i] > words / each)
			return false;
		words -= counts[i] * each;
	}
	return words == 0;
}

enum ouro_status
manifest_body_get(const char *path, struct bytes body, struct manifest *out,
    struct ouro_error *err)
{
	struct rest rest = { body.data, body.size / 8 };
	enum ouro_status status;
	uint64_t counts[4];

	*out = (struct manifest){ 0 };
	if (body.size < BODY_FIXED || body.size % 8 != 0)
		return body_damaged(path, "is too short", err);
	out->seed = word_get(&rest);
	out->sequence = word_get(&rest);
	out->durable = word_get(&rest);
	out->lost = word_get(&rest);
	for (int i = 0; i < 4; i++)
		counts[i] = word_get(&rest);
	status = counts_fit(counts, rest.words)
	    ? lists_get(path, &rest, counts, out, err)
	    : body_damaged(path, "has other lists than it tells", err);
	if (status != OURO_OK)
		manifest_release(out);
	return status;
}
