#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/derived.h"
#include "vault/name.h"
#include "vault/row_each.h"
#include "vault/vault.h"

/* One name as its refs give it, and the keys that no ref gives. */
struct name_found {
	struct ouro_vault *vault;
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
found_key(void *context, struct bytes key, const struct bytes *unread,
    struct ouro_error *err)
{
	struct name_found *found = context;
	struct ouro_vault *vault = found->vault;
	struct row_key record, expected;
	struct engine_value value;
	Ouro__RefRecord *ref;
	enum ouro_status status;

	(void)unread;
	if (key.size > ROW_KEY_MAX || row_name_part(key).size == 0)
		return OURO_OK;
	record = row_id(ROW_REF, row_last_id(key), HASH_SIZE);
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
name_find(struct ouro_vault *vault, const struct row_key *prefix,
    struct name_found *found, struct ouro_error *err)
{
	enum ouro_status status;

	*found = (struct name_found){ .vault = vault };
	status = row_each_key(vault->records, prefix, found_key, found, err);
	if (status == OURO_OK)
		heads_mark(&found->name);
	return status;
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

/* A walk over the names' rows, in which each name is checked once. */
struct names_walk {
	struct ouro_vault *vault;
	bool locked;
	derived_visit *right, *wrong;
	void *context;
	struct row_key last; /* the name of the row before */
};

/* A name with all its rows, as it is between two commits. */
static enum ouro_status
name_check(const struct names_walk *walk, struct ouro_error *err)
{
	struct ouro_vault *vault = walk->vault;
	struct name_found found;
	enum ouro_status status;

	if (!walk->locked)
		pthread_mutex_lock(&vault->set_lock);
	status = name_find(vault, &walk->last, &found, err);
	if (!walk->locked)
		pthread_mutex_unlock(&vault->set_lock);
	if (status == OURO_OK)
		status = found_visit(&found, walk->right, walk->wrong,
		    walk->context, err);
	found_release(&found);
	return status;
}

static enum ouro_status
names_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct names_walk *walk = context;
	struct row_key *last = &walk->last;
	struct bytes part;

	(void)value;
	if (key.size > ROW_KEY_MAX)
		return OURO_OK;
	part = row_name_part(key);
	if (part.size > 0 && bytes_equal(part, row_bytes(last)))
		return OURO_OK;
	if (part.size == 0)
		part = key;
	memcpy(last->data, part.data, part.size);
	last->size = part.size;
	return part.size == key.size
	    ? walk->wrong(walk->context, last, NULL, err)
	    : name_check(walk, err);
}

enum ouro_status
derived_names(struct ouro_vault *vault, bool locked, derived_visit *right,
    derived_visit *wrong, void *context, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_NAME);
	struct names_walk walk = { .vault = vault,
		.locked = locked,
		.right = right,
		.wrong = wrong,
		.context = context };

	return row_each_key(vault->records, &prefix, names_visit, &walk, err);
}

bool
derived_name_is(struct ouro_vault *vault, const struct row_key *key)
{
	struct bytes part = row_name_part(row_bytes(key));
	struct row_key prefix = { .size = part.size };
	struct name_found found;
	bool right = false;

	memcpy(prefix.data, part.data, part.size);
	pthread_mutex_lock(&vault->set_lock);
	if (name_find(vault, &prefix, &found, NULL) != OURO_OK)
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
