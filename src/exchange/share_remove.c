/*
 * share_remove - grants are taken back (ouro_unshare).
 *
 * The names are deleted first, and durably: from then on nothing is served to
 * that key. Sealing anew, which takes as long as the content is large, comes
 * after, and may be repeated.
 */
#include "base/encoding.h"
#include "base/error.h"
#include "base/options.h"
#include "exchange/reseal.h"
#include "exchange/share.h"
#include "vault/drop.h"
#include "vault/vault.h"

struct unsharing {
	struct ouro_vault *vault;
	struct buffer ids;
	char fingerprint[FINGERPRINT_TEXT + 1]; /* empty: not known yet */
	struct ouro_unshare_result *result;
};

/* ---- whose --------------------------------------------------------------------- */

/* The fingerprint that begins so, among the grants of all these contents. */
static enum ouro_status
fingerprint_find(struct unsharing *un, const char *prefix,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_NOT_FOUND;

	for (size_t at = 0; at < un->ids.size; at += HASH_SIZE) {
		char found[FINGERPRINT_TEXT + 1];

		status = grant_fingerprint(un->vault, un->ids.data + at, prefix,
		    found, err);
		if (status == OURO_NOT_FOUND)
			continue;
		if (status == OURO_OK && un->fingerprint[0] != '\0' &&
		    strcmp(un->fingerprint, found) != 0)
			status = error_set(err, OURO_AMBIGUOUS,
			    "several public keys have a fingerprint that "
			    "begins with %.32s",
			    prefix);
		if (status != OURO_OK)
			return status;
		memcpy(un->fingerprint, found, sizeof(found));
	}
	return un->fingerprint[0] != '\0' ? OURO_OK : status;
}

/* ---- deletions -------------------------------------------------------------------- */

/* What of a name's versions can leave the set does; that it cannot yet is no
 * failure: the name is deleted. */
static enum ouro_status
names_delete(struct unsharing *un, char (*paths)[GRANT_PATH_SIZE], size_t count,
    struct ouro_error *err)
{
	struct commit_version versions[GRANT_COMMIT_MAX];
	struct commit_change change = { .versions = versions,
		.version_count = count };
	uint64_t dropped;
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; i < count; i++)
		versions[i] = (struct commit_version){
			.namespace_ = GRANT_NAMESPACE,
			.path = paths[i],
			.deletion = true,
			.idempotent = true,
			.owner = OWNER_DEFAULT,
			.group = "",
			.mode = MODE_DEFAULT
		};
	if (count > 0)
		status = commit(un->vault, &change, err);
	for (size_t i = 0; status == OURO_OK && i < count; i++) {
		drop_name(un->vault, GRANT_NAMESPACE, paths[i], &dropped, NULL);
		un->result->grants++;
	}
	return status;
}

struct presence {
	const char *fingerprint;
	bool found;
};

static enum ouro_status
presence_see(void *context, const struct grant_name *name,
    const uint8_t target[HASH_SIZE], uint64_t made_ms, struct ouro_error *err)
{
	struct presence *presence = context;

	(void)target;
	(void)made_ms;
	(void)err;
	presence->found = strcmp(name->fingerprint, presence->fingerprint) == 0;
	return presence->found ? OURO_END : OURO_OK;
}

/* By name: a grant that does not count goes too. */
static enum ouro_status
grants_delete(struct unsharing *un, struct ouro_error *err)
{
	char paths[GRANT_COMMIT_MAX][GRANT_PATH_SIZE];
	struct presence presence = { un->fingerprint, false };
	struct grant_name name;
	size_t count = 0;
	enum ouro_status status = OURO_OK;

	memcpy(name.fingerprint, un->fingerprint, sizeof(name.fingerprint));
	for (size_t at = 0; status == OURO_OK && at < un->ids.size;
	     at += HASH_SIZE) {
		presence.found = false;
		memcpy(name.content, un->ids.data + at, HASH_SIZE);
		status = grant_names(un->vault, name.content, presence_see,
		    &presence, err);
		if (status != OURO_OK || !presence.found)
			continue;
		grant_path(&name, paths[count++]);
		if (count == GRANT_COMMIT_MAX) {
			status = names_delete(un, paths, count, err);
			count = 0;
		}
	}
	return status == OURO_OK ? names_delete(un, paths, count, err) : status;
}

/* ---- together ---------------------------------------------------------------------- */

/* Who repeats a call that was interrupted finds no grant any more; with the
 * whole fingerprint that is no mistake. */
static bool
is_repeated(const struct ouro_unshare_options *options, const char *fingerprint,
    enum ouro_status status)
{
	return status == OURO_NOT_FOUND && options->reseal &&
	    strlen(fingerprint) == FINGERPRINT_TEXT;
}

static enum ouro_status
grants_take_back(struct unsharing *un, const char *fingerprint,
    const struct ouro_unshare_options *options, bool live,
    struct ouro_error *err)
{
	enum ouro_status status = fingerprint_find(un, fingerprint, err);

	if (status == OURO_OK)
		status = grants_delete(un, err);
	else if (live && is_repeated(options, fingerprint, status))
		status = OURO_OK;
	if (status == OURO_OK && live && options->reseal)
		status = reseal(un->vault, &un->ids, un->result, err);
	return status;
}

enum ouro_status
ouro_unshare(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    const char *fingerprint, const struct ouro_unshare_options *options,
    struct ouro_unshare_result *result, struct ouro_error *err)
{
	struct ouro_unshare_options own_options;
	struct ouro_unshare_result own = { 0 };
	struct unsharing un = { .vault = vault,
		.result = result != NULL ? result : &own };
	bool live;
	enum ouro_status status;

	*un.result = (struct ouro_unshare_result){ 0 };
	status = options_take(&own_options, sizeof(own_options),
	    "struct ouro_unshare_options", options, err);
	if (status != OURO_OK)
		return status;
	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "the vault was opened read-only");
	status = share_contents(vault, id, own_options.tree, &un.ids, &live,
	    err);
	if (status == OURO_OK)
		status = grants_take_back(&un, fingerprint, &own_options, live,
		    err);
	buffer_release(&un.ids);
	return status;
}
