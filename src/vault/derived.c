#include "vault/derived.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/name.h"
#include "vault/roots.h"
#include "vault/row_each.h"
#include "vault/trash.h"
#include "vault/vault.h"

const enum row_table derived_tables[DERIVED_TABLES] = { ROW_USE, ROW_CHILD,
	ROW_ROOT, ROW_AWAITED, ROW_NAME, ROW_EXPIRY };

unsigned
derived_index(struct bytes key)
{
	unsigned i = 0;

	assert(key.size > 0);
	while (i < DERIVED_TABLES - 1 && derived_tables[i] != key.data[0])
		i++;
	return i;
}

/* ---- records ---------------------------------------------------------------- */

static bool
page_fits(struct ouro_vault *vault, const uint8_t *id, struct bytes record)
{
	struct page page;

	if (page_decode(vault, id, record, NULL, &page, NULL) != OURO_OK)
		return false;
	page_release(&page);
	return true;
}

static bool
content_fits(struct ouro_vault *vault, const uint8_t *id, struct bytes record)
{
	struct content content;

	if (content_decode(vault, id, record, &content, NULL) != OURO_OK)
		return false;
	content_release(&content);
	return true;
}

static bool
ref_fits(struct ouro_vault *vault, const uint8_t *id, struct bytes record)
{
	Ouro__RefRecord *ref;

	if (ref_decode(vault, id, record, &ref, NULL) != OURO_OK)
		return false;
	canonical_free(&ref->base);
	return true;
}

static bool
trash_fits(struct ouro_vault *vault, const uint8_t *id, struct bytes record)
{
	struct trash_row row;
	bool fits = trash_decode(vault, id, record, &row, NULL) == OURO_OK;

	trash_row_release(&row);
	return fits;
}

static bool
context_fits(struct bytes key, struct bytes record)
{
	struct context context = { 0 };
	bool fits = key.size == 1 + INCARNATION_SIZE &&
	    context_decode(key.data + 1, record, &context, NULL) == OURO_OK;

	context_release(&context);
	return fits;
}

bool
record_fits(struct ouro_vault *vault, struct bytes key, struct bytes record)
{
	const uint8_t *id = key.data + 1;

	if (key.data[0] == ROW_CONTEXT)
		return context_fits(key, record);
	if (key.size != 1 + HASH_SIZE)
		return false;
	if (key.data[0] == ROW_PAGE)
		return page_fits(vault, id, record);
	if (key.data[0] == ROW_REF)
		return ref_fits(vault, id, record);
	if (key.data[0] == ROW_TRASH)
		return trash_fits(vault, id, record);
	return content_fits(vault, id, record);
}

enum ouro_status
record_good(struct ouro_vault *vault, struct bytes key,
    struct engine_value *out, struct ouro_error *err)
{
	struct engine *engines[] = { vault->records, vault->copies };
	struct ouro_error error;
	enum ouro_status failed = OURO_OK;
	bool there = false;

	for (unsigned i = 0; i < 2; i++) {
		enum ouro_status status;

		*out = (struct engine_value){ 0 };
		if (engines[i] == NULL)
			continue;
		status = engine_get(engines[i], key, out, &error);
		if (status == OURO_OK && record_fits(vault, key, out->bytes))
			return OURO_OK;
		there |= status != OURO_NOT_FOUND;
		if (status != OURO_OK && status != OURO_NOT_FOUND &&
		    status != OURO_DAMAGED) {
			failed = status;
			if (err != NULL)
				*err = error;
		}
		engine_value_release(out);
		*out = (struct engine_value){ 0 };
	}
	if (failed != OURO_OK)
		return failed;
	return error_set(err, there ? OURO_DAMAGED : OURO_NOT_FOUND,
	    "a record cannot be read in either copy");
}

/* ---- rows of one record -------------------------------------------------------- */

static int
id_compare(const void *a, const void *b)
{
	return memcmp(a, b, HASH_SIZE);
}

/* A page lists an id as often as its stream repeats it; the row is one. */
static enum ouro_status
page_rows(const uint8_t id[HASH_SIZE], struct bytes record,
    derived_visit *visit, void *context, struct ouro_error *err)
{
	Ouro__Page *page;
	enum ouro_status status = page_peek(id, record, &page, err);
	const struct bytes empty = { 0 };
	uint8_t *ids;

	if (status != OURO_OK)
		return status;
	ids = page->entries.data;
	qsort(ids, page->entries.len / HASH_SIZE, HASH_SIZE, id_compare);
	for (size_t i = 0; status == OURO_OK && i < page->entries.len;
	     i += HASH_SIZE) {
		struct row_key key = row_pair(ROW_USE, ids + i, id);

		if (i == 0 ||
		    memcmp(ids + i, ids + i - HASH_SIZE, HASH_SIZE) != 0)
			status = visit(context, &key, &empty, err);
	}
	canonical_free(&page->base);
	return status;
}

/* The rows d, o and w. */
static enum ouro_status
place_rows(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__ContentRecord *content, derived_visit *visit, void *context,
    struct ouro_error *err)
{
	const uint8_t *parent = content->parent.len == HASH_SIZE
	    ? content->parent.data
	    : NULL;
	bool root = parent == NULL || !roots_has(vault, parent);
	const struct bytes empty = { 0 };
	struct row_key key;
	enum ouro_status status = OURO_OK;

	if (parent != NULL) {
		key = row_pair(ROW_CHILD, parent, id);
		status = visit(context, &key, &empty, err);
	}
	if (status == OURO_OK && parent != NULL && root) {
		key = row_pair(ROW_AWAITED, parent, id);
		status = visit(context, &key, &empty, err);
	}
	if (status == OURO_OK && root) {
		key = row_id(ROW_ROOT, id, HASH_SIZE);
		status = visit(context, &key, &empty, err);
	}
	return status;
}

static enum ouro_status
content_rows(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, derived_visit *visit, void *context,
    struct ouro_error *err)
{
	Ouro__ContentRecord *content;
	enum ouro_status status = content_peek(id, record, &content, err);
	const struct bytes empty = { 0 };
	const Ouro__Tree *data, *meta;
	struct row_key key;

	if (status != OURO_OK)
		return status;
	data = content->data;
	meta = content->meta;
	if (data != NULL) {
		key = row_pair(ROW_USE, data->id.data, id);
		status = visit(context, &key, &empty, err);
	}
	if (status == OURO_OK && meta != NULL &&
	    (data == NULL ||
		memcmp(data->id.data, meta->id.data, HASH_SIZE) != 0)) {
		key = row_pair(ROW_USE, meta->id.data, id);
		status = visit(context, &key, &empty, err);
	}
	if (status == OURO_OK)
		status = place_rows(vault, id, content, visit, context, err);
	canonical_free(&content->base);
	return status;
}

static enum ouro_status
ref_rows(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, derived_visit *visit, void *context,
    struct ouro_error *err)
{
	Ouro__RefRecord *ref;
	enum ouro_status status = ref_decode(vault, id, record, &ref, err);
	const struct bytes empty = { 0 };
	struct row_key key;

	if (status != OURO_OK)
		return status;
	if (ref->target.len == HASH_SIZE) {
		key = row_pair(ROW_USE, ref->target.data, id);
		status = visit(context, &key, &empty, err);
	}
	if (status == OURO_OK && ref->expires != 0) {
		key = row_expiry(ref->expires, id);
		status = visit(context, &key, &empty, err);
	}
	if (status == OURO_OK) {
		key = row_version(ref->namespace_, ref->path, ref->stamp, id);
		status = visit(context, &key, &empty, err);
	}
	canonical_free(&ref->base);
	return status;
}

/* The content of what is in the trash is used as if it were not. */
static enum ouro_status
trash_rows(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, derived_visit *visit, void *context,
    struct ouro_error *err)
{
	struct trash_row row;
	enum ouro_status status = trash_decode(vault, id, record, &row, err);
	const struct bytes empty = { 0 };

	if (status == OURO_OK) {
		struct row_key key = row_pair(ROW_USE, row.ref->target.data,
		    id);

		status = visit(context, &key, &empty, err);
	}
	trash_row_release(&row);
	return status;
}

enum ouro_status
derived_record(struct ouro_vault *vault, struct bytes key, struct bytes record,
    derived_visit *visit, void *context, struct ouro_error *err)
{
	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	if (key.data[0] == ROW_CONTENT)
		return content_rows(vault, key.data + 1, record, visit, context,
		    err);
	if (key.data[0] == ROW_PAGE)
		return page_rows(key.data + 1, record, visit, context, err);
	if (key.data[0] == ROW_REF)
		return ref_rows(vault, key.data + 1, record, visit, context,
		    err);
	if (key.data[0] == ROW_TRASH)
		return trash_rows(vault, key.data + 1, record, visit, context,
		    err);
	return OURO_OK;
}

bool
derived_is(struct ouro_vault *vault, const struct row_key *key,
    const struct bytes *value)
{
	struct engine_value found = { 0 };
	bool fits;

	if (value == NULL)
		return engine_exists(vault->records, row_bytes(key), NULL,
			   NULL) == OURO_OK;
	fits = engine_get(vault->records, row_bytes(key), &found, NULL) ==
		OURO_OK &&
	    bytes_equal(found.bytes, *value);
	engine_value_release(&found);
	return fits;
}

static enum ouro_status
row_count(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	uint64_t *count = context;

	(void)key;
	(void)value;
	(void)err;
	++*count;
	return OURO_OK;
}

enum ouro_status
derived_count(struct ouro_vault *vault, enum row_table table, uint64_t *count,
    struct ouro_error *err)
{
	struct row_key prefix = row_table(table);

	*count = 0;
	return row_each_key(vault->records, &prefix, row_count, count, err);
}

/* ---- extras ------------------------------------------------------------------------ */

/* Looks for one row among those of a record. */
struct extra_search {
	struct bytes wanted;
	bool found;
};

static enum ouro_status
extra_compare(void *context, const struct row_key *key,
    const struct bytes *value, struct ouro_error *err)
{
	struct extra_search *search = context;

	(void)value;
	(void)err;
	search->found |= bytes_equal(row_bytes(key), search->wanted);
	return OURO_OK;
}

bool
derived_gives(struct ouro_vault *vault, struct bytes row)
{
	static const enum row_table users[] = { ROW_PAGE, ROW_CONTENT, ROW_REF,
		ROW_TRASH };
	struct extra_search search = { .wanted = row };
	const uint8_t *id = row_last_id(row);

	for (unsigned i = 0; id != NULL && !search.found && i < 4; i++) {
		struct row_key key = row_id(users[i], id, HASH_SIZE);
		struct engine_value value;
		enum ouro_status status;

		status = record_good(vault, row_bytes(&key), &value, NULL);
		if (status != OURO_OK && status != OURO_NOT_FOUND)
			return true;
		if (status == OURO_OK)
			derived_record(vault, row_bytes(&key), value.bytes,
			    extra_compare, &search, NULL);
		engine_value_release(&value);
	}
	return search.found;
}

struct extras {
	struct ouro_vault *vault;
	derived_visit *wrong;
	void *context;
};

static enum ouro_status
extra_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	const struct extras *extras = context;
	struct row_key copy;

	(void)value;
	if (key.size > sizeof(copy.data) || derived_gives(extras->vault, key))
		return OURO_OK;
	memcpy(copy.data, key.data, key.size);
	copy.size = key.size;
	return extras->wrong(extras->context, &copy, NULL, err);
}

enum ouro_status
derived_extras(struct ouro_vault *vault, derived_visit *wrong, void *context,
    struct ouro_error *err)
{
	struct extras extras = { vault, wrong, context };
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < DERIVED_TABLES; i++) {
		struct row_key prefix = row_table(derived_tables[i]);

		status = row_each_key(vault->records, &prefix, extra_visit,
		    &extras, err);
	}
	return status;
}
