#include "vault/name.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/vault.h"

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

/* ---- versions ------------------------------------------------------------- */

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
name_version_load(struct ouro_vault *vault, struct name_version *version,
    struct ouro_error *err)
{
	uint8_t id[HASH_SIZE];
	Ouro__RefRecord *ref;
	enum ouro_status status;

	if (version->ref != NULL)
		return OURO_OK;
	memcpy(id, version->id, HASH_SIZE);
	status = ref_get(vault, id, &ref, err);
	if (status != OURO_OK)
		return status;
	name_version_from_ref(id, ref, version);
	version->ref = ref;
	return OURO_OK;
}

/* What was seen is in the order of the incarnations. */
bool
name_version_covers(const struct name_version *a, const struct name_version *b)
{
	const Ouro__Dot *dot = b->ref->dot;
	size_t low = 0, high = a->ref->n_seen;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const Ouro__Dot *seen = a->ref->seen[middle];
		int order = memcmp(seen->incarnation.data,
		    dot->incarnation.data, INCARNATION_SIZE);

		if (order == 0)
			return seen->number >= dot->number;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool
name_version_ended(const struct name_version *version, uint64_t now_ms)
{
	return version->deletion ||
	    (version->expires_ms != 0 && version->expires_ms <= now_ms);
}

int
name_version_compare(const struct name_version *a, const struct name_version *b)
{
	int order;

	if (a->stamp != b->stamp)
		return a->stamp > b->stamp ? -1 : 1;
	if (a->joined != b->joined)
		return a->joined < b->joined ? -1 : 1;
	order = memcmp(a->uuid, b->uuid, UUID_SIZE);
	return order != 0 ? order : memcmp(a->id, b->id, HASH_SIZE);
}

/* ---- lists ------------------------------------------------------------------ */

enum ouro_status
version_list_add(struct version_list *list, const struct name_version *version,
    struct ouro_error *err)
{
	if (list->count == list->capacity) {
		size_t more = list->capacity == 0 ? 2 : list->capacity * 2;
		struct name_version *grown = reallocarray(list->items, more,
		    sizeof(*grown));

		if (grown == NULL)
			return error_memory(err);
		list->items = grown;
		list->capacity = more;
	}
	list->items[list->count++] = *version;
	return OURO_OK;
}

enum ouro_status
version_list_insert(struct version_list *list,
    const struct name_version *version, struct ouro_error *err)
{
	enum ouro_status status = version_list_add(list, version, err);
	size_t i;

	if (status != OURO_OK)
		return status;
	for (i = list->count - 1;
	     i > 0 && name_version_compare(version, &list->items[i - 1]) < 0;
	     i--)
		list->items[i] = list->items[i - 1];
	list->items[i] = *version;
	return OURO_OK;
}

void
version_list_remove(struct version_list *list, size_t index)
{
	if (list->items[index].ref != NULL)
		canonical_free(&list->items[index].ref->base);
	memmove(&list->items[index], &list->items[index + 1],
	    (list->count - index - 1) * sizeof(*list->items));
	list->count--;
}

void
version_list_release(struct version_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].ref != NULL)
			canonical_free(&list->items[i].ref->base);
	free(list->items);
	*list = (struct version_list){ 0 };
}

enum ouro_status
version_list_heads(const struct version_list *all, struct version_list *heads,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < all->count; i++) {
		struct name_version head = all->items[i];
		bool covered = false;

		for (size_t j = 0; !covered && j < all->count; j++)
			covered = name_version_covers(&all->items[j], &head);
		head.ref = NULL;
		if (!covered)
			status = version_list_insert(heads, &head, err);
	}
	return status;
}

/* ---- the row ----------------------------------------------------------------- */

static void
head_fill(const struct name_version *version, Ouro__Head *out)
{
	ouro__head__init(out);
	out->id.data = (uint8_t *)(uintptr_t)version->id;
	out->id.len = HASH_SIZE;
	out->target.data = (uint8_t *)(uintptr_t)version->target;
	out->target.len = version->deletion ? 0 : HASH_SIZE;
	out->stamp = version->stamp;
	out->joined = version->joined;
	out->uuid.data = (uint8_t *)(uintptr_t)version->uuid;
	out->uuid.len = UUID_SIZE;
	out->expires = version->expires_ms;
}

enum ouro_status
name_row_encode(const struct version_list *heads, uint64_t versions,
    struct buffer *out, struct ouro_error *err)
{
	Ouro__HeadsRow row = OURO__HEADS_ROW__INIT;
	Ouro__Head one, *first = &one, *many = NULL, **list = &first;
	enum ouro_status status = OURO_OK;

	if (heads->count > 1) {
		many = calloc(heads->count, sizeof(*many));
		list = calloc(heads->count, sizeof(*list));
		if (many == NULL || list == NULL)
			status = error_memory(err);
	}
	for (size_t i = 0; status == OURO_OK && i < heads->count; i++) {
		if (many != NULL)
			list[i] = &many[i];
		head_fill(&heads->items[i], list[i]);
	}
	row.heads = list;
	row.n_heads = heads->count;
	row.versions = versions;
	if (status == OURO_OK)
		status = canonical_pack(&row.base, out, err);
	if (list != &first)
		free(list);
	free(many);
	return status;
}

static bool
head_take(const Ouro__Head *head, struct name_version *out)
{
	if (head->id.len != HASH_SIZE || head->uuid.len != UUID_SIZE ||
	    (head->target.len != 0 && head->target.len != HASH_SIZE))
		return false;
	*out = (struct name_version){ .stamp = head->stamp,
		.deletion = head->target.len == 0,
		.joined = head->joined,
		.expires_ms = head->expires };
	memcpy(out->id, head->id.data, HASH_SIZE);
	memcpy(out->uuid, head->uuid.data, UUID_SIZE);
	if (!out->deletion)
		memcpy(out->target, head->target.data, HASH_SIZE);
	return true;
}

enum ouro_status
name_row_decode(struct bytes value, struct version_list *heads,
    uint64_t *versions, struct ouro_error *err)
{
	ProtobufCMessage *message;
	const Ouro__HeadsRow *row;
	struct name_version head;
	bool fits;
	enum ouro_status status;

	*heads = (struct version_list){ 0 };
	status = canonical_unpack(&ouro__heads_row__descriptor, value, &message,
	    "heads row", err);
	if (status != OURO_OK)
		return status;
	row = (const Ouro__HeadsRow *)message;
	*versions = row->versions;
	fits = row->n_heads > 0 && row->n_heads <= row->versions;
	for (size_t i = 0; fits && status == OURO_OK && i < row->n_heads; i++) {
		fits = head_take(row->heads[i], &head) &&
		    (i == 0 ||
			name_version_compare(&heads->items[i - 1], &head) < 0);
		if (fits)
			status = version_list_add(heads, &head, err);
	}
	canonical_free(message);
	if (!fits)
		status = error_set(err, OURO_DAMAGED,
		    "a heads row is out of range or order");
	if (status != OURO_OK)
		version_list_release(heads);
	return status;
}

enum ouro_status
name_key_decode(struct bytes key, char namespace_[16],
    char path[OURO_NAME_MAX + 1], struct ouro_error *err)
{
	const uint8_t *zero;
	size_t first, second;

	if (key.size < 4)
		return error_set(err, OURO_DAMAGED, "a name's key is cut");
	key = bytes_of(key.data + 1, key.size - 1);
	zero = memchr(key.data, 0, key.size);
	first = zero == NULL ? key.size : (size_t)(zero - key.data);
	second = key.size - first - 1;
	if (zero == NULL || first >= 16 || second < 2 ||
	    second > OURO_NAME_MAX + 1 || key.data[key.size - 1] != 0)
		return error_set(err, OURO_DAMAGED,
		    "a name's key is malformed");
	memcpy(namespace_, key.data, first + 1);
	memcpy(path, zero + 1, second);
	return OURO_OK;
}

/* ---- names ---------------------------------------------------------------------- */

static enum ouro_status
name_init(struct name *name, const char *namespace_, const char *path,
    struct ouro_error *err)
{
	size_t first = strlen(namespace_) + 1, second = strlen(path) + 1;
	char *text = malloc(first + second);

	*name = (struct name){ 0 };
	if (text == NULL)
		return error_memory(err);
	memcpy(text, namespace_, first);
	memcpy(text + first, path, second);
	name->namespace_ = text;
	name->path = text + first;
	return OURO_OK;
}

enum ouro_status
name_load(struct ouro_vault *vault, const char *namespace_, const char *path,
    struct name *out, struct ouro_error *err)
{
	struct row_key key = row_name(ROW_HEADS, namespace_, path);
	struct engine_value value = { 0 };
	enum ouro_status status = name_init(out, namespace_, path, err);

	if (status != OURO_OK)
		return status;
	status = engine_get(vault->records, row_bytes(&key), &value, err);
	if (status == OURO_NOT_FOUND)
		return OURO_OK;
	if (status == OURO_OK)
		status = name_row_decode(value.bytes, &out->heads,
		    &out->versions, err);
	engine_value_release(&value);
	if (status != OURO_OK)
		name_release(out);
	return status;
}

void
name_release(struct name *name)
{
	version_list_release(&name->heads);
	free(name->namespace_);
	*name = (struct name){ 0 };
}

enum ouro_status
name_history(struct ouro_vault *vault, const char *namespace_, const char *path,
    struct version_list *out, struct ouro_error *err)
{
	struct row_key prefix = row_name(ROW_NAME, namespace_, path);
	struct engine_range range = { .prefix = row_bytes(&prefix),
		.keys_only = true };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	*out = (struct version_list){ 0 };
	status = engine_scan_open(vault->records, &range, &scan, err);
	if (status != OURO_OK)
		return status;
	while (
	    (status = engine_scan_next(scan, &key, &value, err)) == OURO_OK) {
		struct name_version version = { .ref = NULL };

		if (!bytes_equal(row_name_part(key), row_bytes(&prefix)))
			continue;
		version.stamp = row_stamp(key);
		memcpy(version.id, row_last_id(key), HASH_SIZE);
		status = version_list_add(out, &version, err);
		if (status != OURO_OK)
			break;
	}
	engine_scan_close(scan);
	if (status == OURO_END)
		return OURO_OK;
	version_list_release(out);
	return status;
}

const struct name_version *
name_winner(const struct name *name)
{
	return name->heads.count > 0 ? &name->heads.items[0] : NULL;
}

const struct name_version *
name_current(const struct name *name, uint64_t now_ms)
{
	const struct name_version *winner = name_winner(name);

	return winner != NULL && !name_version_ended(winner, now_ms) ? winner
								     : NULL;
}

struct name_version *
name_head(const struct name *name, const uint8_t id[HASH_SIZE])
{
	for (size_t i = 0; i < name->heads.count; i++)
		if (memcmp(name->heads.items[i].id, id, HASH_SIZE) == 0)
			return &name->heads.items[i];
	return NULL;
}
