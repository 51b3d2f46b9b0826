#include "vault/name.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/vault.h"

#define UUID_SIZE 16

enum ouro_status
ref_get(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__RefRecord **out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, id, HASH_SIZE);
	struct engine_value value = { 0 };
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = ref_decode(vault, id, value.bytes, out, err);
	engine_value_release(&value);
	return status;
}

void
name_version_from_ref(const uint8_t id[HASH_SIZE], const Ouro__RefRecord *ref,
    struct name_version *out)
{
	*out = (struct name_version){ .stamp = ref->stamp,
		.deletion = ref->target.len == 0,
		.joined = ref->joined,
		.expires_ms = ref->expires };
	memcpy(out->id, id, HASH_SIZE);
	if (!out->deletion)
		memcpy(out->target, ref->target.data, HASH_SIZE);
	assert(ref->uuid.len == UUID_SIZE);
	memcpy(out->uuid, ref->uuid.data, UUID_SIZE);
}

enum ouro_status
name_row_encode(const struct name_version *version, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__NameRow row = OURO__NAME_ROW__INIT;

	row.head = version->head;
	row.target.data = (uint8_t *)(uintptr_t)version->target;
	row.target.len = version->deletion ? 0 : HASH_SIZE;
	row.joined = version->joined;
	row.uuid.data = (uint8_t *)(uintptr_t)version->uuid;
	row.uuid.len = UUID_SIZE;
	row.expires = version->expires_ms;
	return canonical_pack(&row.base, out, err);
}

enum ouro_status
name_row_decode(struct bytes key, struct bytes value, struct name_version *out,
    struct ouro_error *err)
{
	ProtobufCMessage *message;
	Ouro__NameRow *row;
	enum ouro_status status;

	*out = (struct name_version){ 0 };
	if (row_name_part(key).size == 0)
		return error_set(err, OURO_DAMAGED, "a name row's key is cut");
	status = canonical_unpack(&ouro__name_row__descriptor, value, &message,
	    "name row", err);
	if (status != OURO_OK)
		return status;
	row = (Ouro__NameRow *)message;
	if ((row->target.len != 0 && row->target.len != HASH_SIZE) ||
	    row->uuid.len != UUID_SIZE) {
		canonical_free(message);
		return error_set(err, OURO_DAMAGED,
		    "a name row is out of range");
	}
	memcpy(out->id, row_last_id(key), HASH_SIZE);
	out->stamp = row_stamp(key);
	out->head = row->head;
	out->deletion = row->target.len == 0;
	if (!out->deletion)
		memcpy(out->target, row->target.data, HASH_SIZE);
	out->joined = row->joined;
	memcpy(out->uuid, row->uuid.data, UUID_SIZE);
	out->expires_ms = row->expires;
	canonical_free(message);
	return OURO_OK;
}

enum ouro_status
name_key_decode(struct bytes key, char namespace_[16],
    char path[OURO_NAME_MAX + 1], struct ouro_error *err)
{
	struct bytes name = row_name_part(key);
	const uint8_t *zero;
	size_t first, second;

	if (name.size < 4)
		return error_set(err, OURO_DAMAGED, "a name row's key is cut");
	name = bytes_of(name.data + 1, name.size - 1);
	zero = memchr(name.data, 0, name.size);
	first = zero == NULL ? name.size : (size_t)(zero - name.data);
	second = name.size - first - 1;
	if (zero == NULL || first >= 16 || second < 2 ||
	    second > OURO_NAME_MAX + 1 || name.data[name.size - 1] != 0)
		return error_set(err, OURO_DAMAGED,
		    "a name row's key is malformed");
	memcpy(namespace_, name.data, first + 1);
	memcpy(path, zero + 1, second);
	return OURO_OK;
}

static enum ouro_status
name_append(struct name *name, const struct name_version *version,
    size_t *capacity, struct ouro_error *err)
{
	if (name->count == *capacity) {
		size_t more = *capacity == 0 ? 4 : *capacity * 2;
		struct name_version *grown = realloc(name->versions,
		    more * sizeof(*grown));

		if (grown == NULL)
			return error_memory(err);
		name->versions = grown;
		*capacity = more;
	}
	name->versions[name->count++] = *version;
	return OURO_OK;
}

enum ouro_status
name_load(struct ouro_vault *vault, const char *namespace_, const char *path,
    struct name *out, struct ouro_error *err)
{
	struct row_key prefix = row_name(namespace_, path);
	struct engine_range range = { .prefix = row_bytes(&prefix) };
	struct engine_scan *scan;
	struct name_version version;
	struct bytes key, value;
	size_t capacity = 0;
	enum ouro_status status;

	*out = (struct name){ 0 };
	assert(strlen(namespace_) < sizeof(out->namespace_));
	assert(strlen(path) < sizeof(out->path));
	memcpy(out->namespace_, namespace_, strlen(namespace_) + 1);
	memcpy(out->path, path, strlen(path) + 1);
	status = engine_scan_open(vault->records, &range, &scan, err);
	if (status != OURO_OK)
		return status;
	for (;;) {
		status = engine_scan_next(scan, &key, &value, err);
		if (status != OURO_OK)
			break;
		status = name_row_decode(key, value, &version, err);
		if (status == OURO_OK)
			status = name_append(out, &version, &capacity, err);
		if (status != OURO_OK)
			break;
	}
	engine_scan_close(scan);
	if (status == OURO_END)
		return OURO_OK;
	name_release(out);
	return status;
}

void
name_release(struct name *name)
{
	for (size_t i = 0; i < name->count; i++)
		if (name->versions[i].ref != NULL)
			canonical_free(&name->versions[i].ref->base);
	free(name->versions);
	name->versions = NULL;
	name->count = 0;
}

enum ouro_status
name_version_load(struct ouro_vault *vault, struct name_version *version,
    struct ouro_error *err)
{
	if (version->ref != NULL)
		return OURO_OK;
	return ref_get(vault, version->id, &version->ref, err);
}

/* a wins over b. */
static bool
version_wins(const struct name_version *a, const struct name_version *b)
{
	if (a->stamp != b->stamp)
		return a->stamp > b->stamp;
	if (a->joined != b->joined)
		return a->joined < b->joined;
	return memcmp(a->uuid, b->uuid, UUID_SIZE) < 0;
}

const struct name_version *
name_winner(const struct name *name)
{
	const struct name_version *winner = NULL;

	for (size_t i = 0; i < name->count; i++)
		if (name->versions[i].head &&
		    (winner == NULL ||
			version_wins(&name->versions[i], winner)))
			winner = &name->versions[i];
	return winner;
}

bool
name_version_covers(const struct name_version *a, const struct name_version *b)
{
	const Ouro__Dot *dot = b->ref->dot;

	for (size_t i = 0; i < a->ref->n_seen; i++)
		if (memcmp(a->ref->seen[i]->incarnation.data,
			dot->incarnation.data, INCARNATION_SIZE) == 0)
			return a->ref->seen[i]->number >= dot->number;
	return false;
}
