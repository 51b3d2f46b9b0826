#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/derived.h"
#include "vault/name.h"
#include "vault/vault.h"

/* One name as its refs give it, and the keys that no ref gives. */
struct name_found {
	struct name name;
	size_t capacity;
	struct row_key *wrong;
	size_t wrong_count;
};

static void
found_release(struct name_found *found)
{
	name_release(&found->name);
	free(found->wrong);
	*found = (struct name_found){ 0 };
}

static enum ouro_status
found_add(struct name_found *found, const uint8_t id[HASH_SIZE],
    Ouro__RefRecord *ref, struct ouro_error *err)
{
	struct name *name = &found->name;

	if (name->count == found->capacity) {
		size_t more = found->capacity == 0 ? 4 : found->capacity * 2;
		struct name_version *grown = realloc(name->versions,
		    more * sizeof(*grown));

		if (grown == NULL) {
			canonical_free(&ref->base);
			return error_memory(err);
		}
		name->versions = grown;
		found->capacity = more;
	}
	name_version_from_ref(id, ref, &name->versions[name->count]);
	name->versions[name->count++].ref = ref;
	return OURO_OK;
}

static enum ouro_status
found_add_wrong(struct name_found *found, struct bytes key,
    struct ouro_error *err)
{
	struct row_key *grown = realloc(found->wrong,
	    (found->wrong_count + 1) * sizeof(*grown));

	if (grown == NULL)
		return error_memory(err);
	found->wrong = grown;
	memcpy(grown[found->wrong_count].data, key.data, key.size);
	grown[found->wrong_count++].size = key.size;
	return OURO_OK;
}

/* One row's key: of a ref that gives it, or wrong. A row whose ref cannot be
 * read is neither. */
static enum ouro_status
found_key(struct ouro_vault *vault, struct name_found *found, struct bytes key,
    struct ouro_error *err)
{
	struct row_key record = row_id(ROW_REF, row_last_id(key), HASH_SIZE);
	struct engine_value value;
	struct row_key expected;
	Ouro__RefRecord *ref;
	enum ouro_status status;

	status = record_good(vault, row_bytes(&record), &value, err);
	if (status == OURO_NOT_FOUND)
		return found_add_wrong(found, key, err);
	if (status == OURO_DAMAGED)
		return OURO_OK;
	if (status != OURO_OK)
		return status;
	status = ref_decode(vault, row_last_id(key), value.bytes, &ref, err);
	engine_value_release(&value);
	if (status != OURO_OK)
		return status;
	expected = row_version(ref->namespace_, ref->path, ref->stamp,
	    row_last_id(key));
	if (bytes_equal(key, row_bytes(&expected)))
		return found_add(found, row_last_id(key), ref, err);
	canonical_free(&ref->base);
	return found_add_wrong(found, key, err);
}

static void
heads_mark(struct name *name)
{
	for (size_t i = 0; i < name->count; i++) {
		bool head = true;

		for (size_t j = 0; head && j < name->count; j++)
			head = !name_version_covers(&name->versions[j],
			    &name->versions[i]);
		name->versions[i].head = head;
	}
}

static enum ouro_status
name_find(struct ouro_vault *vault, struct bytes prefix,
    struct name_found *found, struct ouro_error *err)
{
	struct engine_range range = { .prefix = prefix, .keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	*found = (struct name_found){ 0 };
	status = engine_scan_open(vault->records, &range, &scan, err);
	if (status != OURO_OK)
		return status;
	for (;;) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK && status != OURO_DAMAGED)
			break;
		status = OURO_OK;
		if (key.size <= ROW_KEY_MAX && row_name_part(key).size > 0)
			status = found_key(vault, found, key, err);
		if (status != OURO_OK)
			break;
	}
	engine_scan_close(scan);
	if (status != OURO_END)
		return status;
	heads_mark(&found->name);
	return OURO_OK;
}

static enum ouro_status
found_visit(const struct name_found *found, derived_visit *right,
    derived_visit *wrong, void *context, struct ouro_error *err)
{
	const struct name *name = &found->name;
	struct buffer row = { 0 };
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < name->count; i++) {
		const struct name_version *version = &name->versions[i];
		struct row_key key = row_version(version->ref->namespace_,
		    version->ref->path, version->stamp, version->id);
		struct bytes value;

		row.size = 0;
		status = name_row_encode(version, &row, err);
		value = buffer_bytes(&row);
		if (status == OURO_OK)
			status = right(context, &key, &value, err);
	}
	for (size_t i = 0; status == OURO_OK && i < found->wrong_count; i++)
		status = wrong(context, &found->wrong[i], NULL, err);
	buffer_release(&row);
	return status;
}

/* A name with all its rows, as it is between two commits. */
static enum ouro_status
name_check(struct ouro_vault *vault, bool locked, struct bytes prefix,
    derived_visit *right, derived_visit *wrong, void *context,
    struct ouro_error *err)
{
	struct name_found found;
	enum ouro_status status;

	if (!locked)
		pthread_mutex_lock(&vault->set_lock);
	status = name_find(vault, prefix, &found, err);
	if (!locked)
		pthread_mutex_unlock(&vault->set_lock);
	if (status == OURO_OK)
		status = found_visit(&found, right, wrong, context, err);
	found_release(&found);
	return status;
}

enum ouro_status
derived_names(struct ouro_vault *vault, bool locked, derived_visit *right,
    derived_visit *wrong, void *context, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_NAME), last = { .size = 0 };
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value, part;
	enum ouro_status status;

	status = engine_scan_open(vault->records, &range, &scan, err);
	if (status != OURO_OK)
		return status;
	for (;;) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK && status != OURO_DAMAGED)
			break;
		if (key.size == 0 || key.size > ROW_KEY_MAX)
			continue;
		part = row_name_part(key);
		if (part.size > 0 && bytes_equal(part, row_bytes(&last)))
			continue;
		if (part.size == 0)
			part = key;
		memcpy(last.data, part.data, part.size);
		last.size = part.size;
		status = part.size == key.size
		    ? wrong(context, &last, NULL, err)
		    : name_check(vault, locked, row_bytes(&last), right, wrong,
			  context, err);
		if (status != OURO_OK)
			break;
	}
	engine_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

bool
derived_name_is(struct ouro_vault *vault, const struct row_key *key)
{
	struct name_found found;
	bool right = false;

	pthread_mutex_lock(&vault->set_lock);
	if (name_find(vault, row_name_part(row_bytes(key)), &found, NULL) !=
	    OURO_OK)
		right = true;
	for (size_t i = 0; i < found.name.count; i++) {
		const struct name_version *version = &found.name.versions[i];
		struct buffer row = { 0 };
		struct bytes value;

		if (memcmp(version->id, row_last_id(row_bytes(key)),
			HASH_SIZE) != 0)
			continue;
		right = name_row_encode(version, &row, NULL) != OURO_OK;
		value = buffer_bytes(&row);
		right |= derived_is(vault, key, &value);
		buffer_release(&row);
	}
	right |= engine_exists(vault->records, row_bytes(key), NULL, NULL) ==
	    OURO_NOT_FOUND;
	pthread_mutex_unlock(&vault->set_lock);
	found_release(&found);
	return right;
}
