/*
 * Names and their versions, as they are read.
 */
#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/name.h"
#include "vault/vault.h"

#define HISTORY_TRIES 8

void
ouro_version_release(struct ouro_version *version)
{
	if (version == NULL)
		return;
	free(version->previous);
	free(version->namespace_);
	free(version->path);
	free(version->owner);
	free(version->group);
	free(version->writer);
	*version = (struct ouro_version){ .head = false };
}

/* ---- one version ------------------------------------------------------------- */

static enum ouro_status
previous_copy(const Ouro__RefRecord *ref, struct ouro_version *out,
    struct ouro_error *err)
{
	out->previous = calloc(ref->n_previous + 1, sizeof(*out->previous));
	if (out->previous == NULL)
		return error_memory(err);
	for (size_t i = 0; i < ref->n_previous; i++)
		memcpy(out->previous[i], ref->previous[i].data, HASH_SIZE);
	out->previous_count = ref->n_previous;
	return OURO_OK;
}

static enum ouro_status
texts_copy(const Ouro__RefRecord *ref, struct ouro_version *out,
    struct ouro_error *err)
{
	const char *const texts[] = { ref->namespace_, ref->path, ref->owner,
		ref->group, ref->writer };
	char **const copies[] = { &out->namespace_, &out->path, &out->owner,
		&out->group, &out->writer };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		*copies[i] = strdup(texts[i]);
		if (*copies[i] == NULL)
			return error_memory(err);
	}
	return OURO_OK;
}

enum ouro_status
version_fill(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, const struct name *name,
    struct ouro_version *out, struct ouro_error *err)
{
	const struct name_version *head = name_head(name, id);
	enum ouro_status status;

	*out = (struct ouro_version){ .deletion = ref->target.len == 0,
		.head = head != NULL,
		.winner = head != NULL && head == name_winner(name),
		.stamp = ref->stamp,
		.saved_ms = stamp_ms(ref->stamp),
		.expires_ms = ref->expires,
		.mode = ref->mode };
	out->expired = ref->expires != 0 &&
	    ref->expires <= fs_wall_ms(vault->fs);
	memcpy(out->id, id, HASH_SIZE);
	if (!out->deletion)
		memcpy(out->content, ref->target.data, HASH_SIZE);
	memcpy(out->uuid, ref->uuid.data, UUID_SIZE);
	status = previous_copy(ref, out, err);
	if (status == OURO_OK)
		status = texts_copy(ref, out, err);
	if (status != OURO_OK)
		ouro_version_release(out);
	return status;
}

enum ouro_status
ouro_version_get(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    struct ouro_version *out, struct ouro_error *err)
{
	struct name name = { 0 };
	Ouro__RefRecord *ref;
	char text[24];
	enum ouro_status status = ref_get(vault, id, &ref, err);

	*out = (struct ouro_version){ .head = false };
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_NOT_FOUND, "there is no version %s",
		    id_short(id, text));
	if (status != OURO_OK)
		return status;
	status = name_load(vault, ref->namespace_, ref->path, &name, err);
	if (status == OURO_OK)
		status = version_fill(vault, id, ref, &name, out, err);
	name_release(&name);
	canonical_free(&ref->base);
	return status;
}

/* ---- names ------------------------------------------------------------------- */

static enum ouro_status
no_name(const char *path, struct ouro_error *err)
{
	return error_set(err, OURO_NOT_FOUND, "there is no name \"%.128s\"",
	    path);
}

/* The heads of a name that has some. */
static enum ouro_status
name_find(struct ouro_vault *vault, const char *namespace_, const char *path,
    struct name *out, struct ouro_error *err)
{
	enum ouro_status status;

	if (namespace_ == NULL)
		namespace_ = NAMESPACE_DEFAULT;
	*out = (struct name){ 0 };
	status = ref_name_check(namespace_, path, err);
	if (status == OURO_OK)
		status = name_load(vault, namespace_, path, out, err);
	if (status == OURO_OK && out->heads.count == 0) {
		name_release(out);
		status = no_name(path, err);
	}
	return status;
}

enum ouro_status
ouro_name_read(struct ouro_vault *vault, const char *namespace_,
    const char *path, uint8_t content[OURO_ID_SIZE],
    uint8_t version[OURO_ID_SIZE], struct ouro_error *err)
{
	const struct name_version *current;
	struct name name;
	enum ouro_status status = name_find(vault, namespace_, path, &name,
	    err);

	if (status != OURO_OK)
		return status;
	current = name_current(&name, fs_wall_ms(vault->fs));
	if (current == NULL) {
		status = no_name(path, err);
	} else {
		if (content != NULL)
			memcpy(content, current->target, HASH_SIZE);
		if (version != NULL)
			memcpy(version, current->id, HASH_SIZE);
	}
	name_release(&name);
	return status;
}

/* Shows one version of a name; one that has just left is passed over. *more:
 * the caller wants another. */
static enum ouro_status
version_show(struct ouro_vault *vault, const struct name *name,
    struct name_version *version, ouro_each_version *each, void *context,
    bool *more, struct ouro_error *err)
{
	struct ouro_version shown;
	enum ouro_status status = name_version_load(vault, version, err);

	if (status == OURO_NOT_FOUND)
		return OURO_OK;
	if (status == OURO_OK)
		status = version_fill(vault, version->id, version->ref, name,
		    &shown, err);
	if (version->ref != NULL)
		canonical_free(&version->ref->base);
	version->ref = NULL;
	if (status != OURO_OK)
		return status;
	*more = each(context, &shown);
	ouro_version_release(&shown);
	return OURO_OK;
}

enum ouro_status
ouro_heads(struct ouro_vault *vault, const char *namespace_, const char *path,
    ouro_each_version *each, void *context, struct ouro_error *err)
{
	struct name name;
	bool more = true;
	enum ouro_status status = name_find(vault, namespace_, path, &name,
	    err);

	for (size_t i = 0; status == OURO_OK && more && i < name.heads.count;
	     i++) {
		/* Loading may not touch the list that tells heads. */
		struct name_version version = name.heads.items[i];

		status = version_show(vault, &name, &version, each, context,
		    &more, err);
	}
	name_release(&name);
	return status;
}

static bool
name_is_same(const struct name *a, const struct name *b)
{
	return a->versions == b->versions && a->heads.count == b->heads.count &&
	    (a->heads.count == 0 ||
		memcmp(a->heads.items[0].id, b->heads.items[0].id, HASH_SIZE) ==
		    0);
}

/* Heads and history of one moment, unless writers are quicker each time. */
static enum ouro_status
history_find(struct ouro_vault *vault, const char *namespace_, const char *path,
    struct name *name, struct version_list *all, struct ouro_error *err)
{
	struct name again;
	bool same = false;
	enum ouro_status status = name_find(vault, namespace_, path, name, err);

	*all = (struct version_list){ 0 };
	for (unsigned i = 0; status == OURO_OK && !same && i < HISTORY_TRIES;
	     i++) {
		version_list_release(all);
		status = name_history(vault, name->namespace_, path, all, err);
		if (status != OURO_OK)
			break;
		status = name_load(vault, name->namespace_, path, &again, err);
		if (status != OURO_OK)
			break;
		same = name_is_same(name, &again);
		name_release(name);
		*name = again;
	}
	if (status != OURO_OK) {
		version_list_release(all);
		name_release(name);
	}
	return status;
}

enum ouro_status
ouro_history(struct ouro_vault *vault, const char *namespace_, const char *path,
    ouro_each_version *each, void *context, struct ouro_error *err)
{
	struct version_list all;
	struct name name;
	bool more = true;
	enum ouro_status status = history_find(vault, namespace_, path, &name,
	    &all, err);

	if (status != OURO_OK)
		return status;
	for (size_t i = all.count; status == OURO_OK && more && i > 0; i--)
		status = version_show(vault, &name, &all.items[i - 1], each,
		    context, &more, err);
	version_list_release(&all);
	name_release(&name);
	return status;
}
