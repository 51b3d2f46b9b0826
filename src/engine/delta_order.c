/*
 * delta_order - the entries of a delta in the order of their keys.
 *
 * The order is a tree that borrows the keys. It is filled when a cursor
 * seeks, with what was added since: all that a cursor may see was added
 * before it was told their number, so going on needs nothing newer.
 */
#include "engine/delta.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/delta_parts.h"

#define BATCH	 (1u << 16) /* entries sorted at once: bounds the scratch */
#define AHEAD	 8u	    /* entries fetched before they are put in */
#define SORT_MIN 32u	    /* fewer go in as they come */

/* ---- filling the tree ---------------------------------------------------------- */

/* In the order of keys each entry is far from the one before. */
static void
entry_prefetch(const struct delta_entry *entry)
{
	__builtin_prefetch(&entry->key_size);
	__builtin_prefetch((const void *)((uintptr_t)entry + 64));
}

static enum ouro_status
entry_put(struct delta *delta, const struct delta_entry *entry,
    struct ouro_error *err)
{
	if (!table_put(delta->order, delta_key(entry),
		(void *)(uintptr_t)entry))
		return error_memory(err);
	return OURO_OK;
}

/* When memory fails half-way, keys may already lead to entries that are not
 * counted as drained. That is no harm: they lead on to the older ones. */
static enum ouro_status
batch_drain(struct delta *delta, size_t count, struct ouro_error *err)
{
	const struct delta_entry **entries = malloc(count * sizeof *entries);
	enum ouro_status status;

	if (entries == NULL)
		return error_memory(err);
	for (size_t i = 0; i < count; i++)
		entries[i] = delta_at(delta, delta->drained + i);
	status = count < SORT_MIN ? OURO_OK : delta_sort(entries, count, err);
	for (size_t i = 0; i < count && status == OURO_OK; i++) {
		if (i + AHEAD < count)
			entry_prefetch(entries[i + AHEAD]);
		status = entry_put(delta, entries[i], err);
	}
	if (status == OURO_OK)
		delta->drained += count;
	free(entries);
	return status;
}

/* With order_lock held. */
static enum ouro_status
order_drain(struct delta *delta, struct ouro_error *err)
{
	size_t count = delta_count(delta);
	enum ouro_status status = OURO_OK;

	if (delta->order == NULL)
		delta->order = table_new_borrowing();
	if (delta->order == NULL)
		return error_memory(err);
	while (delta->drained < count && status == OURO_OK) {
		size_t left = count - delta->drained;

		status = batch_drain(delta, left < BATCH ? left : BATCH, err);
	}
	atomic_store_explicit(&delta->order_memory, table_memory(delta->order),
	    memory_order_relaxed);
	return status;
}

/* ---- cursors ---------------------------------------------------------------------- */

void
delta_cursor_init(struct delta_cursor *cursor, struct delta *delta,
    size_t entries)
{
	*cursor = (struct delta_cursor){ .delta = delta, .entries = entries };
}

/* The newest entries of the keys that follow, visible or not. With order_lock
 * held; the entries can then be read without it. */
static void
page_fill(struct delta_cursor *cursor, struct bytes key, bool after)
{
	const struct table *order = cursor->delta->order;
	struct table_cursor at;
	bool more;

	if (!cursor->reverse)
		more = table_seek(order, key, after, &at);
	else if (key.size > 0)
		more = table_seek_before(order, key, &at);
	else
		more = table_last(order, &at);
	cursor->next = cursor->count = 0;
	while (more && cursor->count < DELTA_PAGE) {
		__builtin_prefetch(at.payload);
		cursor->page[cursor->count++] = at.payload;
		more = cursor->reverse ? table_previous(&at) : table_next(&at);
	}
	cursor->ended = !more;
}

/* To the next visible entry of the page and those that follow. */
static void
cursor_advance(struct delta_cursor *cursor)
{
	struct delta *delta = cursor->delta;

	for (;;) {
		struct bytes last;

		while (cursor->next < cursor->count) {
			cursor->entry = delta_visible(
			    cursor->page[cursor->next++], cursor->entries);
			if (cursor->entry != NULL)
				return;
		}
		cursor->entry = NULL;
		if (cursor->ended)
			return;
		last = delta_key(cursor->page[cursor->count - 1]);
		pthread_mutex_lock(&delta->order_lock);
		page_fill(cursor, last, true);
		pthread_mutex_unlock(&delta->order_lock);
	}
}

enum ouro_status
delta_cursor_seek(struct delta_cursor *cursor, struct bytes key, bool after,
    bool reverse, struct ouro_error *err)
{
	struct delta *delta = cursor->delta;
	enum ouro_status status;

	cursor->entry = NULL;
	cursor->reverse = reverse;
	cursor->count = cursor->next = 0;
	cursor->ended = true;
	pthread_mutex_lock(&delta->order_lock);
	status = order_drain(delta, err);
	if (status == OURO_OK)
		page_fill(cursor, key, after);
	pthread_mutex_unlock(&delta->order_lock);
	if (status == OURO_OK)
		cursor_advance(cursor);
	return status;
}

enum ouro_status
delta_cursor_next(struct delta_cursor *cursor, struct ouro_error *err)
{
	(void)err; /* what follows is in the tree since the seek */
	if (cursor->entry != NULL)
		cursor_advance(cursor);
	return OURO_OK;
}
