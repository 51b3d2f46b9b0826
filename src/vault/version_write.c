#include "vault/version_write.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/options.h"
#include "seal/canonical.h"
#include "vault/name.h"
#include "vault/reach.h"
#include "vault/vault.h"

/* ---- options ------------------------------------------------------------------ */

/* Labels become a part of a name. NULL means the default. */
static bool
label_fits(const char *label)
{
	return label == NULL ||
	    (strlen(label) <= OURO_LABEL_MAX && strchr(label, '/') == NULL &&
		ref_name_check("objects", label, NULL) == OURO_OK);
}

enum ouro_status
version_check(const struct ouro_version_options *options,
    struct ouro_error *err)
{
	enum ouro_status status = ref_name_check(options->namespace_,
	    options->path, err);

	if (status != OURO_OK)
		return status;
	if (options->saved_ms > STAMP_MS_MAX)
		return error_set(err, OURO_INVALID,
		    "the time given is beyond the year 10889");
	if (options->mode > 0xfff)
		return error_set(err, OURO_INVALID, "a mode has 12 bits");
	if (!label_fits(options->owner) || !label_fits(options->group))
		return error_set(err, OURO_INVALID,
		    "owner and group are UTF-8 of 1 to %d bytes, without "
		    "control characters and \"/\"",
		    OURO_LABEL_MAX);
	if ((unsigned)options->base > OURO_BASE_EXACT)
		return error_set(err, OURO_INVALID, "no such kind of base: %d",
		    (int)options->base);
	if (options->base == OURO_BASE_HEADS && options->base_count > 0)
		return error_set(err, OURO_INVALID,
		    "versions are given, but not what they are the base of");
	if (options->base_count > REF_PREVIOUS_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a version replaces at most %u others by name",
		    REF_PREVIOUS_MAX);
	return OURO_OK;
}

/* ---- the content ----------------------------------------------------------------- */

/* Looks for a version of a name among those of a content. */
struct name_search {
	struct ouro_vault *vault;
	const struct commit_version *version;
	bool found;
};

static bool
search_see(void *context, const uint8_t id[HASH_SIZE])
{
	struct name_search *search = context;
	const struct commit_version *version = search->version;
	Ouro__RefRecord *ref;

	if (ref_get(search->vault, id, &ref, NULL) != OURO_OK)
		return true;
	search->found = strcmp(ref->path, version->path) == 0 &&
	    strcmp(ref->namespace_, version->namespace_) == 0;
	canonical_free(&ref->base);
	return !search->found;
}

/* It is live, or only its own name has it, which was deleted: a revert may
 * bring that back until it is dropped. */
static enum ouro_status
content_check(struct ouro_vault *vault, const struct commit_version *version,
    struct ouro_error *err)
{
	struct name_search search = { vault, version, false };
	enum ouro_status status = reach_content(vault, version->target, err);

	if (status != OURO_NOT_FOUND ||
	    !reach_has_record(vault, ROW_CONTENT, version->target))
		return status;
	status = reach_pairs(vault, ROW_USE, version->target, search_see,
	    &search, err);
	if (status != OURO_OK || search.found)
		return status;
	return reach_content(vault, version->target, err);
}

/* Pinned before it is looked for, so that no collection comes between. */
static enum ouro_status
content_hold(struct version_write *write, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	enum ouro_status status = pins_add(&write->vault->pins, id, err);

	if (status != OURO_OK)
		return status;
	write->pinned = true;
	memcpy(write->version.target, id, HASH_SIZE);
	return content_check(write->vault, &write->version, err);
}

/* ---- together ------------------------------------------------------------------------ */

static enum ouro_status
write_copy(struct version_write *write,
    const struct ouro_version_options *options, struct ouro_error *err)
{
	const char *given[] = { options->namespace_, options->path,
		options->owner, options->group };
	struct commit_version *version = &write->version;

	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++) {
		if (given[i] == NULL)
			continue;
		write->texts[i] = strdup(given[i]);
		if (write->texts[i] == NULL)
			return error_memory(err);
	}
	write->base = calloc(options->base_count + 1, sizeof(*write->base));
	if (write->base == NULL)
		return error_memory(err);
	for (size_t i = 0; i < options->base_count; i++)
		memcpy(write->base[i], options->base_versions[i], HASH_SIZE);
	version->namespace_ = write->texts[0];
	version->path = write->texts[1];
	version->owner = write->texts[2];
	version->group = write->texts[3];
	version->base = options->base;
	version->base_versions = (const uint8_t(*)[HASH_SIZE])write->base;
	version->base_count = options->base_count;
	version->mode = options->mode;
	version->stamp = stamp_from_ms(options->saved_ms);
	version->expires_ms = options->expires_ms;
	version->deletion = options->content == NULL;
	return OURO_OK;
}

enum ouro_status
version_write_init(struct version_write *write, struct ouro_vault *vault,
    const struct ouro_version_options *options, struct ouro_error *err)
{
	struct ouro_version_options whole;
	enum ouro_status status = options_take(&whole, sizeof(whole),
	    "struct ouro_version_options", options, err);

	*write = (struct version_write){ .vault = vault };
	if (status != OURO_OK)
		return status;
	if (whole.namespace_ == NULL)
		whole.namespace_ = NAMESPACE_DEFAULT;
	if (whole.path == NULL)
		return error_set(err, OURO_INVALID, "a version has a name");
	status = version_check(&whole, err);
	if (status == OURO_OK)
		status = write_copy(write, &whole, err);
	if (status == OURO_OK && whole.content != NULL)
		status = content_hold(write, whole.content, err);
	return status;
}

void
version_write_release(struct version_write *write)
{
	if (write->pinned)
		pins_drop(&write->vault->pins, write->version.target);
	for (size_t i = 0; i < sizeof(write->texts) / sizeof(*write->texts);
	     i++)
		free(write->texts[i]);
	free(write->base);
	*write = (struct version_write){ .pinned = false };
}

enum ouro_status
ouro_version_put(struct ouro_vault *vault,
    const struct ouro_version_options *options, uint8_t id[OURO_ID_SIZE],
    struct ouro_error *err)
{
	struct version_write write;
	struct commit_change change = { .versions = &write.version,
		.version_count = 1 };
	enum ouro_status status = version_write_init(&write, vault, options,
	    err);

	if (status == OURO_OK && options->content != NULL)
		status = vault_writable(vault, err);
	if (status == OURO_OK)
		status = commit(vault, &change, err);
	if (status == OURO_OK && id != NULL)
		memcpy(id, write.version.id, HASH_SIZE);
	version_write_release(&write);
	return status;
}
