/*
 * test_care - for the tests of verify, repair and rebuild: what was found,
 * and ways to damage a vault.
 */
#ifndef VAULT_TEST_CARE_H
#define VAULT_TEST_CARE_H

#include <stdio.h>

#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/test_vault.h"

#define TEST_FINDINGS_MAX 4096
#define TEST_FILES_MAX	  128

/* ---- running ---------------------------------------------------------------- */

struct test_finding {
	enum ouro_part part;
	enum ouro_state state;
	uint8_t id[OURO_ID_SIZE];
};

struct test_findings {
	struct test_finding list[TEST_FINDINGS_MAX];
	size_t count;
	char text[512]; /* of the last one that is not OK */
	struct ouro_care_result result;
};

static inline void
test_finding_report(void *context, const struct ouro_finding *finding)
{
	struct test_findings *all = context;
	struct test_finding *one = &all->list[all->count++];

	assert_true(all->count < TEST_FINDINGS_MAX);
	assert_non_null(finding->text);
	one->part = finding->part;
	one->state = finding->state;
	memcpy(one->id, finding->id, OURO_ID_SIZE);
	if (finding->state != OURO_STATE_OK)
		strncpy(all->text, finding->text, sizeof(all->text) - 1);
}

typedef enum ouro_status test_care_call(struct ouro_vault *vault,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err);

static inline enum ouro_status
test_care(struct test_vault *test, test_care_call *call,
    struct test_findings *found)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.report = test_finding_report,
		.context = found };

	found->count = 0;
	found->text[0] = '\0';
	return call(test->vault, &options, &found->result, &test->err);
}

static inline size_t
test_found(const struct test_findings *found, enum ouro_part part,
    enum ouro_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < found->count; i++)
		count += found->list[i].part == part &&
		    found->list[i].state == state;
	return count;
}

static inline void
test_is_clean(struct test_vault *test, struct test_findings *found)
{
	enum ouro_status status = test_care(test, ouro_verify, found);

	if (status != OURO_OK)
		print_error("%s; %s\n", test->err.text, found->text);
	assert_int_equal(status, OURO_OK);
	assert_int_equal(found->result.contents, found->result.contents_ok);
}

/* ---- a small store of every kind -------------------------------------------- */

struct test_store {
	uint8_t empty[OURO_ID_SIZE], inlined[OURO_ID_SIZE];
	uint8_t one[OURO_ID_SIZE], many[OURO_ID_SIZE], orphan[OURO_ID_SIZE];
};

#define TEST_ONE_SIZE  5000
#define TEST_MANY_SIZE 700000

static inline void
test_store_fill(struct test_vault *test, struct test_store *store,
    size_t many_size)
{
	struct ouro_put_options options = { .name = "orphan",
		.type = "text/plain",
		.meta = "m",
		.meta_size = 1 };
	uint8_t parent[OURO_ID_SIZE];
	struct ouro_put_result result;

	result = test_put_named(test, "empty", "", 0);
	memcpy(store->empty, result.content, OURO_ID_SIZE);
	result = test_put_text(test, "inlined", "a few bytes");
	memcpy(store->inlined, result.content, OURO_ID_SIZE);
	test_put_text(test, "inlined", "other bytes, second version");
	result = test_put_random(test, NULL, TEST_ONE_SIZE, 1);
	memcpy(store->one, result.content, OURO_ID_SIZE);
	result = test_put_random(test, "many", many_size, 2);
	memcpy(store->many, result.content, OURO_ID_SIZE);
	memset(parent, 0x77, sizeof(parent));
	options.parent = parent;
	options.expires_ms = UINT64_C(4000000000000);
	result = test_put(test, &options, bytes_text("child of nobody"));
	memcpy(store->orphan, result.content, OURO_ID_SIZE);
}

static inline void
test_store_reads(struct test_vault *test, const struct test_store *store,
    size_t many_size)
{
	test_reads(test, store->empty, bytes_text(""));
	test_reads(test, store->inlined, bytes_text("a few bytes"));
	test_reads_random(test, store->one, TEST_ONE_SIZE, 1);
	test_reads_random(test, store->many, many_size, 2);
	test_reads(test, store->orphan, bytes_text("child of nobody"));
}

/* ---- slices -------------------------------------------------------------------- */

/* The nth key of a table. */
static inline struct row_key
test_row_key(struct test_vault *test, enum row_table table, size_t nth)
{
	struct row_key prefix = row_table(table), out;
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_scan *scan;
	struct bytes key, value;

	test_ok(engine_scan_open(test->vault->records, &range, &scan,
		    &test->err),
	    &test->err);
	do
		test_ok(engine_scan_next(scan, &key, &value, &test->err),
		    &test->err);
	while (nth-- > 0);
	memcpy(out.data, key.data, key.size);
	out.size = key.size;
	engine_scan_close(scan);
	return out;
}

/* The nth chunk that has a row. */
static inline void
test_chunk(struct test_vault *test, size_t nth, uint8_t id[HASH_SIZE])
{
	struct row_key key = test_row_key(test, ROW_CHUNK, nth);

	memcpy(id, key.data + 1, HASH_SIZE);
}

/* Where slice index of the chunk's first stripe lies. */
static inline struct engine *
test_slice_place(struct test_vault *test, const uint8_t id[HASH_SIZE],
    unsigned index, struct slice_key *key)
{
	Ouro__ChunkRow *row;
	struct engine *engine;

	test_ok(chunk_row_get(test->vault, id, &row, &test->err), &test->err);
	assert_true(index < row->stripes[0]->lanes.len);
	*key = slice_key(id, row->stripes[0]->stripe_id.data, index);
	engine = lane(test->vault, row->stripes[0]->lanes.data[index]);
	canonical_free(&row->base);
	return engine;
}

static inline void
test_slice_read(struct test_vault *test, const uint8_t id[HASH_SIZE],
    unsigned index, struct buffer *out)
{
	struct slice_key key;
	struct engine *engine = test_slice_place(test, id, index, &key);
	struct engine_value value = { 0 };

	test_ok(engine_get(engine, bytes_of(key.data, sizeof(key.data)), &value,
		    &test->err),
	    &test->err);
	test_ok(buffer_set(out, value.bytes, &test->err), &test->err);
	engine_value_release(&value);
}

/* data NULL: the slice is taken away. */
static inline void
test_slice_write(struct test_vault *test, const uint8_t id[HASH_SIZE],
    unsigned index, const struct buffer *data)
{
	struct slice_key key;
	struct engine *engine = test_slice_place(test, id, index, &key);
	struct engine_op op = { .kind = data != NULL ? ENGINE_PUT
						     : ENGINE_DELETE,
		.key = bytes_of(key.data, sizeof(key.data)) };

	if (data != NULL)
		op.value = buffer_bytes(data);
	test_ok(engine_apply(engine, &op, 1, ENGINE_SYNC_ALWAYS, &test->err),
	    &test->err);
}

/* One byte of the slice itself is wrong, the engine does not know. */
static inline void
test_slice_spoil(struct test_vault *test, const uint8_t id[HASH_SIZE],
    unsigned index)
{
	struct buffer data = { 0 };

	test_slice_read(test, id, index, &data);
	data.data[data.size - 3] ^= 0x20;
	test_slice_write(test, id, index, &data);
	buffer_release(&data);
}

static inline void
test_slices_swap(struct test_vault *test, const uint8_t a[HASH_SIZE],
    unsigned a_index, const uint8_t b[HASH_SIZE], unsigned b_index)
{
	struct buffer first = { 0 }, second = { 0 };

	test_slice_read(test, a, a_index, &first);
	test_slice_read(test, b, b_index, &second);
	test_slice_write(test, a, a_index, &second);
	test_slice_write(test, b, b_index, &first);
	buffer_release(&first);
	buffer_release(&second);
}

/* ---- rows ---------------------------------------------------------------------- */

static inline void
test_row(struct engine *engine, enum engine_op_kind kind, struct bytes key,
    struct bytes value)
{
	struct engine_op op = { .kind = kind, .key = key, .value = value };

	assert_int_equal(engine_apply(engine, &op, 1, ENGINE_SYNC_ALWAYS, NULL),
	    OURO_OK);
}

/* ---- files ------------------------------------------------------------------------ */

struct test_files {
	struct fs *fs;
	const char *dir;
	char paths[TEST_FILES_MAX][256];
	size_t count;
};

static inline enum ouro_status
test_files_add(void *context, const char *name, struct ouro_error *err)
{
	struct test_files *files = context;
	const char *dir = files->dir;
	char path[256];
	struct fs_info info;

	assert_true(snprintf(path, sizeof(path), "%s/%s", dir, name) < 256);
	assert_int_equal(fs_stat(files->fs, path, &info, err), OURO_OK);
	if (info.directory) {
		files->dir = path;
		assert_int_equal(fs_list(files->fs, path, test_files_add, files,
				     err),
		    OURO_OK);
		files->dir = dir;
	} else if (strcmp(name, "LOCK") != 0 && strcmp(name, "lock") != 0 &&
	    strcmp(name, "member.key") != 0) {
		assert_true(files->count < TEST_FILES_MAX);
		strcpy(files->paths[files->count++], path);
	}
	return OURO_OK;
}

/* Every file below dir but locks and the member's key. */
static inline void
test_files_list(struct fs *fs, const char *dir, struct test_files *files)
{
	files->fs = fs;
	files->dir = dir;
	files->count = 0;
	assert_int_equal(fs_list(fs, dir, test_files_add, files, NULL),
	    OURO_OK);
}

static inline uint64_t
test_file_size(struct fs *fs, const char *path)
{
	struct fs_info info;

	assert_int_equal(fs_stat(fs, path, &info, NULL), OURO_OK);
	return info.size;
}

/* A whole store, to be put back. */
struct test_snapshot {
	struct test_files files;
	struct buffer contents[TEST_FILES_MAX];
};

static inline void
test_snapshot_take(struct fs *fs, struct test_snapshot *out)
{
	memset(out, 0, sizeof(*out));
	test_files_list(fs, TEST_DIR, &out->files);
	for (size_t i = 0; i < out->files.count; i++)
		assert_int_equal(fs_read_file(fs, out->files.paths[i], SIZE_MAX,
				     &out->contents[i], NULL),
		    OURO_OK);
}

/* The vault is closed. */
static inline void
test_snapshot_restore(struct fs *fs, const struct test_snapshot *from)
{
	struct test_files *now = malloc(sizeof(*now));

	assert_non_null(now);
	test_files_list(fs, TEST_DIR, now);
	for (size_t i = 0; i < now->count; i++)
		assert_int_equal(fs_unlink(fs, now->paths[i], NULL), OURO_OK);
	for (size_t i = 0; i < from->files.count; i++)
		assert_int_equal(fs_write_file(fs, from->files.paths[i],
				     buffer_bytes(&from->contents[i]), NULL),
		    OURO_OK);
	free(now);
}

static inline void
test_snapshot_release(struct test_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->files.count; i++)
		buffer_release(&snapshot->contents[i]);
}

static inline void
test_vault_shut(struct test_vault *test)
{
	ouro_vault_close(test->vault);
	test->vault = NULL;
}

/* Every file below dir goes. */
static inline void
test_files_unlink(struct fs *fs, const char *dir)
{
	struct test_files *files = malloc(sizeof(*files));

	assert_non_null(files);
	test_files_list(fs, dir, files);
	for (size_t i = 0; i < files->count; i++)
		assert_int_equal(fs_unlink(fs, files->paths[i], NULL), OURO_OK);
	free(files);
}

#endif
