/*
 * commit_keys - conditions and deletions: what has to look at keys first.
 */
#include "engine/commit_group.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/conflict.h"
#include "engine/fetch.h"

static enum ouro_status
pending_fill(struct commit_group *group, struct ouro_error *err)
{
	while (group->pending_next != NULL) {
		const struct commit_request *request = group->pending_next;

		for (size_t i = 0; i < request->count; i++) {
			enum ouro_status status = pending_add(&group->pending,
			    &request->ops[i], err);

			if (status != OURO_OK)
				return status;
		}
		group->pending_next = request->next;
	}
	return OURO_OK;
}

/* What the key is before this request: from the group, else the index. */
struct look {
	bool present;
	const struct engine_op *op; /* pending, when not NULL */
	struct location location;   /* else; referenced when present */
};

static enum ouro_status
key_look(const struct commit_group *group, struct bytes key, struct look *look,
    struct ouro_error *err)
{
	enum ouro_status status;

	*look = (struct look){ .op = pending_find(&group->pending, key) };
	if (look->op != NULL) {
		look->present = look->op->kind == ENGINE_PUT;
		return OURO_OK;
	}
	status = index_look(group->log, key, &look->location, err);
	look->present = status == OURO_OK &&
	    look->location.state != PLACE_TOMBSTONE;
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}

static void
look_release(struct look *look)
{
	segment_unref(look->location.segment);
}

static enum ouro_status
value_compare(const struct look *look, const struct engine_op *op, bool *equal,
    struct ouro_error *err)
{
	struct buffer block = { 0 };
	enum ouro_status status;
	struct bytes value;
	bool mapped;

	if (look->op != NULL) {
		*equal = bytes_equal(look->op->value, op->expected);
		return OURO_OK;
	}
	*equal = false;
	if (look->location.state == PLACE_VALUE &&
	    location_clear_size(&look->location) != op->expected.size)
		return OURO_OK;
	status = fetch_value(&look->location, op->key, &block, &value, &mapped,
	    err);
	if (status == OURO_OK)
		*equal = bytes_equal(value, op->expected);
	buffer_release(&block);
	return status;
}

static enum ouro_status
condition_check(const struct commit_group *group, const struct engine_op *op,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	struct look look;
	bool holds;

	if (op->condition == ENGINE_ALWAYS)
		return OURO_OK;
	status = key_look(group, op->key, &look, err);
	if (status == OURO_OK && op->condition == ENGINE_IF_EQUAL &&
	    look.present)
		status = value_compare(&look, op, &holds, err);
	else
		holds = op->condition == ENGINE_IF_ABSENT && !look.present;
	look_release(&look);
	if (status == OURO_OK && !holds)
		status = conflict_error(op, err);
	return status;
}

/* Of a request that only deletes, keeps what is there to be deleted. */
static enum ouro_status
deletions_keep(const struct commit_group *group, struct commit_request *request,
    struct ouro_error *err)
{
	size_t count = 0;

	request->kept = calloc(request->count, sizeof *request->kept);
	if (request->kept == NULL)
		return error_memory(err);
	for (size_t i = 0; i < request->count; i++) {
		struct look look;
		enum ouro_status status = key_look(group, request->ops[i].key,
		    &look, err);

		if (look.present)
			request->kept[count++] = request->ops[i];
		look_release(&look);
		if (status != OURO_OK)
			return status;
	}
	request->ops = request->kept;
	request->count = count;
	request->packed = NULL; /* without puts there was nothing to pack */
	return OURO_OK;
}

enum ouro_status
commit_keys_check(struct commit_group *group, struct commit_request *request,
    struct ouro_error *err)
{
	bool conditions = false, puts = false;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; i < request->count; i++) {
		conditions |= request->ops[i].condition != ENGINE_ALWAYS;
		puts |= request->ops[i].kind == ENGINE_PUT;
	}
	if (!conditions && puts)
		return OURO_OK;
	status = pending_fill(group, err);
	for (size_t i = 0; status == OURO_OK && i < request->count; i++)
		status = condition_check(group, &request->ops[i], err);
	if (status == OURO_OK && !puts)
		status = deletions_keep(group, request, err);
	return status;
}
