#include "vault/context.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

/*
 * Invariants of every context
 *   1. entries ascend by incarnation and each has at least one number.
 *   2. beyond ascends; between two spans, and between through and the first
 *      span, at least one number is missing.
 *   3. an array of n > 0 items has room for the next power of two >= n.
 *   4. beyond_count <= CONTEXT_SPANS_MAX, so that every entry can be read
 *      again from its stored form.
 */

/* ---- arrays --------------------------------------------------------------- */

static size_t
array_capacity(size_t count)
{
	size_t capacity = 1;

	while (capacity < count)
		capacity *= 2;
	return capacity;
}

/* Room for one more item than count; NULL when out of memory. */
static void *
array_grow(void *items, size_t count, size_t item_size)
{
	if (count > 0 && array_capacity(count) > count)
		return items;
	return reallocarray(items, array_capacity(count + 1), item_size);
}

/* ---- spans ---------------------------------------------------------------- */

static enum ouro_status
spans_too_many(struct ouro_error *err)
{
	return error_set(err, OURO_TOO_LARGE,
	    "one writer's numbers have more than %d gaps", CONTEXT_SPANS_MAX);
}

/* Takes what is no longer beyond a gap into through. */
static void
entry_settle(struct context_entry *entry)
{
	struct dot_span *span = entry->beyond;

	if (entry->beyond_count == 0 || span->first - 1 > entry->through)
		return;
	assert(span->last > entry->through);
	entry->through = span->last;
	entry->beyond_count--;
	memmove(span, span + 1, entry->beyond_count * sizeof(*span));
}

/* The first span that ends at or after number, or beyond_count. */
static size_t
span_seek(const struct context_entry *entry, uint64_t number)
{
	size_t low = 0, high = entry->beyond_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entry->beyond[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A span of its own at place i. */
static enum ouro_status
span_insert(struct context_entry *entry, size_t i, uint64_t number,
    struct ouro_error *err)
{
	struct dot_span *spans;

	if (entry->beyond_count >= CONTEXT_SPANS_MAX)
		return spans_too_many(err);
	spans = array_grow(entry->beyond, entry->beyond_count, sizeof(*spans));
	if (spans == NULL)
		return error_memory(err);
	memmove(spans + i + 1, spans + i,
	    (entry->beyond_count - i) * sizeof(*spans));
	spans[i] = (struct dot_span){ number, number };
	entry->beyond = spans;
	entry->beyond_count++;
	return OURO_OK;
}

static enum ouro_status
entry_add(struct context_entry *entry, uint64_t number, struct ouro_error *err)
{
	size_t i = span_seek(entry, number);
	struct dot_span *spans = entry->beyond;
	bool before, after;

	if (number <= entry->through ||
	    (i < entry->beyond_count && spans[i].first <= number))
		return OURO_OK;
	if (number - 1 == entry->through) {
		entry->through = number;
		entry_settle(entry);
		return OURO_OK;
	}
	before = i > 0 && spans[i - 1].last == number - 1;
	after = i < entry->beyond_count && spans[i].first - 1 == number;
	if (before && after) {
		spans[i - 1].last = spans[i].last;
		entry->beyond_count--;
		memmove(spans + i, spans + i + 1,
		    (entry->beyond_count - i) * sizeof(*spans));
	} else if (before) {
		spans[i - 1].last = number;
	} else if (after) {
		spans[i].first = number;
	} else {
		return span_insert(entry, i, number, err);
	}
	return OURO_OK;
}

/* Spans come in ascending order of first; out has room for one more. */
static void
entry_append(struct context_entry *out, const struct dot_span *span)
{
	struct dot_span *last = out->beyond + out->beyond_count;

	if (span->last <= out->through)
		return;
	if (out->beyond_count == 0 && span->first - 1 <= out->through)
		out->through = span->last;
	else if (out->beyond_count == 0 || span->first - 1 > last[-1].last)
		out->beyond[out->beyond_count++] = *span;
	else if (span->last > last[-1].last)
		last[-1].last = span->last;
}

/* *out, which owns its spans, has what a and b have of one incarnation. */
static enum ouro_status
entry_merge(const struct context_entry *a, const struct context_entry *b,
    struct context_entry *out, struct ouro_error *err)
{
	size_t count = a->beyond_count + b->beyond_count, i = 0, j = 0;

	*out = *a;
	out->through = a->through > b->through ? a->through : b->through;
	out->beyond = NULL;
	out->beyond_count = 0;
	if (count == 0)
		return OURO_OK;
	out->beyond = calloc(array_capacity(count), sizeof(*out->beyond));
	if (out->beyond == NULL)
		return error_memory(err);
	while (i < a->beyond_count || j < b->beyond_count) {
		if (j == b->beyond_count ||
		    (i < a->beyond_count &&
			a->beyond[i].first <= b->beyond[j].first))
			entry_append(out, &a->beyond[i++]);
		else
			entry_append(out, &b->beyond[j++]);
	}
	if (out->beyond_count <= CONTEXT_SPANS_MAX)
		return OURO_OK;
	free(out->beyond);
	return spans_too_many(err);
}

static bool
entry_equal(const struct context_entry *a, const struct context_entry *b)
{
	if (memcmp(a->incarnation, b->incarnation, INCARNATION_SIZE) != 0 ||
	    a->through != b->through || a->beyond_count != b->beyond_count)
		return false;
	for (size_t i = 0; i < a->beyond_count; i++)
		if (a->beyond[i].first != b->beyond[i].first ||
		    a->beyond[i].last != b->beyond[i].last)
			return false;
	return true;
}

/* ---- entries -------------------------------------------------------------- */

void
context_release(struct context *context)
{
	for (size_t i = 0; i < context->count; i++)
		free(context->entries[i].beyond);
	free(context->entries);
	*context = (struct context){ 0 };
}

/* Where the incarnation's entry is or belongs; true when it is there. */
static bool
context_seek(const struct context *context,
    const uint8_t incarnation[INCARNATION_SIZE], size_t *place)
{
	size_t low = 0, high = context->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(context->entries[middle].incarnation,
		    incarnation, INCARNATION_SIZE);

		if (order == 0) {
			*place = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*place = low;
	return false;
}

const struct context_entry *
context_find(const struct context *context,
    const uint8_t incarnation[INCARNATION_SIZE])
{
	size_t i;

	return context_seek(context, incarnation, &i) ? &context->entries[i]
						      : NULL;
}

/* The entry's spans pass to the context, but not on failure. */
static enum ouro_status
context_insert(struct context *context, size_t place,
    const struct context_entry *entry, struct ouro_error *err)
{
	struct context_entry *entries = array_grow(context->entries,
	    context->count, sizeof(*entries));

	if (entries == NULL)
		return error_memory(err);
	memmove(entries + place + 1, entries + place,
	    (context->count - place) * sizeof(*entries));
	entries[place] = *entry;
	context->entries = entries;
	context->count++;
	return OURO_OK;
}

bool
context_has(const struct context *context, const struct dot *dot)
{
	const struct context_entry *entry = context_find(context,
	    dot->incarnation);
	size_t i;

	if (entry == NULL || dot->number == 0)
		return false;
	if (dot->number <= entry->through)
		return true;
	i = span_seek(entry, dot->number);
	return i < entry->beyond_count && entry->beyond[i].first <= dot->number;
}

bool
context_has_through(const struct context *context, const struct dot *dot)
{
	const struct context_entry *entry = context_find(context,
	    dot->incarnation);

	return dot->number == 0 ||
	    (entry != NULL && dot->number <= entry->through);
}

enum ouro_status
context_add(struct context *context, const struct dot *dot,
    struct ouro_error *err)
{
	struct context_entry entry = { 0 };
	enum ouro_status status;
	size_t i;

	assert(dot->number > 0);
	if (context_seek(context, dot->incarnation, &i))
		return entry_add(&context->entries[i], dot->number, err);
	memcpy(entry.incarnation, dot->incarnation, INCARNATION_SIZE);
	status = entry_add(&entry, dot->number, err);
	if (status == OURO_OK)
		status = context_insert(context, i, &entry, err);
	if (status != OURO_OK)
		free(entry.beyond);
	return status;
}

/* ---- whole contexts ------------------------------------------------------- */

static const struct context_entry nothing;

static enum ouro_status
context_unite_one(struct context *context, const struct context_entry *other,
    struct ouro_error *err)
{
	struct context_entry united;
	enum ouro_status status;
	size_t i;
	bool found = context_seek(context, other->incarnation, &i);

	status = entry_merge(other, found ? &context->entries[i] : &nothing,
	    &united, err);
	if (status != OURO_OK)
		return status;
	if (found) {
		free(context->entries[i].beyond);
		context->entries[i] = united;
		return OURO_OK;
	}
	status = context_insert(context, i, &united, err);
	if (status != OURO_OK)
		free(united.beyond);
	return status;
}

/* Which of the two has the next entry: <0 a, >0 b, 0 both. */
static int
next_order(const struct context *a, size_t i, const struct context *b, size_t j)
{
	if (i == a->count)
		return 1;
	if (j == b->count)
		return -1;
	return memcmp(a->entries[i].incarnation, b->entries[j].incarnation,
	    INCARNATION_SIZE);
}

/* Builds the union beside both, so that a failure changes nothing. */
enum ouro_status
context_unite(struct context *context, const struct context *other,
    struct ouro_error *err)
{
	struct context united = { 0 };
	size_t i = 0, j = 0, total = context->count + other->count;
	enum ouro_status status = OURO_OK;

	if (other->count == 0)
		return OURO_OK;
	if (other->count == 1)
		return context_unite_one(context, &other->entries[0], err);
	united.entries = calloc(array_capacity(total), sizeof(*united.entries));
	if (united.entries == NULL)
		return error_memory(err);
	while (i < context->count || j < other->count) {
		int order = next_order(context, i, other, j);

		status = entry_merge(order <= 0 ? &context->entries[i]
						: &other->entries[j],
		    order == 0 ? &other->entries[j] : &nothing,
		    &united.entries[united.count], err);
		if (status != OURO_OK)
			break;
		united.count++;
		i += order <= 0;
		j += order >= 0;
	}
	if (status != OURO_OK) {
		context_release(&united);
		return status;
	}
	context_release(context);
	*context = united;
	return OURO_OK;
}

bool
context_equal(const struct context *a, const struct context *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!entry_equal(&a->entries[i], &b->entries[i]))
			return false;
	return true;
}
