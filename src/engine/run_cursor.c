#include "base/error.h"
#include "engine/run_node.h"
#include "engine/run_read.h"

void
run_cursor_init(struct run_cursor *cursor, struct run *run)
{
	*cursor = (struct run_cursor){ .run = run };
}

static void
page_leave(struct run_cursor *cursor)
{
	if (cursor->copy != NULL)
		run_copy_unref(cursor->copy);
	cursor->copy = NULL;
	cursor->data = NULL;
	cursor->valid = false;
}

void
run_cursor_release(struct run_cursor *cursor)
{
	page_leave(cursor);
}

/* Holds the page, of this level of the tree. */
static enum ouro_status
page_enter(struct run_cursor *cursor, uint64_t number, unsigned level,
    struct ouro_error *err)
{
	struct run_held held;
	enum ouro_status status;

	page_leave(cursor);
	status = run_hold(cursor->run, number, &held, err);
	if (status != OURO_OK)
		return status;
	cursor->data = held.data;
	cursor->copy = held.copy;
	cursor->page = number;
	cursor->count = run_node_count(held.data);
	return run_node_fits(held.data, level)
	    ? OURO_OK
	    : run_page_damaged(cursor->run->file, number, err);
}

/* The child that has the key, if any has. */
static enum ouro_status
child_find(const struct run_cursor *cursor, struct bytes key, bool last,
    unsigned level, uint64_t *out, struct ouro_error *err)
{
	const struct run_layout *at = &cursor->run->at;
	unsigned rank = cursor->count;
	const uint8_t *rest = NULL;
	struct bytes least;

	if (last || run_node_rank(cursor->data, key, true, &rank))
		rest = run_node_key(cursor->data, rank > 0 ? rank - 1 : 0,
		    &least);
	if (rest == NULL ||
	    varint_get(rest, cursor->data + RUN_ROOM, out) == NULL ||
	    (level > 1 ? *out < at->inner_first || *out >= cursor->page
		       : *out < 1 || *out > at->leaves))
		return run_page_damaged(cursor->run->file, cursor->page, err);
	return OURO_OK;
}

/* Stands in the leaf that has the key, if any has. */
static enum ouro_status
leaf_find(struct run_cursor *cursor, struct bytes key, bool last,
    struct ouro_error *err)
{
	uint64_t number = cursor->run->at.root;

	for (unsigned level = cursor->run->at.levels; level > 0; level--) {
		enum ouro_status status = page_enter(cursor, number, level,
		    err);

		if (status == OURO_OK)
			status = child_find(cursor, key, last, level, &number,
			    err);
		if (status != OURO_OK)
			return status;
	}
	return page_enter(cursor, number, 0, err);
}

static enum ouro_status
entry_load(struct run_cursor *cursor, struct ouro_error *err)
{
	const struct run *run = cursor->run;
	const uint8_t *rest = run_node_key(cursor->data, cursor->index,
	    &cursor->key);

	cursor->valid = rest != NULL &&
	    run_entry_place(cursor->data, rest, run->ids, run->at.segments,
		&cursor->place);
	return cursor->valid ? OURO_OK
			     : run_page_damaged(run->file, cursor->page, err);
}

/* The first or last entry of the next leaf in the direction. */
static enum ouro_status
leaf_next(struct run_cursor *cursor, struct ouro_error *err)
{
	uint64_t number = cursor->reverse ? cursor->page - 1 : cursor->page + 1;
	enum ouro_status status;

	page_leave(cursor);
	if (number == 0 || number > cursor->run->at.leaves)
		return OURO_OK;
	status = page_enter(cursor, number, 0, err);
	if (status != OURO_OK) {
		page_leave(cursor);
		return status;
	}
	cursor->index = cursor->reverse ? cursor->count - 1 : 0;
	return entry_load(cursor, err);
}

static enum ouro_status
leaf_seek(struct run_cursor *cursor, struct bytes key, bool after,
    struct ouro_error *err)
{
	bool last = cursor->reverse && key.size == 0;
	enum ouro_status status = leaf_find(cursor, key, last, err);
	unsigned rank;

	if (status != OURO_OK)
		return status;
	rank = cursor->count;
	if (!last &&
	    !run_node_rank(cursor->data, key, after && !cursor->reverse, &rank))
		return run_page_damaged(cursor->run->file, cursor->page, err);
	if (cursor->reverse ? rank == 0 : rank == cursor->count)
		return leaf_next(cursor, err);
	cursor->index = cursor->reverse ? rank - 1 : rank;
	return entry_load(cursor, err);
}

enum ouro_status
run_cursor_seek(struct run_cursor *cursor, struct bytes key, bool after,
    bool reverse, struct ouro_error *err)
{
	enum ouro_status status;

	page_leave(cursor);
	cursor->reverse = reverse;
	if (cursor->run->at.entries == 0)
		return OURO_OK;
	status = leaf_seek(cursor, key, after, err);
	if (status != OURO_OK)
		page_leave(cursor);
	return status;
}

enum ouro_status
run_cursor_next(struct run_cursor *cursor, struct ouro_error *err)
{
	if (!cursor->valid)
		return OURO_OK;
	if (cursor->reverse ? cursor->index == 0
			    : cursor->index + 1 == cursor->count)
		return leaf_next(cursor, err);
	cursor->index += cursor->reverse ? -1u : 1u;
	return entry_load(cursor, err);
}
