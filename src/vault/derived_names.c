#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/derived.h"
#include "vault/name.h"
#include "vault/row_each.h"
#include "vault/vault.h"

/* One name as its refs give it. */
struct name_found {
	struct ouro_vault *vault;
	struct version_list versions; /* loaded */
	struct version_list heads;
	bool unread; /* there may be more versions */
};

static void
found_release(struct name_found *found)
{
	version_list_release(&found->versions);
	version_list_release(&found->heads);
}

static enum ouro_status
found_ref(struct name_found *found, struct bytes key, struct bytes record,
    struct ouro_error *err)
{
	struct name_version version;
	struct row_key expected;
	Ouro__RefRecord *ref;
	enum ouro_status status = ref_decode(found->vault, row_last_id(key),
	    record, &ref, err);

	if (status != OURO_OK)
		return status;
	expected = row_version(ref->namespace_, ref->path, ref->stamp,
	    row_last_id(key));
	if (bytes_equal(key, row_bytes(&expected))) {
		name_version_from_ref(row_last_id(key), ref, &version);
		version.ref = ref;
		status = version_list_add(&found->versions, &version, err);
		if (status == OURO_OK)
			return OURO_OK;
	}
	canonical_free(&ref->base);
	return status;
}

/* A row n. One that no ref gives is not looked at: see derived_extras. */
static enum ouro_status
found_key(void *context, struct bytes key, const struct bytes *unread,
    struct ouro_error *err)
{
	struct name_found *found = context;
	struct engine_value value;
	struct row_key record;
	enum ouro_status status;

	(void)unread;
	if (key.size > ROW_KEY_MAX || row_name_part(key).size == 0)
		return OURO_OK;
	record = row_id(ROW_REF, row_last_id(key), HASH_SIZE);
	status = record_good(found->vault, row_bytes(&record), &value, err);
	if (status == OURO_NOT_FOUND)
		return OURO_OK;
	if (status == OURO_DAMAGED) {
		found->unread = true;
		return OURO_OK;
	}
	if (status != OURO_OK)
		return status;
	status = found_ref(found, key, value.bytes, err);
	engine_value_release(&value);
	return status;
}

/* name: the letter of any table, and the name. */
static struct row_key
key_in(enum row_table table, struct bytes name)
{
	struct row_key key = { .size = name.size };

	memcpy(key.data, name.data, name.size);
	key.data[0] = (uint8_t)table;
	return key;
}

static enum ouro_status
name_find(struct ouro_vault *vault, struct bytes name, struct name_found *found,
    struct ouro_error *err)
{
	struct row_key prefix = key_in(ROW_NAME, name);
	enum ouro_status status;

	*found = (struct name_found){ .vault = vault };
	status = row_each_key(vault->records, &prefix, found_key, found, err);
	if (status == OURO_OK)
		status = version_list_heads(&found->versions, &found->heads,
		    err);
	return status;
}

/* The row that is to be; empty when none is. */
static enum ouro_status
found_row(const struct name_found *found, struct buffer *row,
    struct ouro_error *err)
{
	if (found->heads.count == 0)
		return OURO_OK;
	return name_row_encode(&found->heads, found->versions.count, row, err);
}

/* ---- all names ------------------------------------------------------------- */

/* A walk over rows n or h, in which each name is checked once. */
struct names_walk {
	struct ouro_vault *vault;
	bool locked;
	bool heads; /* over rows h: only those whose name is not there count */
	derived_visit *right, *wrong;
	void *context;
	struct row_key last; /* the name of the row before */
};

/* A name, found as it is between two commits, and judged. */
static enum ouro_status
name_check(const struct names_walk *walk, struct bytes name,
    struct ouro_error *err)
{
	struct ouro_vault *vault = walk->vault;
	struct row_key key = key_in(ROW_HEADS, name);
	struct name_found found;
	struct buffer row = { 0 };
	struct bytes value;
	enum ouro_status status;

	if (!walk->locked)
		pthread_mutex_lock(&vault->set_lock);
	status = name_find(vault, name, &found, err);
	if (!walk->locked)
		pthread_mutex_unlock(&vault->set_lock);
	if (status == OURO_OK)
		status = found_row(&found, &row, err);
	value = buffer_bytes(&row);
	if (status != OURO_OK ||
	    (found.unread && derived_is(vault, &key, NULL)))
		goto out;
	if (found.heads.count > 0 && !walk->heads)
		status = walk->right(walk->context, &key, &value, err);
	else if (found.heads.count == 0 && !found.unread && walk->heads)
		status = walk->wrong(walk->context, &key, NULL, err);
out:
	buffer_release(&row);
	found_release(&found);
	return status;
}

static enum ouro_status
versions_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct names_walk *walk = context;
	struct bytes name;

	(void)value;
	if (key.size > ROW_KEY_MAX)
		return OURO_OK;
	name = row_name_part(key);
	if (name.size == 0 || bytes_equal(name, row_bytes(&walk->last)))
		return OURO_OK;
	memcpy(walk->last.data, name.data, name.size);
	walk->last.size = name.size;
	return name_check(walk, row_bytes(&walk->last), err);
}

static enum ouro_status
ref_there(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct names_walk *walk = context;
	struct row_key record;

	(void)value;
	(void)err;
	if (row_name_part(key).size == 0)
		return OURO_OK;
	record = row_id(ROW_REF, row_last_id(key), HASH_SIZE);
	if (!derived_is(walk->vault, &record, NULL))
		return OURO_OK;
	walk->last.size = 0;
	return OURO_END;
}

/* A row h. Most names have a version, and were checked with it. */
static enum ouro_status
heads_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct names_walk *walk = context;
	struct row_key name;
	enum ouro_status status;

	(void)value;
	if (key.size > ROW_KEY_MAX)
		return OURO_OK;
	walk->last = key_in(ROW_HEADS, key);
	name = key_in(ROW_NAME, key);
	status = row_each_key(walk->vault->records, &name, ref_there, walk,
	    err);
	if (status != OURO_OK || walk->last.size == 0)
		return status;
	return name_check(walk, row_bytes(&walk->last), err);
}

enum ouro_status
derived_names(struct ouro_vault *vault, bool locked, derived_visit *right,
    derived_visit *wrong, void *context, struct ouro_error *err)
{
	struct row_key versions = row_table(ROW_NAME);
	struct row_key heads = row_table(ROW_HEADS);
	struct names_walk walk = { .vault = vault,
		.locked = locked,
		.right = right,
		.wrong = wrong,
		.context = context };
	enum ouro_status status;

	status = row_each_key(vault->records, &versions, versions_visit, &walk,
	    err);
	walk.heads = true;
	if (status == OURO_OK)
		status = row_each_key(vault->records, &heads, heads_visit,
		    &walk, err);
	return status;
}

bool
derived_name_is(struct ouro_vault *vault, const struct row_key *key)
{
	struct name_found found;
	struct buffer row = { 0 };
	struct bytes value;
	bool right = true;

	pthread_mutex_lock(&vault->set_lock);
	if (name_find(vault, row_bytes(key), &found, NULL) == OURO_OK &&
	    found_row(&found, &row, NULL) == OURO_OK) {
		value = buffer_bytes(&row);
		right = row.size == 0 ? !derived_is(vault, key, NULL)
				      : derived_is(vault, key, &value);
	}
	pthread_mutex_unlock(&vault->set_lock);
	buffer_release(&row);
	found_release(&found);
	return right;
}
