#include "engine/run_build.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"

/* ---- begin ---------------------------------------------------------------------- */

static enum ouro_status
build_file(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status = run_path(build->path, build->store.dir,
	    build->at.id, ".tmp", err);

	if (status != OURO_OK)
		return status;
	status = fs_random(build->store.fs, build->at.salt, RUN_SALT, err);
	if (status != OURO_OK)
		return status;
	return fs_open(build->store.fs, build->path,
	    FS_READ | FS_WRITE | FS_CREATE | FS_EXCLUSIVE, &build->file, err);
}

static enum ouro_status
build_prepare(struct run_build *build, struct ouro_error *err)
{
	uint8_t *header;
	enum ouro_status status;

	build->leaf.page = malloc(RUN_PAGE);
	build->page = malloc(RUN_PAGE);
	if (build->leaf.page == NULL || build->page == NULL)
		return error_memory(err);
	status = build_file(build, err);
	if (status != OURO_OK)
		return status;
	header = build->page;
	run_header_encode(&build->at, header);
	status = run_check_init(&build->check, &build->store, header, err);
	if (status == OURO_OK)
		status = run_writer_init(&build->writer, build->file,
		    &build->check, 1, err);
	build->tree.writer = &build->writer;
	run_node_begin(&build->leaf, 0);
	return status;
}

enum ouro_status
run_build_begin(const struct run_store *store, uint64_t id,
    uint64_t entries_max, struct run_build **out, struct ouro_error *err)
{
	struct run_build *build = calloc(1, sizeof *build);
	enum ouro_status status;

	if (build == NULL)
		return error_memory(err);
	build->store = *store;
	build->entries_max = entries_max;
	build->at.id = id;
	build->at.seed = store->seed;
	build->at.sealed = store->seal_key != NULL;
	status = build_prepare(build, err);
	if (status == OURO_OK)
		*out = build;
	else
		run_build_abort(build);
	return status;
}

/* Leaves the file, if it is there, to others. */
static void
build_free(struct run_build *build)
{
	run_fill_end(build);
	fs_close(build->file);
	run_check_release(&build->check);
	run_writer_release(&build->writer);
	run_ordinals_release(&build->ordinals);
	run_tree_release(&build->tree);
	free(build->leaf.page);
	free(build->page);
	free(build);
}

void
run_build_abort(struct run_build *build)
{
	if (build == NULL)
		return;
	if (build->file != NULL)
		(void)fs_unlink(build->store.fs, build->path, NULL);
	build_free(build);
}

/* ---- adding --------------------------------------------------------------------- */

/* Returns its size. */
static size_t
tail_make(uint8_t tail[RUN_ENTRY_TAIL], const struct place *place,
    uint32_t ordinal)
{
	uint8_t *at = varint_put(tail, place->value_size);

	at = varint_put(at, place->sequence);
	at = varint_put(at,
	    (uint64_t)ordinal << 3 | (place->packed ? 4u : 0u) | place->state);
	at = varint_put(at, place->offset);
	at = varint_put(at, place->batch_offset);
	if (place->packed)
		at = varint_put(at, place->clear_size);
	return (size_t)(at - tail);
}

static enum ouro_status
leaf_put(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status = run_writer_put(&build->writer,
	    build->leaf.page, err);

	build->at.leaves++;
	run_node_begin(&build->leaf, 0);
	return status;
}

static enum ouro_status
entry_add(struct run_build *build, struct bytes key, struct bytes tail,
    struct ouro_error *err)
{
	unsigned offset;
	bool fits = run_node_add(&build->leaf, key, tail, &offset);

	if (!fits) {
		enum ouro_status status = leaf_put(build, err);

		if (status != OURO_OK)
			return status;
		fits = run_node_add(&build->leaf, key, tail, &offset);
	}
	assert(fits); /* any entry fits an empty page */
	(void)fits;
	memcpy(build->last, key.data, key.size);
	build->last_size = key.size;
	build->at.entries++;
	return OURO_OK;
}

static enum ouro_status
entry_check(const struct run_build *build, struct bytes key,
    const struct place *place, struct ouro_error *err)
{
	if (build->stage != RUN_ADDING ||
	    build->at.entries >= build->entries_max || key.size < 1 ||
	    key.size > ENGINE_KEY_MAX || place->state > PLACE_DAMAGED ||
	    (build->at.entries > 0 &&
		bytes_compare(bytes_of(build->last, build->last_size), key) >=
		    0))
		return error_set(err, OURO_INVALID,
		    "%s: entry %" PRIu64 " is out of order or bounds",
		    build->path, build->at.entries);
	return OURO_OK;
}

enum ouro_status
run_build_add(struct run_build *build, struct bytes key,
    const struct place *place, struct ouro_error *err)
{
	uint8_t tail[RUN_ENTRY_TAIL];
	enum ouro_status status = entry_check(build, key, place, err);
	uint32_t ordinal;

	if (status == OURO_OK)
		status = run_ordinal(&build->ordinals, place->segment, &ordinal,
		    err);
	if (status == OURO_OK)
		status = entry_add(build, key,
		    bytes_of(tail, tail_make(tail, place, ordinal)), err);
	if (status != OURO_OK)
		build->failed = status;
	return status;
}

/* ---- what follows ----------------------------------------------------------------- */

static enum ouro_status
adding_end(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (build->leaf.count > 0)
		status = leaf_put(build, err);
	if (status == OURO_OK)
		status = run_writer_flush(&build->writer, err);
	build->at.segments = build->ordinals.count;
	build->next = 1;
	build->last_size = 0;
	build->stage = build->at.entries > 0 ? RUN_TREE : RUN_CLOSING;
	return status;
}

/* The segments' ids, then the header. */
static enum ouro_status
file_close(struct run_build *build, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	uint32_t i = 0;

	run_layout_set(&build->at);
	build->writer.next = build->at.ids_first;
	while (status == OURO_OK && i < build->at.segments) {
		memset(build->page, 0, RUN_PAGE);
		do {
			put_u64le(build->page + (size_t)(i % RUN_IDS) * 8,
			    build->ordinals.ids[i]);
			i++;
		} while (i < build->at.segments && i % RUN_IDS != 0);
		status = run_writer_put(&build->writer, build->page, err);
	}
	if (status == OURO_OK)
		status = run_writer_flush(&build->writer, err);
	if (status != OURO_OK)
		return status;
	assert(build->writer.next == build->at.pages);
	build->writer.next = 0;
	run_header_encode(&build->at, build->page);
	status = run_writer_put(&build->writer, build->page, err);
	if (status == OURO_OK)
		status = run_writer_flush(&build->writer, err);
	build->stage = RUN_DONE;
	return status;
}

enum ouro_status
run_build_step(struct run_build *build, bool *done, struct ouro_error *err)
{
	static enum ouro_status (*const steps[])(struct run_build *,
	    struct ouro_error *) = { adding_end, run_fill_tree, run_fill_tables,
		run_fill_checks, file_close };
	enum ouro_status status = build->failed;

	*done = false;
	if (status != OURO_OK)
		return error_set(err, status,
		    "%s: an earlier step of making it failed", build->path);
	if (build->stage != RUN_DONE)
		status = steps[build->stage](build, err);
	if (status != OURO_OK)
		build->failed = status;
	*done = status == OURO_OK && build->stage == RUN_DONE;
	return status;
}

/* ---- finish ----------------------------------------------------------------------- */

/* From here on the file has its name, or is gone. */
static enum ouro_status
build_place(struct run_build *build, struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	struct fs *fs = build->store.fs;
	enum ouro_status status = run_path(path, build->store.dir, build->at.id,
	    "", err);

	if (status == OURO_OK)
		status = fs_sync(build->file, err);
	if (status == OURO_OK)
		status = fs_rename_new(fs, build->path, path, err);
	if (status != OURO_OK)
		return status;
	memcpy(build->path, path, sizeof path);
	return fs_sync_dir(fs, build->store.dir, err);
}

enum ouro_status
run_build_finish(struct run_build *build, struct run **out,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	bool done = false;

	while (status == OURO_OK && !done)
		status = run_build_step(build, &done, err);
	if (status == OURO_OK)
		status = build_place(build, err);
	if (status == OURO_OK)
		status = run_open(&build->store, build->at.id, out, err);
	if (status == OURO_OK)
		build_free(build);
	else
		run_build_abort(build);
	return status;
}
