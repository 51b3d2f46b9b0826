/*
 * share_list - the grants there are (ouro_grants), and the keys they are for
 * (ouro_key_make, ouro_key_public).
 */
#include <stdlib.h>

#include "base/error.h"
#include "exchange/share_grant.h"
#include "seal/canonical.h"
#include "seal/public_key.h"
#include "vault/reach.h"
#include "vault/vault.h"

/* ---- keys -------------------------------------------------------------------- */

enum ouro_status
ouro_key_make(const char *key_file, const char *passphrase,
    struct ouro_error *err)
{
	struct member_key key;
	enum ouro_status status = member_key_new(fs_posix(), &key, err);

	if (status == OURO_OK)
		status = member_key_create(fs_posix(), key_file, &key,
		    passphrase, err);
	member_key_wipe(&key);
	return status;
}

enum ouro_status
ouro_key_public(const char *key_file, const char *passphrase, char **text,
    struct ouro_error *err)
{
	struct member_key key;
	char *made;
	enum ouro_status status;

	*text = NULL;
	status = member_key_read(fs_posix(), key_file, passphrase, &key, err);
	if (status != OURO_OK)
		return status;
	made = malloc(PUBLIC_KEY_TEXT_SIZE);
	status = made == NULL ? error_memory(err)
			      : public_key_encode(key.public_key, made, err);
	if (status == OURO_OK)
		*text = made;
	else
		free(made);
	member_key_wipe(&key);
	return status;
}

/* ---- grants ------------------------------------------------------------------ */

struct listing {
	struct ouro_vault *vault;
	const char *fingerprint; /* NULL = everybody's */
	ouro_each_grant *each;
	void *context;
};

/* One that does not count is told to the log: it gives nobody anything. */
static enum ouro_status
listing_see(void *context, const struct grant_name *name,
    const uint8_t target[HASH_SIZE], uint64_t made_ms, struct ouro_error *err)
{
	struct listing *listing = context;
	char public_key[PUBLIC_KEY_TEXT_SIZE];
	struct ouro_grant out = { .made_ms = made_ms,
		.public_key = public_key };
	struct ouro_error error;
	struct grant grant;
	enum ouro_status status;

	if (listing->fingerprint != NULL &&
	    strcmp(listing->fingerprint, name->fingerprint) != 0)
		return OURO_OK;
	if (grant_load(listing->vault, name, target, &grant, &error) !=
	    OURO_OK) {
		log_write(&listing->vault->log, LOG_WARNING,
		    "a grant to %s does not count: %s", name->fingerprint,
		    error.text);
		return OURO_OK;
	}
	status = public_key_encode(grant.public_key, public_key, err);
	if (status != OURO_OK)
		return status;
	memcpy(out.content, name->content, HASH_SIZE);
	memcpy(out.fingerprint, name->fingerprint, sizeof(out.fingerprint));
	return listing->each(listing->context, &out) ? OURO_OK : OURO_END;
}

/* A version stands for its content; what is gone stands for itself. */
static enum ouro_status
content_of(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    uint8_t content[HASH_SIZE], struct ouro_error *err)
{
	Ouro__RefRecord *ref;
	enum ouro_status status;

	memcpy(content, id, HASH_SIZE);
	status = reach_target(vault, id, content, &ref, err);
	if (ref != NULL)
		canonical_free(&ref->base);
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}

enum ouro_status
ouro_grants(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    const char *fingerprint, ouro_each_grant *each, void *context,
    struct ouro_error *err)
{
	struct listing listing = { .vault = vault,
		.each = each,
		.context = context };
	char found[FINGERPRINT_TEXT + 1];
	uint8_t content[HASH_SIZE];
	const uint8_t *only = id != NULL ? content : NULL;
	enum ouro_status status = OURO_OK;

	if (id != NULL)
		status = content_of(vault, id, content, err);
	if (status == OURO_OK && fingerprint != NULL) {
		status = grant_fingerprint(vault, only, fingerprint, found,
		    err);
		listing.fingerprint = found;
	}
	if (status == OURO_OK)
		status = grant_names(vault, only, listing_see, &listing, err);
	return status;
}
