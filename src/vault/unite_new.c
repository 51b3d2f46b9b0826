/*
 * What stays removed is written as new versions, where that is asked for.
 */
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/row_each.h"
#include "vault/unite_stage.h"

/* The versions of one name that stay removed; their refs are loaded. */
struct gone {
	struct unite *unite;
	struct buffer name; /* namespace 0 path 0 */
	struct version_list list;
};

static void
gone_release(struct gone *gone)
{
	buffer_release(&gone->name);
	version_list_release(&gone->list);
}

/* ---- what of them is to be written ----------------------------------------- */

/* Something that is here covers it. */
static enum ouro_status
is_covered(struct ouro_vault *vault, const struct version_list *here,
    const struct name_version *version, bool *covered, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	*covered = false;
	for (size_t i = 0; status == OURO_OK && !*covered && i < here->count;
	     i++) {
		status = name_version_load(vault, &here->items[i], err);
		if (status == OURO_OK)
			*covered = name_version_covers(&here->items[i],
			    version);
		else if (status == OURO_DAMAGED || status == OURO_NOT_FOUND)
			status = OURO_OK;
	}
	return status;
}

/* The heads among those that are gone, winner first, without deletions, and
 * what has expired, and what something here covers. */
static enum ouro_status
wanted_find(struct gone *gone, const struct version_list *here,
    struct version_list *wanted, struct ouro_error *err)
{
	struct ouro_vault *vault = gone->unite->vault;
	uint64_t now_ms = fs_wall_ms(vault->fs);
	const struct version_list *all = &gone->list;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < all->count; i++) {
		struct name_version version = all->items[i];
		bool covered = name_version_ended(&version, now_ms);

		for (size_t j = 0; !covered && j < all->count; j++)
			covered = name_version_covers(&all->items[j], &version);
		if (!covered)
			status = is_covered(vault, here, &version, &covered,
			    err);
		version.ref = NULL; /* stays with the list */
		if (status == OURO_OK && !covered)
			status = version_list_insert(wanted, &version, err);
	}
	return status;
}

static const Ouro__RefRecord *
gone_ref(const struct gone *gone, const struct name_version *version)
{
	for (size_t i = 0; i < gone->list.count; i++)
		if (memcmp(gone->list.items[i].id, version->id, HASH_SIZE) == 0)
			return gone->list.items[i].ref;
	return NULL;
}

/* ---- writing ----------------------------------------------------------------- */

/* One change: the winner replaces the others, so that it is current. */
static enum ouro_status
wanted_commit(struct gone *gone, const struct version_list *wanted,
    struct ouro_error *err)
{
	struct commit_version *versions = calloc(wanted->count,
	    sizeof(*versions));
	struct commit_change change = { .versions = versions,
		.version_count = wanted->count };
	enum ouro_status status;

	if (versions == NULL)
		return error_memory(err);
	for (size_t i = 0; i < wanted->count; i++) {
		const struct name_version *from = &wanted->items[i];
		const Ouro__RefRecord *ref = gone_ref(gone, from);
		struct commit_version *to = &versions[wanted->count - 1 - i];

		*to = (struct commit_version){ .namespace_ = ref->namespace_,
			.path = ref->path,
			.expires_ms = ref->expires,
			.owner = ref->owner,
			.group = ref->group,
			.mode = ref->mode };
		memcpy(to->target, from->target, HASH_SIZE);
	}
	status = commit(gone->unite->vault, &change, err);
	if (status == OURO_OK)
		gone->unite->result->written_new += wanted->count;
	free(versions);
	return status;
}

/* A name that already answers what the winner had was written before. */
static bool
is_written(const struct name *name, const struct name_version *winner)
{
	const struct name_version *head = name_winner(name);

	return name->heads.count == 1 && !head->deletion &&
	    head->expires_ms == winner->expires_ms &&
	    memcmp(head->target, winner->target, HASH_SIZE) == 0;
}

static enum ouro_status
name_write(struct gone *gone, struct ouro_error *err)
{
	struct ouro_vault *vault = gone->unite->vault;
	struct version_list here = { 0 }, wanted = { 0 };
	const char *namespace_ = (const char *)gone->name.data, *path;
	struct name name = { 0 };
	enum ouro_status status;

	if (gone->list.count == 0)
		return OURO_OK;
	path = namespace_ + strlen(namespace_) + 1;
	status = name_load(vault, namespace_, path, &name, err);
	if (status == OURO_OK)
		status = name_history(vault, namespace_, path, &here, err);
	if (status == OURO_OK)
		status = wanted_find(gone, &here, &wanted, err);
	if (status == OURO_OK && wanted.count > 0 &&
	    !is_written(&name, &wanted.items[0]))
		status = wanted_commit(gone, &wanted, err);
	version_list_release(&wanted);
	version_list_release(&here);
	name_release(&name);
	version_list_release(&gone->list);
	return status;
}

/* ---- reading -------------------------------------------------------------------- */

static enum ouro_status
gone_add(struct gone *gone, struct bytes key, struct bytes place,
    struct ouro_error *err)
{
	struct engine *records = gone->unite->vault->records;
	struct engine_value value = { 0 };
	struct name_version version;
	struct dot dot;
	struct row_key row;
	enum ouro_status status;

	memcpy(dot.incarnation, place.data, INCARNATION_SIZE);
	dot.number = get_u64be(place.data + INCARNATION_SIZE);
	row = stage_ref(&dot, row_last_id(key));
	status = engine_get(records, row_bytes(&row), &value, err);
	if (status == OURO_OK) {
		Ouro__RefRecord *ref;

		status = ref_decode(gone->unite->vault, row_last_id(key),
		    value.bytes, &ref, err);
		if (status == OURO_OK) {
			name_version_from_ref(row_last_id(key), ref, &version);
			version.ref = ref;
			status = version_list_add(&gone->list, &version, err);
			if (status != OURO_OK)
				canonical_free(&ref->base);
		}
	}
	engine_value_release(&value);
	return status;
}

/* By name: one after the other. */
static enum ouro_status
removed_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct gone *gone = context;
	struct bytes name = stage_removed_name(key);
	enum ouro_status status = OURO_OK;

	if (name.size == 0 || value == NULL || value->size != STAGE_DOT_SIZE)
		return error_set(err, OURO_DAMAGED,
		    "a row put aside cannot be read");
	if (!bytes_equal(name, buffer_bytes(&gone->name))) {
		status = name_write(gone, err);
		if (status == OURO_OK)
			status = buffer_set(&gone->name, name, err);
	}
	return status == OURO_OK ? gone_add(gone, key, *value, err) : status;
}

enum ouro_status
unite_write_new(struct unite *unite, struct ouro_error *err)
{
	struct row_key prefix = stage_removed_all();
	struct gone gone = { .unite = unite };
	enum ouro_status status = row_each(unite->vault->records, &prefix,
	    removed_visit, &gone, err);

	if (status == OURO_OK)
		status = name_write(&gone, err);
	gone_release(&gone);
	return status;
}
