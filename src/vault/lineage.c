#include "vault/lineage.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/vault.h"
#include "vault/version_rows.h"

void
lineage_release(struct lineage *lineage)
{
	version_list_release(&lineage->others);
	free(lineage->bases);
	free(lineage->previous);
	free(lineage->dots);
	free(lineage->seen);
	*lineage = (struct lineage){ 0 };
}

/* ---- the bases -------------------------------------------------------------- */

static bool
is_given(const struct commit_version *version, const uint8_t id[HASH_SIZE])
{
	for (size_t i = 0; i < version->base_count; i++)
		if (memcmp(version->base_versions[i], id, HASH_SIZE) == 0)
			return true;
	return false;
}

/* A version of the name that is no head. */
static enum ouro_status
other_add(struct lineage *lineage, struct batch *batch, const struct name *name,
    const uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	struct name_version version = { .ref = NULL };
	char text[24];
	enum ouro_status status;

	memcpy(version.id, id, HASH_SIZE);
	status = version_load(batch, &version, err);
	if (status == OURO_OK &&
	    (strcmp(version.ref->path, name->path) != 0 ||
		strcmp(version.ref->namespace_, name->namespace_) != 0))
		status = OURO_NOT_FOUND;
	if (status == OURO_OK)
		status = version_list_add(&lineage->others, &version, err);
	if (status != OURO_OK && version.ref != NULL)
		canonical_free(&version.ref->base);
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_NOT_FOUND,
		    "\"%.128s\" has no version %s", name->path,
		    id_short(id, text));
	return status;
}

/* What the caller gave, be they heads or not. */
static enum ouro_status
bases_given(struct lineage *lineage, struct batch *batch,
    const struct name *name, const struct commit_version *version,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < version->base_count; i++) {
		const uint8_t *id = version->base_versions[i];
		bool known = name_head(name, id) != NULL;

		for (size_t j = 0; !known && j < lineage->others.count; j++)
			known = memcmp(lineage->others.items[j].id, id,
				    HASH_SIZE) == 0;
		if (!known)
			status = other_add(lineage, batch, name, id, err);
	}
	return status;
}

/* OURO_BASE_EXACT: the heads are those given. Without any the name must not be
 * there for who reads it. */
static enum ouro_status
bases_exact(const struct lineage *lineage, const struct batch *batch,
    const struct name *name, const struct commit_version *version,
    struct ouro_error *err)
{
	uint64_t now_ms = fs_wall_ms(batch->vault->fs);
	bool exact = lineage->others.count == 0;

	for (size_t i = 0; exact && i < name->heads.count; i++) {
		const struct name_version *head = &name->heads.items[i];

		exact = version->base_count == 0
		    ? name_version_ended(head, now_ms)
		    : is_given(version, head->id);
	}
	if (exact)
		return OURO_OK;
	return error_set(err, OURO_CONFLICT, "\"%.128s\" has other versions",
	    name->path);
}

static enum ouro_status
bases_find(struct lineage *lineage, struct batch *batch, struct name *name,
    const struct commit_version *version, struct ouro_error *err)
{
	bool all = version->base != OURO_BASE_GIVEN;
	enum ouro_status status = OURO_OK;

	if (version->base != OURO_BASE_HEADS)
		status = bases_given(lineage, batch, name, version, err);
	if (status == OURO_OK && version->base == OURO_BASE_EXACT)
		status = bases_exact(lineage, batch, name, version, err);
	if (status != OURO_OK)
		return status;
	lineage->bases = calloc(name->heads.count + lineage->others.count + 1,
	    sizeof(struct name_version *));
	if (lineage->bases == NULL)
		return error_memory(err);
	for (size_t i = 0; i < name->heads.count; i++)
		if (all || is_given(version, name->heads.items[i].id))
			lineage->bases[lineage->base_count++] = &name->heads
								     .items[i];
	for (size_t i = 0; i < lineage->others.count; i++)
		lineage->bases[lineage->base_count++] = &lineage->others
							     .items[i];
	return OURO_OK;
}

/* ---- what the record lists ---------------------------------------------------- */

static int
previous_compare(const void *a, const void *b)
{
	const ProtobufCBinaryData *x = a, *y = b;

	return memcmp(x->data, y->data, HASH_SIZE);
}

/* Of an incarnation the highest number first. */
static int
dot_compare(const void *a, const void *b)
{
	const Ouro__Dot *x = a, *y = b;
	int order = memcmp(x->incarnation.data, y->incarnation.data,
	    INCARNATION_SIZE);

	return order != 0 ? order
			  : (x->number < y->number) - (x->number > y->number);
}

static enum ouro_status
previous_list(struct lineage *lineage, struct ouro_error *err)
{
	lineage->previous = calloc(lineage->base_count + 1,
	    sizeof(*lineage->previous));
	if (lineage->previous == NULL)
		return error_memory(err);
	for (size_t i = 0; i < lineage->base_count; i++) {
		lineage->previous[i].data = lineage->bases[i]->id;
		lineage->previous[i].len = HASH_SIZE;
	}
	qsort(lineage->previous, lineage->base_count,
	    sizeof(*lineage->previous), previous_compare);
	/* More are covered all the same: that goes by what was seen. */
	lineage->previous_count = lineage->base_count < REF_PREVIOUS_MAX
	    ? lineage->base_count
	    : REF_PREVIOUS_MAX;
	return OURO_OK;
}

/* Sorts count dots and keeps the highest of each incarnation. */
static enum ouro_status
seen_list(struct lineage *lineage, size_t count, struct ouro_error *err)
{
	Ouro__Dot *dots = lineage->dots;

	qsort(dots, count, sizeof(*dots), dot_compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 ||
		    memcmp(dots[i].incarnation.data,
			lineage->seen[lineage->seen_count - 1]
			    ->incarnation.data,
			INCARNATION_SIZE) != 0)
			lineage->seen[lineage->seen_count++] = &dots[i];
	if (lineage->seen_count > REF_SEEN_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a name was written by more than %u openings of the vault",
		    REF_SEEN_MAX);
	return OURO_OK;
}

static enum ouro_status
dots_list(struct lineage *lineage, struct ouro_error *err)
{
	size_t most = 0, count = 0;

	for (size_t i = 0; i < lineage->base_count; i++) {
		assert(lineage->bases[i] != NULL);
		most += lineage->bases[i]->ref->n_seen + 1;
	}
	lineage->dots = calloc(most + 1, sizeof(*lineage->dots));
	lineage->seen = calloc(most + 1, sizeof(Ouro__Dot *));
	if (lineage->dots == NULL || lineage->seen == NULL)
		return error_memory(err);
	for (size_t i = 0; i < lineage->base_count; i++) {
		const struct name_version *base = lineage->bases[i];

		lineage->dots[count++] = *base->ref->dot;
		for (size_t j = 0; j < base->ref->n_seen; j++)
			lineage->dots[count++] = *base->ref->seen[j];
		if (base->stamp > lineage->stamp_last)
			lineage->stamp_last = base->stamp;
	}
	return seen_list(lineage, count, err);
}

enum ouro_status
lineage_init(struct lineage *lineage, struct batch *batch, struct name *name,
    const struct commit_version *version, struct ouro_error *err)
{
	enum ouro_status status;

	*lineage = (struct lineage){ 0 };
	if (name->heads.count == 0 && version->base_count == 0)
		return OURO_OK;
	status = bases_find(lineage, batch, name, version, err);
	for (size_t i = 0; status == OURO_OK && i < lineage->base_count; i++)
		status = version_load(batch, lineage->bases[i], err);
	if (status == OURO_OK)
		status = dots_list(lineage, err);
	if (status == OURO_OK)
		status = previous_list(lineage, err);
	return status;
}

uint64_t
lineage_seen(const struct lineage *lineage,
    const uint8_t incarnation[INCARNATION_SIZE])
{
	for (size_t i = 0; i < lineage->seen_count; i++)
		if (memcmp(lineage->seen[i]->incarnation.data, incarnation,
			INCARNATION_SIZE) == 0)
			return lineage->seen[i]->number;
	return 0;
}

bool
lineage_is_whole(const struct lineage *lineage, const struct name *name)
{
	return lineage->base_count - lineage->others.count == name->heads.count;
}
