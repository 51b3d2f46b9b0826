#include "engine/range.h"

/* The least key greater than all keys with this prefix; false: there is
 * none. */
static bool
prefix_successor(struct buffer *key)
{
	while (key->size > 0 && key->data[key->size - 1] == 0xff)
		key->size--;
	if (key->size == 0)
		return false;
	key->data[key->size - 1]++;
	return true;
}

static enum ouro_status
upper_set(struct range_walk *walk, const struct engine_range *range,
    struct ouro_error *err)
{
	enum ouro_status status = buffer_set(&walk->upper, range->prefix, err);

	if (status != OURO_OK)
		return status;
	walk->bounded = prefix_successor(&walk->upper);
	if (range->end.size == 0)
		return OURO_OK;
	if (walk->bounded &&
	    bytes_compare(range->end, buffer_bytes(&walk->upper)) >= 0)
		return OURO_OK;
	walk->bounded = true;
	return buffer_set(&walk->upper, range->end, err);
}

enum ouro_status
range_walk_init(struct range_walk *walk, const struct engine_range *range,
    struct ouro_error *err)
{
	struct bytes lower = range->begin;
	enum ouro_status status;

	*walk = (struct range_walk){ .reverse = range->reverse };
	if (bytes_compare(range->prefix, lower) > 0)
		lower = range->prefix;
	status = buffer_set(&walk->lower, lower, err);
	if (status == OURO_OK)
		status = upper_set(walk, range, err);
	if (status != OURO_OK)
		range_walk_release(walk);
	return status;
}

void
range_walk_release(struct range_walk *walk)
{
	buffer_release(&walk->lower);
	buffer_release(&walk->upper);
	buffer_release(&walk->last);
}

bool
range_holds(const struct range_walk *walk, struct bytes key)
{
	if (walk->reverse)
		return bytes_compare(key, buffer_bytes(&walk->lower)) >= 0;
	return !walk->bounded ||
	    bytes_compare(key, buffer_bytes(&walk->upper)) < 0;
}

bool
range_walk_find(const struct range_walk *walk, const struct table *table,
    struct table_cursor *cursor)
{
	struct bytes last = buffer_bytes(&walk->last);
	bool found;

	if (!walk->reverse)
		found = table_seek(table,
		    walk->started ? last : buffer_bytes(&walk->lower),
		    walk->started, cursor);
	else if (walk->started)
		found = table_seek_before(table, last, cursor);
	else if (walk->bounded)
		found = table_seek_before(table, buffer_bytes(&walk->upper),
		    cursor);
	else
		found = table_last(table, cursor);
	return found && range_holds(walk, cursor->key);
}

bool
range_walk_step(const struct range_walk *walk, struct table_cursor *cursor)
{
	bool found = walk->reverse ? table_previous(cursor)
				   : table_next(cursor);

	return found && range_holds(walk, cursor->key);
}

enum ouro_status
range_walk_pass(struct range_walk *walk, struct bytes key,
    struct ouro_error *err)
{
	walk->started = true;
	return buffer_set(&walk->last, key, err);
}
