#include "engine/run_build.h"

#include <inttypes.h>

#include "base/error.h"
#include "engine/run_table.h"

/* A page whose keys are wrong was changed since we wrote it. */
static enum ouro_status
leaf_read(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status = run_page_read(&build->check, build->file,
	    build->next, build->page, err);

	if (status == OURO_OK && !run_node_fits(build->page, 0))
		status = run_page_damaged(build->file, build->next, err);
	return status;
}

/* ---- the tree ------------------------------------------------------------------- */

/* The shortest beginning of key that is above what was last. */
static struct bytes
separator(const struct run_build *build, struct bytes key)
{
	size_t same = 0;

	while (same < build->last_size && same < key.size &&
	    build->last[same] == key.data[same])
		same++;
	return bytes_of(key.data, same < key.size ? same + 1 : same);
}

static enum ouro_status
leaf_climb(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status = leaf_read(build, err);
	struct bytes first, last;

	if (status != OURO_OK)
		return status;
	if (run_node_key(build->page, 0, &first) == NULL ||
	    run_node_key(build->page, run_node_count(build->page) - 1, &last) ==
		NULL)
		return run_page_damaged(build->file, build->next, err);
	status = run_tree_add(&build->tree, 0, separator(build, first),
	    build->next, err);
	memcpy(build->last, last.data, last.size);
	build->last_size = last.size;
	return status;
}

enum ouro_status
run_fill_tree(struct run_build *build, struct ouro_error *err)
{
	uint64_t end = build->next + RUN_PIECE;
	enum ouro_status status;

	for (; build->next <= build->at.leaves && build->next < end;
	     build->next++) {
		status = leaf_climb(build, err);
		if (status != OURO_OK)
			return status;
	}
	if (build->next <= build->at.leaves)
		return OURO_OK;
	status = run_tree_end(&build->tree, &build->at.root, &build->at.levels,
	    err);
	if (status == OURO_OK)
		status = run_writer_flush(&build->writer, err);
	if (status != OURO_OK)
		return status;
	build->at.inner = build->writer.next - 1 - build->at.leaves;
	run_tree_release(&build->tree);
	build->at.hash = build->at.entries / RUN_SLOTS_USED + 1;
	build->at.blocks = build->at.entries * RUN_KEY_BITS / (8 * RUN_BLOCK) +
	    1;
	build->stage = RUN_FILLING;
	return run_fill_begin(build, err);
}

/* ---- table and filter ------------------------------------------------------------- */

void
run_fill_end(struct run_build *build)
{
	if (build->map != NULL)
		fs_unmap(build->store.fs, build->map, build->map_size);
	build->map = NULL;
}

enum ouro_status
run_fill_begin(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status;
	void *map;

	run_layout_set(&build->at);
	if (build->at.ids_first > RUN_PAGES_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "%s: an index file of more than 256 TiB", build->path);
	build->map_size = (size_t)build->at.ids_first * RUN_PAGE;
	status = fs_allocate(build->file, build->map_size, err);
	if (status == OURO_OK)
		status = fs_map(build->file, build->map_size,
		    FS_READ | FS_WRITE, &map, err);
	if (status != OURO_OK)
		return status;
	build->map = map;
	build->next = 1;
	return OURO_OK;
}

/* All anew, with more pages: those there are were not enough for the keys
 * that chance gave to one of them. */
static enum ouro_status
table_widen(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status;

	run_fill_end(build);
	build->at.hash += build->at.hash / 4 + 1;
	if (build->at.hash > build->at.entries + 1)
		return error_set(err, OURO_INVALID,
		    "%s: more than %u of its keys have one hash", build->path,
		    RUN_SLOTS);
	status = fs_truncate(build->file, build->at.hash_first * RUN_PAGE, err);
	return status == OURO_OK ? run_fill_begin(build, err) : status;
}

/* False: the page is full. */
static bool
table_put(struct run_build *build, uint64_t hash, uint64_t position)
{
	uint64_t number = build->at.hash_first +
	    run_share(hash, build->at.hash);
	uint8_t *page = build->map + number * RUN_PAGE;
	unsigned group = run_group_first(hash);

	for (unsigned i = 0; i < RUN_SLOTS; i++) {
		uint8_t *at = page +
		    8 * (size_t)(RUN_GROUP * group + i % RUN_GROUP);

		if (get_u64le(at) == 0) {
			put_u64le(at, run_slot(hash, position));
			return true;
		}
		if (i % RUN_GROUP == RUN_GROUP - 1)
			group = run_group_next(group);
	}
	return false;
}

static void
filter_put(struct run_build *build, uint64_t hash)
{
	uint64_t block = run_share(hash, build->at.blocks);
	uint64_t number = build->at.filter_first + block / RUN_BLOCKS;

	run_filter_set(build->map + number * RUN_PAGE +
		block % RUN_BLOCKS * RUN_BLOCK,
	    hash);
}

static enum ouro_status
leaf_fill(struct run_build *build, bool *full, struct ouro_error *err)
{
	enum ouro_status status = leaf_read(build, err);
	const uint8_t *page = build->page;
	unsigned count = run_node_count(page);

	for (unsigned i = 0; status == OURO_OK && i < count; i++) {
		unsigned offset = get_u16le(page + RUN_ROOM - 2 * (i + 1));
		struct bytes key;
		uint64_t hash;

		if (run_entry_key(page, offset, &key) == NULL)
			return run_page_damaged(build->file, build->next, err);
		hash = key_hash(build->at.seed, key);
		if (!table_put(build, hash, build->next * RUN_PAGE + offset)) {
			*full = true;
			return OURO_OK;
		}
		filter_put(build, hash);
	}
	return status;
}

enum ouro_status
run_fill_tables(struct run_build *build, struct ouro_error *err)
{
	uint64_t end = build->next + RUN_PIECE;
	bool full = false;

	for (; build->next <= build->at.leaves && build->next < end;
	     build->next++) {
		enum ouro_status status = leaf_fill(build, &full, err);

		if (status != OURO_OK)
			return status;
		if (full)
			return table_widen(build, err);
	}
	if (build->next <= build->at.leaves)
		return OURO_OK;
	build->stage = RUN_CHECKING;
	build->next = build->at.hash_first;
	return OURO_OK;
}

enum ouro_status
run_fill_checks(struct run_build *build, struct ouro_error *err)
{
	uint64_t end = build->next + RUN_PIECE;

	if (end > build->at.ids_first)
		end = build->at.ids_first;
	for (; build->next < end; build->next++) {
		enum ouro_status status = run_page_make(&build->check,
		    build->next, build->map + build->next * RUN_PAGE, err);

		if (status != OURO_OK)
			return status;
	}
	if (build->next < build->at.ids_first)
		return OURO_OK;
	run_fill_end(build);
	build->stage = RUN_CLOSING;
	return OURO_OK;
}
