#include "vault/roots.h"

#include "vault/batch_children.h"
#include "vault/reach.h"
#include "vault/vault.h"

bool
roots_has(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);

	return engine_exists(vault->records, row_bytes(&key), NULL, NULL) !=
	    OURO_NOT_FOUND;
}

/* A row of c or o as it will be after the batch so far. */
static bool
row_will_be(const struct batch *batch, const struct row_key *key)
{
	const struct engine_op *op = batch_find(batch, row_bytes(key));

	if (op != NULL)
		return op->kind == ENGINE_PUT;
	return engine_exists(batch->vault->records, row_bytes(key), NULL,
		   NULL) != OURO_NOT_FOUND;
}

/* Makes the row o be there or not; writes nothing when it is so. */
static enum ouro_status
root_set(struct batch *batch, const uint8_t id[HASH_SIZE], bool wanted,
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_ROOT, id, HASH_SIZE);

	if (row_will_be(batch, &key) == wanted)
		return OURO_OK;
	return wanted ? batch_put(batch, &key, bytes_of(NULL, 0), err)
		      : batch_delete(batch, &key, err);
}

/* The row w of a child whose parent is not there, or comes. */
static enum ouro_status
awaited_set(struct batch *batch, const uint8_t parent[HASH_SIZE],
    const uint8_t id[HASH_SIZE], bool wanted, struct ouro_error *err)
{
	struct row_key key = row_pair(ROW_AWAITED, parent, id);

	return wanted ? batch_put(batch, &key, bytes_of(NULL, 0), err)
		      : batch_delete(batch, &key, err);
}

/* ---- the children of one that comes or goes ------------------------------------ */

struct settling {
	struct batch *batch;
	const uint8_t *parent;
	bool orphan; /* the parent goes */
	enum ouro_status status;
	struct ouro_error *err;
};

/* A child whose own record goes with this batch is no root. */
static bool
child_settle(void *context, const uint8_t id[HASH_SIZE])
{
	struct settling *settling = context;
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	enum ouro_status status;

	if (settling->orphan && !row_will_be(settling->batch, &key))
		return true;
	status = root_set(settling->batch, id, settling->orphan, settling->err);
	if (status == OURO_OK)
		status = awaited_set(settling->batch, settling->parent, id,
		    settling->orphan, settling->err);
	settling->status = status;
	return status == OURO_OK;
}

/* The children that the batch itself has under that parent. */
static void
children_added(struct settling *settling, enum row_table table)
{
	struct batch *batch = settling->batch;
	size_t at;

	settling->status = batch_child_last(batch, table, settling->parent, &at,
	    settling->err);
	while (settling->status == OURO_OK && at != BATCH_NONE) {
		uint8_t child[HASH_SIZE];

		memcpy(child, row_last_id(batch->ops[at].key), HASH_SIZE);
		child_settle(settling, child);
		at = batch_child_before(batch, at);
	}
}

/* Who goes has its children in the rows d; who comes, if it has any, in w. */
static enum ouro_status
children_settle(struct batch *batch, const uint8_t id[HASH_SIZE], bool orphan,
    struct ouro_error *err)
{
	enum row_table table = orphan ? ROW_CHILD : ROW_AWAITED;
	struct settling settling = { batch, id, orphan, OURO_OK, err };
	enum ouro_status status = reach_pairs(batch->vault, table, id,
	    child_settle, &settling, err);

	if (status == OURO_OK && settling.status == OURO_OK)
		children_added(&settling, table);
	return status == OURO_OK ? settling.status : status;
}

static bool
parent_will_be(const struct batch *batch, const uint8_t *parent)
{
	struct row_key key;

	if (parent == NULL)
		return false;
	key = row_id(ROW_CONTENT, parent, HASH_SIZE);
	return row_will_be(batch, &key);
}

enum ouro_status
roots_added(struct batch *batch, const uint8_t id[HASH_SIZE],
    const uint8_t *parent, struct ouro_error *err)
{
	bool there = parent_will_be(batch, parent);
	enum ouro_status status = root_set(batch, id, !there, err);

	if (status == OURO_OK && parent != NULL && !there)
		status = awaited_set(batch, parent, id, true, err);
	return status == OURO_OK ? children_settle(batch, id, false, err)
				 : status;
}

enum ouro_status
roots_dropped(struct batch *batch, const uint8_t id[HASH_SIZE],
    const uint8_t *parent, struct ouro_error *err)
{
	bool there = parent_will_be(batch, parent);
	enum ouro_status status = root_set(batch, id, false, err);

	if (status == OURO_OK && parent != NULL && !there)
		status = awaited_set(batch, parent, id, false, err);
	return status == OURO_OK ? children_settle(batch, id, true, err)
				 : status;
}
