#include "vault/live_walk.h"

#include <stdlib.h>

#include "base/error.h"
#include "vault/reach.h"
#include "vault/vault.h"

#define PAGE_IDS 64

/* Some children of one content, in order. */
struct child_page {
	uint8_t parent[HASH_SIZE];
	size_t level; /* of the parent on the path */
	size_t count, next;
	bool last; /* there are none behind these */
	uint8_t ids[PAGE_IDS][HASH_SIZE];
};

/* ---- children --------------------------------------------------------------- */

static enum ouro_status
page_read(struct ouro_vault *vault, const uint8_t *after,
    struct child_page *page, struct ouro_error *err)
{
	struct row_key prefix = row_id(ROW_CHILD, page->parent, HASH_SIZE);
	struct row_key begin = prefix;
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	if (after != NULL) {
		begin = row_pair(ROW_CHILD, page->parent, after);
		begin.data[begin.size++] = 0; /* right behind it */
		range.begin = row_bytes(&begin);
	}
	page->count = page->next = 0;
	status = engine_scan_open(vault->records, &range, &scan, err);
	if (status != OURO_OK)
		return status;
	while (page->count < PAGE_IDS) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK)
			break;
		if (key.size == 1 + 2 * HASH_SIZE)
			memcpy(page->ids[page->count++], row_last_id(key),
			    HASH_SIZE);
	}
	engine_scan_close(scan);
	page->last = status == OURO_END;
	return page->last ? OURO_OK : status;
}

/* The page stands right behind the child after of that parent. */
static bool
page_stands(const struct child_page *page, size_t level,
    const uint8_t parent[HASH_SIZE], const uint8_t *after)
{
	return page->level == level && after != NULL && page->next > 0 &&
	    memcmp(page->parent, parent, HASH_SIZE) == 0 &&
	    memcmp(page->ids[page->next - 1], after, HASH_SIZE) == 0;
}

/* The child of the last of the path that comes next behind after. */
static enum ouro_status
child_next(struct live_walk *walk, const uint8_t *after, uint8_t out[HASH_SIZE],
    struct ouro_error *err)
{
	size_t level = walk->path.count - 1;
	struct child_page **slot = &walk->pages[level % LIVE_LEVELS];
	struct child_page *page = *slot;
	const uint8_t *parent = walk->path.ids[level];
	enum ouro_status status = OURO_OK;

	if (page == NULL)
		page = *slot = calloc(1, sizeof(*page));
	if (page == NULL)
		return error_memory(err);
	if (!page_stands(page, level, parent, after) ||
	    (page->next == page->count && !page->last)) {
		page->level = level;
		memcpy(page->parent, parent, HASH_SIZE);
		status = page_read(walk->vault, after, page, err);
	}
	if (status != OURO_OK) {
		page->count = page->next = 0;
		return status;
	}
	if (page->next == page->count)
		return OURO_END;
	memcpy(out, page->ids[page->next++], HASH_SIZE);
	return OURO_OK;
}

/* ---- searching ---------------------------------------------------------------- */

/* A child was found behind the last of the path: on to it, unless it leads
 * back. Its row tells that its record is there; one that nobody made, that no
 * version of it is. */
static enum ouro_status
search_enter(struct live_walk *walk, const uint8_t id[HASH_SIZE], bool *entered,
    struct ouro_error *err)
{
	*entered = false;
	if (walk->skip != NULL && memcmp(walk->skip, id, HASH_SIZE) == 0)
		return OURO_OK;
	return id_path_push(&walk->path, id, entered, err);
}

/* Out of a content that nothing keeps, unless the walk itself stands there. */
static bool
search_leave(struct live_walk *walk, uint8_t after[HASH_SIZE])
{
	struct id_path *path = &walk->path;

	if (path->count == walk->stand + 1)
		return false;
	memcpy(after, path->ids[path->count - 1], HASH_SIZE);
	id_path_pop(path);
	return true;
}

/*
 * Makes the path longer, from where the walk stands to the first live content
 * behind after that has a version of its own. Nothing found: the path ends
 * where the walk stands.
 */
static enum ouro_status
search(struct live_walk *walk, struct ouro_error *err)
{
	bool has_after = walk->has_after, live = false;
	uint8_t after[HASH_SIZE];
	enum ouro_status status = OURO_OK;

	memcpy(after, walk->after, HASH_SIZE);
	while (status == OURO_OK && !live) {
		uint8_t id[HASH_SIZE];
		bool entered = false;

		status = child_next(walk, has_after ? after : NULL, id, err);
		if (status == OURO_OK) {
			status = search_enter(walk, id, &entered, err);
			memcpy(after, id, HASH_SIZE);
			has_after = !entered;
		} else if (status == OURO_END && search_leave(walk, after)) {
			has_after = true;
			status = OURO_OK;
		}
		if (status == OURO_OK && entered)
			status = reach_own(walk->vault, id, &live, err);
	}
	return status == OURO_END ? OURO_OK : status;
}

/* ---- the walk -------------------------------------------------------------------- */

enum ouro_status
live_walk_start(struct live_walk *walk, struct ouro_vault *vault,
    const uint8_t top[HASH_SIZE], const uint8_t *after, struct ouro_error *err)
{
	bool added;

	*walk = (struct live_walk){ .vault = vault,
		.has_after = after != NULL };
	if (after != NULL)
		memcpy(walk->after, after, HASH_SIZE);
	return id_path_push(&walk->path, top, &added, err);
}

void
live_walk_release(struct live_walk *walk)
{
	for (size_t i = 0; i < LIVE_LEVELS; i++)
		free(walk->pages[i]);
	id_path_release(&walk->path);
	*walk = (struct live_walk){ 0 };
}

/* Back to the parent, behind the content where the walk stands. */
static void
walk_leave(struct live_walk *walk)
{
	while (walk->path.count > walk->stand + 1)
		id_path_pop(&walk->path);
	memcpy(walk->after, walk->path.ids[walk->stand], HASH_SIZE);
	walk->has_after = true;
	id_path_pop(&walk->path);
	walk->stand--;
}

enum ouro_status
live_walk_child(struct live_walk *walk, uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	enum ouro_status status = search(walk, err);

	if (status != OURO_OK)
		return status;
	if (walk->path.count == 1)
		return OURO_END;
	walk->stand = 1;
	memcpy(id, walk->path.ids[1], HASH_SIZE);
	walk_leave(walk);
	return OURO_OK;
}

enum ouro_status
live_walk_next(struct live_walk *walk, uint8_t id[HASH_SIZE],
    uint8_t parent[HASH_SIZE], uint64_t *depth, struct ouro_error *err)
{
	struct id_path *path = &walk->path;

	while (path->count == walk->stand + 1) {
		enum ouro_status status = search(walk, err);

		if (status != OURO_OK)
			return status;
		if (path->count > walk->stand + 1)
			break;
		if (walk->stand == 0)
			return OURO_END;
		walk_leave(walk);
	}
	memcpy(parent, path->ids[walk->stand], HASH_SIZE);
	memcpy(id, path->ids[++walk->stand], HASH_SIZE);
	walk->has_after = false;
	*depth = walk->stand;
	return OURO_OK;
}
