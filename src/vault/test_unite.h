/*
 * test_unite - copies of one vault, in directories of one file system in
 * memory, that are changed apart and brought together.
 *
 * What an import will do with a stream is done here from vault to vault: the
 * contents (inline ones) first, then versions and context.
 */
#ifndef VAULT_TEST_UNITE_H
#define VAULT_TEST_UNITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "seal/canonical.h"
#include "vault/derived.h"
#include "vault/drop.h"
#include "vault/forget.h"
#include "vault/name.h"
#include "vault/row_each.h"
#include "vault/unite.h"
#include "vault/vault.h"

#define COPIES_MAX 4

struct copies {
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vaults[COPIES_MAX];
	struct ouro_error err;
};

static inline void
must(const struct copies *copies, enum ouro_status status)
{
	if (status != OURO_OK)
		print_error("%s: %s\n", ouro_status_text(status),
		    copies->err.text);
	assert_int_equal(status, OURO_OK);
}

/* ---- directories ----------------------------------------------------------- */

static inline void
copy_path(unsigned number, char out[16])
{
	snprintf(out, 16, "/copy%u", number);
}

struct tree_copy {
	struct fs *fs;
	const char *from, *to;
};

static inline void tree_copy(struct fs *fs, const char *from, const char *to);

static inline enum ouro_status
entry_copy(void *context, const char *name, struct ouro_error *err)
{
	const struct tree_copy *copy = context;
	struct fs_info info;
	struct buffer data = { 0 };
	char from[FS_PATH_MAX], to[FS_PATH_MAX];

	assert_int_equal(fs_join(from, copy->from, name, err), OURO_OK);
	assert_int_equal(fs_join(to, copy->to, name, err), OURO_OK);
	assert_int_equal(fs_stat(copy->fs, from, &info, err), OURO_OK);
	if (info.directory) {
		tree_copy(copy->fs, from, to);
		return OURO_OK;
	}
	assert_int_equal(fs_read_file(copy->fs, from, (size_t)1 << 30, &data,
			     err),
	    OURO_OK);
	assert_int_equal(fs_write_file(copy->fs, to, buffer_bytes(&data), err),
	    OURO_OK);
	buffer_release(&data);
	return OURO_OK;
}

static inline void tree_remove(struct fs *fs, const char *path);

static inline enum ouro_status
entry_remove(void *context, const char *name, struct ouro_error *err)
{
	const struct tree_copy *copy = context;
	struct fs_info info;
	char path[FS_PATH_MAX];

	assert_int_equal(fs_join(path, copy->from, name, err), OURO_OK);
	assert_int_equal(fs_stat(copy->fs, path, &info, err), OURO_OK);
	if (info.directory)
		tree_remove(copy->fs, path);
	else
		assert_int_equal(fs_unlink(copy->fs, path, err), OURO_OK);
	return OURO_OK;
}

/* The files below it; directories stay. */
static inline void
tree_remove(struct fs *fs, const char *path)
{
	struct tree_copy copy = { fs, path, NULL };

	fs_list(fs, path, entry_remove, &copy, NULL);
}

static inline void
tree_copy(struct fs *fs, const char *from, const char *to)
{
	struct tree_copy copy = { fs, from, to };
	struct fs_info info;

	if (fs_stat(fs, to, &info, NULL) != OURO_OK)
		assert_int_equal(fs_mkdir(fs, to, NULL), OURO_OK);
	assert_int_equal(fs_list(fs, from, entry_copy, &copy, NULL), OURO_OK);
}

/* ---- opening ------------------------------------------------------------------ */

static inline void
copies_reopen(struct copies *copies, unsigned number)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 1,
		.no_parity = true,
		.segment_size = 1024 * 1024 };
	char path[16];

	copy_path(number, path);
	ouro_vault_close(copies->vaults[number]);
	copies->vaults[number] = NULL;
	must(copies,
	    vault_open(path, &options, copies->fs, copies->executor,
		&copies->vaults[number], &copies->err));
}

/* A new vault, as copy 0. */
static inline void
copies_open(struct copies *copies, uint64_t seed)
{
	*copies = (struct copies){ .fs = fs_memory_new(seed) };
	assert_non_null(copies->fs);
	must(copies,
	    executor_open_manual(seed, copies->fs, &copies->executor,
		&copies->err));
	copies_reopen(copies, 0);
}

static inline void
copies_close_all(struct copies *copies)
{
	for (unsigned i = 0; i < COPIES_MAX; i++)
		ouro_vault_close(copies->vaults[i]);
	executor_close(copies->executor);
	fs_memory_free(copies->fs);
}

/* The directory of one takes the place of another's; both are open then. */
static inline void
copies_fork(struct copies *copies, unsigned from, unsigned to)
{
	char from_path[16], to_path[16];

	copy_path(from, from_path);
	copy_path(to, to_path);
	ouro_vault_close(copies->vaults[from]);
	ouro_vault_close(copies->vaults[to]);
	copies->vaults[from] = copies->vaults[to] = NULL;
	tree_remove(copies->fs, to_path);
	tree_copy(copies->fs, from_path, to_path);
	copies_reopen(copies, from);
	copies_reopen(copies, to);
}

/* ---- uniting -------------------------------------------------------------------- */

struct sending {
	struct copies *copies;
	struct ouro_vault *to;
	struct unite *unite;
	const char *path; /* NULL: all names */
};

static inline enum ouro_status
content_send(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct sending *sending = context;
	struct commit_content content = { .existed = false };
	struct commit_change change = { .contents = &content,
		.content_count = 1 };
	enum ouro_status status;

	memcpy(content.id, key.data + 1, HASH_SIZE);
	must(sending->copies, buffer_set(&content.record, *value, err));
	status = commit(sending->to, &change, err);
	buffer_release(&content.record);
	return status;
}

static inline enum ouro_status
ref_send(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct sending *sending = context;
	Ouro__RefRecord *ref;
	enum ouro_status status = OURO_OK;

	must(sending->copies,
	    ref_decode(sending->to, key.data + 1, *value, &ref,
		&sending->copies->err));
	if (sending->path == NULL || strcmp(ref->path, sending->path) == 0)
		status = unite_offer(sending->unite, key.data + 1, *value, err);
	canonical_free(&ref->base);
	return status;
}

static inline enum ouro_status
context_send(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct sending *sending = context;

	return unite_context(sending->unite, key.data + 1, *value, err);
}

static inline enum ouro_status
table_send(struct sending *sending, struct ouro_vault *from,
    enum row_table table, row_visit *visit)
{
	struct row_key prefix = row_table(table);

	return row_each(from->records, &prefix, visit, sending,
	    &sending->copies->err);
}

/* The set of one is offered to another; to be applied, and closed also after a
 * failure. path: only this name, without a claim. */
static inline enum ouro_status
copies_try_offer(struct copies *copies, unsigned to, unsigned from,
    const char *path, struct unite **unite)
{
	struct sending sending = { .copies = copies,
		.to = copies->vaults[to],
		.path = path };
	bool whole;
	enum ouro_status status = unite_open(sending.to, unite, &copies->err);

	if (status != OURO_OK) {
		*unite = NULL;
		return status;
	}
	sending.unite = *unite;
	status = table_send(&sending, copies->vaults[from], ROW_CONTENT,
	    content_send);
	if (status == OURO_OK)
		status = table_send(&sending, copies->vaults[from], ROW_REF,
		    ref_send);
	must(copies,
	    unite_may_claim(copies->vaults[from], &whole, &copies->err));
	if (status == OURO_OK && path == NULL && whole)
		status = table_send(&sending, copies->vaults[from], ROW_CONTEXT,
		    context_send);
	return status;
}

static inline struct unite *
copies_offer(struct copies *copies, unsigned to, unsigned from,
    const char *path)
{
	struct unite *unite;

	must(copies, copies_try_offer(copies, to, from, path, &unite));
	return unite;
}

static inline struct unite_result
copies_unite_with(struct copies *copies, unsigned to, unsigned from,
    const char *path, const struct unite_options *options)
{
	struct unite *unite = copies_offer(copies, to, from, path);
	struct unite_result result;

	must(copies, unite_apply(unite, options, &result, &copies->err));
	unite_close(unite);
	return result;
}

static inline struct unite_result
copies_unite(struct copies *copies, unsigned to, unsigned from)
{
	return copies_unite_with(copies, to, from, NULL, NULL);
}

/* ---- comparing -------------------------------------------------------------------- */

struct table_count {
	struct ouro_vault *other;
	uint64_t rows;
	bool equal;
};

static inline enum ouro_status
row_compare_with(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct table_count *count = context;
	struct engine_value found = { 0 };

	(void)err;
	count->rows++;
	count->equal &= value != NULL &&
	    engine_get(count->other->records, key, &found, NULL) == OURO_OK &&
	    bytes_equal(found.bytes, *value);
	engine_value_release(&found);
	return OURO_OK;
}

static inline bool
tables_equal(struct copies *copies, unsigned a, unsigned b,
    enum row_table table)
{
	struct row_key prefix = row_table(table);
	struct table_count left = { copies->vaults[b], 0, true };
	struct table_count right = { copies->vaults[a], 0, true };

	must(copies,
	    row_each(copies->vaults[a]->records, &prefix, row_compare_with,
		&left, &copies->err));
	must(copies,
	    row_each(copies->vaults[b]->records, &prefix, row_compare_with,
		&right, &copies->err));
	return left.equal && right.equal && left.rows == right.rows;
}

/* The same versions, contexts, names and heads. */
static inline void
copies_equal(struct copies *copies, unsigned a, unsigned b)
{
	static const enum row_table tables[] = { ROW_REF, ROW_CONTEXT, ROW_NAME,
		ROW_HEADS, ROW_EXPIRY };

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_true(tables_equal(copies, a, b, tables[i]));
	assert_true(context_equal(&copies->vaults[a]->context,
	    &copies->vaults[b]->context));
}

static inline enum ouro_status
ref_in_context(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct ouro_vault *vault = context;
	Ouro__RefRecord *ref;
	struct dot dot;

	assert_int_equal(ref_decode(vault, key.data + 1, *value, &ref, err),
	    OURO_OK);
	dot = dot_stored(ref->dot);
	assert_true(context_has(&vault->context, &dot));
	canonical_free(&ref->base);
	return OURO_OK;
}

/* Verify finds nothing: rows are what a rebuild gives, copies are alike, and
 * the context in memory is the stored one and has all that is here. */
static inline void
copies_verify(struct copies *copies, unsigned number)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;
	struct context stored = { 0 };
	struct row_key prefix = row_table(ROW_CONTEXT),
		       refs = row_table(ROW_REF);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_scan *scan;
	struct bytes key, value;

	must(copies,
	    ouro_verify(copies->vaults[number], &options, &result,
		&copies->err));
	must(copies,
	    engine_scan_open(copies->vaults[number]->records, &range, &scan,
		&copies->err));
	while (engine_scan_next(scan, &key, &value, NULL) == OURO_OK)
		must(copies,
		    context_decode(key.data + 1, value, &stored, &copies->err));
	engine_scan_close(scan);
	assert_true(context_equal(&stored, &copies->vaults[number]->context));
	context_release(&stored);
	must(copies,
	    row_each(copies->vaults[number]->records, &refs, ref_in_context,
		copies->vaults[number], &copies->err));
}

/* ---- names ---------------------------------------------------------------------- */

static inline void
copies_put_until(struct copies *copies, unsigned number, const char *name,
    const char *text, uint64_t expires_ms)
{
	struct ouro_put_options options = { .size = sizeof(options),
		.name = name,
		.expires_ms = expires_ms };
	struct ouro_put *put;

	fs_memory_advance(copies->fs, 1); /* each later than those before */
	must(copies,
	    ouro_put_begin(copies->vaults[number], &options, &put,
		&copies->err));
	must(copies, ouro_put_write(put, text, strlen(text), &copies->err));
	must(copies, ouro_put_finish(put, NULL, &copies->err));
}

static inline void
copies_put(struct copies *copies, unsigned number, const char *name,
    const char *text)
{
	copies_put_until(copies, number, name, text, 0);
}

static inline void
copies_remove_name(struct copies *copies, unsigned number, const char *name)
{
	struct ouro_remove_options options = { .size = sizeof(options) };
	struct ouro_target target;

	must(copies,
	    ouro_resolve(copies->vaults[number], name, &target, &copies->err));
	must(copies,
	    ouro_remove(copies->vaults[number], &target, &options, NULL, NULL,
		NULL, &copies->err));
}

static inline void
copies_gc(struct copies *copies, unsigned number)
{
	must(copies,
	    ouro_gc(copies->vaults[number], NULL, NULL, NULL, &copies->err));
}

/* What a plain read answers; NULL: that there is no such name. */
static inline void
copies_reads(struct copies *copies, unsigned number, const char *name,
    const char *text)
{
	uint8_t version[OURO_ID_SIZE];
	char data[64];
	struct ouro_get *get;
	size_t got;
	enum ouro_status status = ouro_name_read(copies->vaults[number], NULL,
	    name, NULL, version, &copies->err);

	if (text == NULL) {
		assert_int_equal(status, OURO_NOT_FOUND);
		return;
	}
	must(copies, status);
	must(copies,
	    ouro_get_open(copies->vaults[number], version, &get, &copies->err));
	must(copies,
	    ouro_get_read(get, data, sizeof(data), &got, &copies->err));
	ouro_get_close(get);
	assert_int_equal(got, strlen(text));
	assert_memory_equal(data, text, got);
}

static inline uint64_t
copies_heads(struct copies *copies, unsigned number, const char *name)
{
	struct name found;
	uint64_t heads;

	must(copies,
	    name_load(copies->vaults[number], "blobs", name, &found,
		&copies->err));
	heads = found.heads.count;
	name_release(&found);
	return heads;
}

#endif
