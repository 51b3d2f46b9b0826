#include "exchange/export_versions.h"

#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/derived.h"
#include "vault/name.h"
#include "vault/reach.h"

/* ---- the whole vault ---------------------------------------------------------- */

static enum ouro_status
table_scan(struct ouro_vault *vault, enum row_table table,
    struct engine_scan **out, struct ouro_error *err)
{
	struct row_key prefix = row_table(table);
	struct engine_range range = { .prefix = row_bytes(&prefix) };

	return engine_scan_open(vault->records, &range, out, err);
}

static enum ouro_status
whole_open(struct export_versions *versions, struct ouro_error *err)
{
	struct ouro_vault *vault = versions->vault;
	enum ouro_status status = OURO_OK;

	pthread_mutex_lock(&vault->set_lock);
	for (unsigned i = 0; status == OURO_OK && i < EXPORT_PASSES; i++)
		status = table_scan(vault, ROW_REF, &versions->scans[i], err);
	if (status == OURO_OK)
		status = table_scan(vault, ROW_CONTEXT, &versions->contexts,
		    err);
	pthread_mutex_unlock(&vault->set_lock);
	return status;
}

/* ---- one name -------------------------------------------------------------------- */

static int
id_compare(const void *a, const void *b)
{
	return memcmp(a, b, HASH_SIZE);
}

static void
ids_sort(struct buffer *ids)
{
	if (ids->size > 0)
		qsort(ids->data, ids->size / HASH_SIZE, HASH_SIZE, id_compare);
}

static enum ouro_status
name_open(struct export_versions *versions, const char *namespace_,
    const char *path, struct ouro_error *err)
{
	struct version_list list = { 0 };
	enum ouro_status status = ref_name_check(namespace_, path, err);

	if (status == OURO_OK)
		status = name_history(versions->vault, namespace_, path, &list,
		    err);
	if (status == OURO_OK && list.count == 0)
		status = error_set(err, OURO_NOT_FOUND,
		    "there is no name \"%.256s\"", path);
	for (size_t i = 0; status == OURO_OK && i < list.count; i++)
		status = buffer_append(&versions->ids,
		    bytes_of(list.items[i].id, HASH_SIZE), err);
	version_list_release(&list);
	ids_sort(&versions->ids);
	return status;
}

/* ---- a subtree ----------------------------------------------------------------------- */

/* Appends each id to a buffer. */
struct id_list {
	struct buffer *ids;
	enum ouro_status status;
	struct ouro_error *err;
};

static bool
id_add(void *context, const uint8_t id[HASH_SIZE])
{
	struct id_list *list = context;

	list->status = buffer_append(list->ids, bytes_of(id, HASH_SIZE),
	    list->err);
	return list->status == OURO_OK;
}

static enum ouro_status
pairs_add(struct ouro_vault *vault, enum row_table table,
    const uint8_t id[HASH_SIZE], struct buffer *out, struct ouro_error *err)
{
	struct id_list list = { out, OURO_OK, err };
	enum ouro_status status = reach_pairs(vault, table, id, id_add, &list,
	    err);

	return status == OURO_OK ? list.status : status;
}

/* What is not live has nothing below it that is. Descendants are a tree, so
 * the walk ends. */
static enum ouro_status
tree_open(struct export_versions *versions, const uint8_t root[HASH_SIZE],
    struct ouro_error *err)
{
	struct ouro_vault *vault = versions->vault;
	struct buffer *contents = &versions->contents, open = { 0 };
	uint8_t at[HASH_SIZE];
	enum ouro_status status = reach_content(vault, root, err);

	if (status == OURO_OK)
		status = buffer_append(&open, bytes_of(root, HASH_SIZE), err);
	while (status == OURO_OK && open.size > 0) {
		open.size -= HASH_SIZE;
		memcpy(at, open.data + open.size, HASH_SIZE);
		status = reach_content(vault, at, err);
		if (status == OURO_NOT_FOUND) {
			status = OURO_OK;
			continue;
		}
		if (status == OURO_OK)
			status = buffer_append(contents,
			    bytes_of(at, HASH_SIZE), err);
		if (status == OURO_OK)
			status = pairs_add(vault, ROW_USE, at, &versions->ids,
			    err);
		if (status == OURO_OK)
			status = pairs_add(vault, ROW_CHILD, at, &open, err);
	}
	buffer_release(&open);
	ids_sort(&versions->ids);
	return status;
}

/* ---- all of them ------------------------------------------------------------------------ */

enum ouro_status
export_versions_open(struct export_versions *versions, struct ouro_vault *vault,
    const struct ouro_export_options *options, struct ouro_error *err)
{
	*versions = (struct export_versions){ .vault = vault };
	if (options->path == NULL && options->root == NULL)
		return whole_open(versions, err);
	if (vault->index_incomplete)
		return error_set(err, OURO_DAMAGED,
		    "the index of %s is incomplete; run repair", vault->dir);
	if (options->root != NULL)
		return tree_open(versions, options->root, err);
	return name_open(versions,
	    options->namespace_ != NULL ? options->namespace_ : "blobs",
	    options->path, err);
}

void
export_versions_release(struct export_versions *versions)
{
	for (unsigned i = 0; i < EXPORT_PASSES; i++)
		if (versions->scans[i] != NULL)
			engine_scan_close(versions->scans[i]);
	if (versions->contexts != NULL)
		engine_scan_close(versions->contexts);
	buffer_release(&versions->ids);
	buffer_release(&versions->contents);
}

struct visit {
	struct export_versions *versions;
	export_version *each;
	void *context;
};

/* From whichever copy is good. gone = fine when there is none any more. */
static enum ouro_status
version_load(struct ouro_vault *vault, const uint8_t id[HASH_SIZE], bool *gone,
    struct engine_value *value, Ouro__RefRecord **ref, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, id, HASH_SIZE);
	char name[24];
	enum ouro_status status = record_good(vault, row_bytes(&key), value,
	    err);

	*gone = status == OURO_NOT_FOUND;
	if (*gone)
		return OURO_OK;
	if (status == OURO_DAMAGED)
		return error_set(err, OURO_DAMAGED,
		    "version %s cannot be read in either copy",
		    id_short(id, name));
	return status == OURO_OK ? ref_decode(vault, id, value->bytes, ref, err)
				 : status;
}

static enum ouro_status
version_visit(const struct visit *visit, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct engine_value value = { 0 };
	Ouro__RefRecord *ref = NULL;
	bool gone;
	enum ouro_status status = version_load(visit->versions->vault, id,
	    &gone, &value, &ref, err);

	if (status == OURO_OK && !gone)
		status = visit->each(visit->context, id, value.bytes, ref, err);
	if (ref != NULL)
		canonical_free(&ref->base);
	engine_value_release(&value);
	return status;
}

/* One row of the scan: its value if that is whole, else the other copy. */
static enum ouro_status
row_visited(const struct visit *visit, struct bytes key, struct bytes value,
    bool readable, struct ouro_error *err)
{
	const uint8_t *id = key.data + 1;
	Ouro__RefRecord *ref;
	enum ouro_status status;

	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	if (!readable ||
	    ref_decode(visit->versions->vault, id, value, &ref, NULL) !=
		OURO_OK)
		return version_visit(visit, id, err);
	status = visit->each(visit->context, id, value, ref, err);
	canonical_free(&ref->base);
	return status;
}

static enum ouro_status
scan_each(const struct visit *visit, struct engine_scan *scan,
    struct ouro_error *err)
{
	struct bytes key, value;
	enum ouro_status status;

	for (;;) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status == OURO_END)
			return OURO_OK;
		if (status != OURO_OK &&
		    (status != OURO_DAMAGED || key.size == 0))
			return status;
		status = row_visited(visit, key, value, status == OURO_OK, err);
		if (status != OURO_OK)
			return status;
	}
}

enum ouro_status
export_versions_each(struct export_versions *versions, unsigned pass,
    export_version *each, void *context, struct ouro_error *err)
{
	const struct visit visit = { versions, each, context };
	enum ouro_status status = OURO_OK;

	if (versions->scans[pass] != NULL)
		return scan_each(&visit, versions->scans[pass], err);
	for (size_t at = 0; status == OURO_OK && at < versions->ids.size;
	     at += HASH_SIZE)
		status = version_visit(&visit, versions->ids.data + at, err);
	return status;
}
