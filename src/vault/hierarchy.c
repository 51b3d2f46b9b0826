/*
 * hierarchy - parents and children of the C API.
 *
 * What is below a content comes from live_walk; what is above a live content
 * is live as well, so it need only be there.
 */
#include "base/error.h"
#include "seal/canonical.h"
#include "vault/account.h"
#include "vault/live_walk.h"
#include "vault/reach.h"
#include "vault/vault.h"

/* The content that an id stands for. OURO_NOT_FOUND: *content is the id. */
static enum ouro_status
content_of(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    uint8_t content[HASH_SIZE], struct ouro_error *err)
{
	Ouro__RefRecord *ref;
	char text[24];
	enum ouro_status status;

	memcpy(content, id, HASH_SIZE);
	status = reach_target(vault, id, content, &ref, err);
	if (status == OURO_OK && ref != NULL && ref->target.len == 0)
		status = error_set(err, OURO_NOT_FOUND,
		    "version %s is a deletion", id_short(id, text));
	if (ref != NULL)
		canonical_free(&ref->base);
	return status;
}

/* ---- below ---------------------------------------------------------------------- */

/* OURO_NOT_FOUND, which is told already, unless the id has a live child. */
static enum ouro_status
unborn_has_children(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	struct live_walk walk;
	uint8_t child[HASH_SIZE];
	enum ouro_status status = live_walk_start(&walk, vault, id, NULL, NULL);

	if (status == OURO_OK)
		status = live_walk_child(&walk, child, NULL);
	live_walk_release(&walk);
	return status == OURO_END ? OURO_NOT_FOUND : status;
}

/* A parent need not be there: its children know it. */
static enum ouro_status
parent_of_some(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    uint8_t content[HASH_SIZE], struct ouro_error *err)
{
	enum ouro_status status = content_of(vault, id, content, err);

	return status == OURO_NOT_FOUND ? unborn_has_children(vault, id)
					: status;
}

enum ouro_status
ouro_children(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    const uint8_t after[OURO_ID_SIZE], ouro_each_id *each, void *context,
    struct ouro_error *err)
{
	struct live_walk walk = { .vault = vault };
	uint8_t parent[HASH_SIZE], child[HASH_SIZE];
	enum ouro_status status = parent_of_some(vault, id, parent, err);

	if (status == OURO_OK)
		status = live_walk_start(&walk, vault, parent, after, err);
	while (status == OURO_OK) {
		status = live_walk_child(&walk, child, err);
		if (status == OURO_OK && !each(context, child))
			status = OURO_END;
	}
	live_walk_release(&walk);
	return status == OURO_END ? OURO_OK : status;
}

enum ouro_status
ouro_descendants(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    ouro_each_node *each, void *context, struct ouro_error *err)
{
	struct live_walk walk = { .vault = vault };
	uint8_t top[HASH_SIZE], at[HASH_SIZE], parent[HASH_SIZE];
	uint64_t depth;
	enum ouro_status status = parent_of_some(vault, id, top, err);

	if (status == OURO_OK)
		status = live_walk_start(&walk, vault, top, NULL, err);
	while (status == OURO_OK) {
		status = live_walk_next(&walk, at, parent, &depth, err);
		if (status == OURO_OK && !each(context, at, parent, depth))
			status = OURO_END;
	}
	live_walk_release(&walk);
	return status == OURO_END ? OURO_OK : status;
}

/* ---- above ---------------------------------------------------------------------- */

/* OURO_END: it has no parent. */
static enum ouro_status
parent_of(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    uint8_t parent[HASH_SIZE], struct ouro_error *err)
{
	Ouro__ContentRecord *record;
	enum ouro_status status = account_load(vault, id, &record, err);

	if (status != OURO_OK)
		return status;
	if (record->parent.len == HASH_SIZE)
		memcpy(parent, record->parent.data, HASH_SIZE);
	else
		status = OURO_END;
	canonical_free(&record->base);
	return status;
}

enum ouro_status
ouro_parent(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    uint8_t parent[OURO_ID_SIZE], struct ouro_error *err)
{
	uint8_t content[HASH_SIZE];
	char text[24];
	enum ouro_status status = content_of(vault, id, content, err);

	if (status == OURO_OK)
		status = parent_of(vault, content, parent, err);
	if (status == OURO_END)
		status = error_set(err, OURO_NOT_FOUND,
		    "content %s has no parent", id_short(content, text));
	return status;
}

/* Records that lead in a circle were not made by us; the path notices. */
static enum ouro_status
ancestor_enter(struct id_path *path, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	bool added;
	char text[24];
	enum ouro_status status = id_path_push(path, id, &added, err);

	if (status == OURO_OK && !added)
		status = error_set(err, OURO_DAMAGED,
		    "content %s is recorded as its own ancestor",
		    id_short(id, text));
	return status;
}

enum ouro_status
ouro_ancestors(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    ouro_each_id *each, void *context, struct ouro_error *err)
{
	struct id_path path = { 0 };
	uint8_t at[HASH_SIZE];
	enum ouro_status status = content_of(vault, id, at, err);

	while (status == OURO_OK) {
		status = ancestor_enter(&path, at, err);
		if (status == OURO_OK)
			status = parent_of(vault, at, at, err);
		if (status == OURO_OK &&
		    (!reach_has_record(vault, ROW_CONTENT, at) ||
			!each(context, at)))
			status = OURO_END;
	}
	id_path_release(&path);
	return status == OURO_END ? OURO_OK : status;
}

/* ---- roots ---------------------------------------------------------------------- */

struct roots_walk {
	struct ouro_vault *vault;
	ouro_each_id *each;
	void *context;
};

static enum ouro_status
root_visit(const struct roots_walk *walk, struct bytes key,
    struct ouro_error *err)
{
	const uint8_t *id = row_last_id(key);
	enum ouro_status status;

	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	status = reach_content(walk->vault, id, err);
	if (status != OURO_OK)
		return status == OURO_NOT_FOUND ? OURO_OK : status;
	return walk->each(walk->context, id) ? OURO_OK : OURO_END;
}

enum ouro_status
ouro_roots(struct ouro_vault *vault, const uint8_t after[OURO_ID_SIZE],
    ouro_each_id *each, void *context, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_ROOT), begin;
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };
	struct roots_walk walk = { vault, each, context };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	if (after != NULL) {
		begin = row_id(ROW_ROOT, after, HASH_SIZE);
		begin.data[begin.size++] = 0; /* right behind it */
		range.begin = row_bytes(&begin);
	}
	status = engine_scan_open(vault->records, &range, &scan, err);
	if (status != OURO_OK)
		return status;
	while (status == OURO_OK) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status == OURO_OK)
			status = root_visit(&walk, key, err);
	}
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}
