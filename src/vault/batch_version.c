#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/executor.h"
#include "seal/canonical.h"
#include "vault/batch.h"
#include "vault/vault.h"

#define UUID_SIZE 16

/* What a new ref record lists; the bytes lie in the name's versions. */
struct lineage {
	ProtobufCBinaryData *previous;
	size_t previous_count;
	Ouro__Dot *dots;
	Ouro__Dot **seen;
	size_t seen_count;
	uint64_t stamp_last;
};

static void
lineage_release(struct lineage *lineage)
{
	free(lineage->previous);
	free(lineage->dots);
	free(lineage->seen);
}

static int
previous_compare(const void *a, const void *b)
{
	const ProtobufCBinaryData *x = a, *y = b;

	return memcmp(x->data, y->data, HASH_SIZE);
}

static int
seen_compare(const void *a, const void *b)
{
	const Ouro__Dot *const *x = a, *const *y = b;

	return memcmp((*x)->incarnation.data, (*y)->incarnation.data,
	    INCARNATION_SIZE);
}

/* The highest number of each incarnation. */
static void
lineage_see(struct lineage *lineage, const Ouro__Dot *dot)
{
	size_t i = 0;

	while (i < lineage->seen_count &&
	    memcmp(lineage->dots[i].incarnation.data, dot->incarnation.data,
		INCARNATION_SIZE) != 0)
		i++;
	if (i == lineage->seen_count) {
		lineage->dots[lineage->seen_count++] = *dot;
	} else if (lineage->dots[i].number < dot->number) {
		lineage->dots[i].number = dot->number;
	}
}

/* Everything that a version replacing all heads of name covers. */
static enum ouro_status
lineage_of(struct ouro_vault *vault, struct name *name, struct lineage *out,
    struct ouro_error *err)
{
	size_t dots_max = 0, heads = 0;
	enum ouro_status status;

	*out = (struct lineage){ 0 };
	for (size_t i = 0; i < name->count; i++) {
		if (!name->versions[i].head)
			continue;
		status = name_version_load(vault, &name->versions[i], err);
		if (status != OURO_OK)
			return status;
		dots_max += name->versions[i].ref->n_seen + 1;
		heads++;
	}
	out->previous = calloc(heads + 1, sizeof(*out->previous));
	out->dots = calloc(dots_max + 1, sizeof(*out->dots));
	out->seen = calloc(dots_max + 1, sizeof(Ouro__Dot *));
	if (out->previous == NULL || out->dots == NULL || out->seen == NULL)
		return error_memory(err);
	for (size_t i = 0; i < name->count; i++) {
		struct name_version *head = &name->versions[i];

		if (!head->head)
			continue;
		out->previous[out->previous_count].data = head->id;
		out->previous[out->previous_count++].len = HASH_SIZE;
		lineage_see(out, head->ref->dot);
		for (size_t j = 0; j < head->ref->n_seen; j++)
			lineage_see(out, head->ref->seen[j]);
		if (head->stamp > out->stamp_last)
			out->stamp_last = head->stamp;
	}
	for (size_t i = 0; i < out->seen_count; i++)
		out->seen[i] = &out->dots[i];
	qsort(out->previous, out->previous_count, sizeof(*out->previous),
	    previous_compare);
	qsort(out->seen, out->seen_count, sizeof(Ouro__Dot *), seen_compare);
	return OURO_OK;
}

static enum ouro_status
version_stamp(struct ouro_vault *vault, const struct commit_version *version,
    uint64_t last, uint64_t *out, struct ouro_error *err)
{
	if (version->stamp == 0) {
		*out = stamp_next(&vault->clock, last);
		return OURO_OK;
	}
	if (version->stamp <= last)
		return error_set(err, OURO_INVALID,
		    "the time given for \"%.128s\" is not later than that of "
		    "the version it replaces",
		    version->path);
	*out = version->stamp;
	return OURO_OK;
}

/* The first version of an opening begins its incarnation. */
static enum ouro_status
incarnation_begin(struct batch *batch, struct ouro_error *err)
{
	struct ouro_vault *vault = batch->vault;

	if (batch->number > 0)
		return OURO_OK;
	return fs_random(vault->fs, vault->incarnation,
	    sizeof(vault->incarnation), err);
}

static char *
text(const char *given)
{
	return (char *)(uintptr_t)(given == NULL ? "" : given);
}

/* Builds and encodes the ref; *ref points into the other arguments. */
static enum ouro_status
version_encode(struct batch *batch, struct commit_version *version,
    const struct lineage *lineage, Ouro__Dot *dot, uint8_t uuid[UUID_SIZE],
    struct buffer *record, struct ouro_error *err)
{
	struct ouro_vault *vault = batch->vault;
	Ouro__RefRecord ref = OURO__REF_RECORD__INIT;
	enum ouro_status status;

	ref.version = 1;
	ref.namespace_ = text(version->namespace_);
	ref.path = text(version->path);
	ref.previous = lineage->previous;
	ref.n_previous = lineage->previous_count;
	ref.dot = dot;
	ref.seen = lineage->seen;
	ref.n_seen = lineage->seen_count;
	ref.target.data = version->target;
	ref.target.len = version->deletion ? 0 : HASH_SIZE;
	status = version_stamp(vault, version, lineage->stamp_last, &ref.stamp,
	    err);
	if (status == OURO_OK)
		status = fs_random(vault->fs, uuid, UUID_SIZE, err);
	if (status != OURO_OK)
		return status;
	ref.uuid.data = uuid;
	ref.uuid.len = UUID_SIZE;
	ref.writer = vault->node;
	ref.joined = vault->joined_ms;
	ref.expires = version->expires_ms;
	ref.owner = text(version->owner);
	ref.group = text(version->group);
	ref.mode = version->mode;
	return ref_encode(vault, &ref, record, version->id, err);
}

/* ---- rows ---------------------------------------------------------------- */

static enum ouro_status
version_row_put(struct batch *batch, const struct name *name,
    const struct name_version *version, struct ouro_error *err)
{
	struct row_key key = row_version(name->namespace_, name->path,
	    version->stamp, version->id);
	struct buffer row = { 0 };
	enum ouro_status status = name_row_encode(version, &row, err);

	if (status == OURO_OK)
		status = batch_put(batch, &key, buffer_bytes(&row), err);
	buffer_release(&row);
	return status;
}

/* The rows besides its record and its name's that a version has. */
static enum ouro_status
version_rows(struct batch *batch, const struct name_version *version, bool make,
    struct ouro_error *err)
{
	struct row_key key;
	enum ouro_status status = OURO_OK;

	if (!version->deletion) {
		key = row_pair(ROW_USE, version->target, version->id);
		status = make ? batch_put(batch, &key, bytes_of(NULL, 0), err)
			      : batch_delete(batch, &key, err);
	}
	if (status == OURO_OK && version->expires_ms != 0) {
		key = row_expiry(version->expires_ms, version->id);
		status = make ? batch_put(batch, &key, bytes_of(NULL, 0), err)
			      : batch_delete(batch, &key, err);
	}
	return status;
}

/* Every number of this incarnation up to the last one given. */
static enum ouro_status
context_row_put(struct batch *batch, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTEXT, batch->vault->incarnation,
	    INCARNATION_SIZE);
	struct context_entry entry = { .through = batch->number };
	struct buffer row = { 0 };
	enum ouro_status status = context_encode(&entry, &row, err);

	if (status == OURO_OK)
		status = batch_put(batch, &key, buffer_bytes(&row), err);
	buffer_release(&row);
	return status;
}

/* ---- making ----------------------------------------------------------------- */

/* The heads are heads no more, and the new version is the only one. */
static enum ouro_status
heads_replace(struct batch *batch, struct name *name,
    const struct name_version *added, struct ouro_error *err)
{
	struct name_version *grown;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < name->count; i++) {
		if (!name->versions[i].head)
			continue;
		name->versions[i].head = false;
		status = version_row_put(batch, name, &name->versions[i], err);
	}
	if (status == OURO_OK)
		status = version_row_put(batch, name, added, err);
	if (status != OURO_OK)
		return status;
	grown = realloc(name->versions, (name->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return error_memory(err);
	name->versions = grown;
	grown[name->count++] = *added;
	return OURO_OK;
}

static enum ouro_status
version_add(struct batch *batch, struct name *name,
    struct commit_version *version, struct bytes record, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, version->id, HASH_SIZE);
	struct name_version added;
	Ouro__RefRecord *ref;
	enum ouro_status status;

	status = ref_decode(batch->vault, version->id, record, &ref, err);
	if (status != OURO_OK)
		return status;
	name_version_from_ref(version->id, ref, &added);
	added.head = true;
	added.ref = ref;
	status = batch_put(batch, &key, record, err);
	if (status == OURO_OK)
		status = version_rows(batch, &added, true, err);
	if (status == OURO_OK)
		status = context_row_put(batch, err);
	if (status == OURO_OK)
		status = heads_replace(batch, name, &added, err);
	if (status != OURO_OK)
		canonical_free(&ref->base);
	return status;
}

/* The sole head already says what the version would. */
static const struct name_version *
version_there(const struct name *name, const struct commit_version *version)
{
	const struct name_version *sole = NULL;

	for (size_t i = 0; i < name->count; i++) {
		if (!name->versions[i].head)
			continue;
		if (sole != NULL)
			return NULL;
		sole = &name->versions[i];
	}
	if (sole == NULL || sole->deletion != version->deletion ||
	    sole->expires_ms != version->expires_ms ||
	    memcmp(sole->target, version->target, HASH_SIZE) != 0)
		return NULL;
	return sole;
}

enum ouro_status
batch_version(struct batch *batch, struct commit_version *version,
    struct ouro_error *err)
{
	struct lineage lineage = { 0 };
	struct buffer record = { 0 };
	Ouro__Dot dot = OURO__DOT__INIT;
	uint8_t uuid[UUID_SIZE];
	const struct name_version *there;
	struct name *name;
	enum ouro_status status;

	status = batch_name(batch, version->namespace_, version->path, &name,
	    err);
	if (status != OURO_OK)
		return status;
	there = version->idempotent ? version_there(name, version) : NULL;
	if (there != NULL) {
		memcpy(version->id, there->id, HASH_SIZE);
		return OURO_OK;
	}
	status = incarnation_begin(batch, err);
	if (status == OURO_OK)
		status = lineage_of(batch->vault, name, &lineage, err);
	if (status != OURO_OK)
		goto out;
	dot.incarnation.data = batch->vault->incarnation;
	dot.incarnation.len = INCARNATION_SIZE;
	dot.number = ++batch->number;
	status = version_encode(batch, version, &lineage, &dot, uuid, &record,
	    err);
	if (status == OURO_OK)
		status = version_add(batch, name, version,
		    buffer_bytes(&record), err);
out:
	lineage_release(&lineage);
	buffer_release(&record);
	return status;
}

/* ---- dropping ---------------------------------------------------------------- */

static void
name_remove(struct name *name, size_t index)
{
	if (name->versions[index].ref != NULL)
		canonical_free(&name->versions[index].ref->base);
	memmove(&name->versions[index], &name->versions[index + 1],
	    (name->count - index - 1) * sizeof(*name->versions));
	name->count--;
}

/* Sets head marks anew, with a row for each that changed. */
static enum ouro_status
heads_recompute(struct batch *batch, struct name *name, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < name->count; i++)
		status = name_version_load(batch->vault, &name->versions[i],
		    err);
	for (size_t i = 0; status == OURO_OK && i < name->count; i++) {
		struct name_version *version = &name->versions[i];
		bool head = true;

		for (size_t j = 0; head && j < name->count; j++)
			head = !name_version_covers(&name->versions[j],
			    version);
		if (head != version->head) {
			version->head = head;
			status = version_row_put(batch, name, version, err);
		}
	}
	return status;
}

enum ouro_status
batch_version_drop(struct batch *batch, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_REF, id, HASH_SIZE);
	struct name_version version;
	Ouro__RefRecord *ref;
	struct name *name = NULL;
	size_t index = 0;
	enum ouro_status status;

	status = ref_get(batch->vault, id, &ref, err);
	if (status != OURO_OK)
		return status;
	name_version_from_ref(id, ref, &version);
	status = batch_delete(batch, &key, err);
	if (status == OURO_OK)
		status = version_rows(batch, &version, false, err);
	key = row_version(ref->namespace_, ref->path, version.stamp, id);
	if (status == OURO_OK)
		status = batch_delete(batch, &key, err);
	if (status == OURO_OK)
		status = batch_name(batch, ref->namespace_, ref->path, &name,
		    err);
	canonical_free(&ref->base);
	if (status != OURO_OK)
		return status;
	while (index < name->count &&
	    memcmp(name->versions[index].id, id, HASH_SIZE) != 0)
		index++;
	if (index < name->count)
		name_remove(name, index);
	return heads_recompute(batch, name, err);
}
