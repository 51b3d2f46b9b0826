#include "exchange/share_grant.h"

#include <ctype.h>
#include <stdio.h>

#include "base/encoding.h"
#include "base/error.h"
#include "seal/canonical.h"
#include "vault/name_scan.h"
#include "vault/vault.h"

#define PREFIX	    "grants/"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define ID_TEXT	    43 /* base64url, without padding */

_Static_assert(PREFIX_SIZE + ID_TEXT + 1 + FINGERPRINT_TEXT < GRANT_PATH_SIZE,
    "a path has room");

/* ---- names ----------------------------------------------------------------- */

/* "grants/" or "grants/CONTENT/". */
static void
prefix_write(const uint8_t *content, char out[GRANT_PATH_SIZE])
{
	char id[BASE64_LENGTH(HASH_SIZE) + 1];

	memcpy(out, PREFIX, PREFIX_SIZE + 1);
	if (content == NULL)
		return;
	base64url_encode(bytes_of(content, HASH_SIZE), id);
	snprintf(out + PREFIX_SIZE, GRANT_PATH_SIZE - PREFIX_SIZE, "%s/", id);
}

void
grant_path(const struct grant_name *name, char out[GRANT_PATH_SIZE])
{
	char id[BASE64_LENGTH(HASH_SIZE) + 1];

	base64url_encode(bytes_of(name->content, HASH_SIZE), id);
	snprintf(out, GRANT_PATH_SIZE, PREFIX "%s/%s", id, name->fingerprint);
}

static bool
fingerprint_fits(const char *text)
{
	return strlen(text) == FINGERPRINT_TEXT &&
	    strspn(text, "0123456789abcdef") == FINGERPRINT_TEXT;
}

/* False for a name that is none of a grant. */
static bool
path_read(const char *path, struct grant_name *out)
{
	struct buffer id = { 0 };
	bool fits;

	if (strncmp(path, PREFIX, PREFIX_SIZE) != 0 ||
	    strlen(path) != PREFIX_SIZE + ID_TEXT + 1 + FINGERPRINT_TEXT ||
	    path[PREFIX_SIZE + ID_TEXT] != '/' ||
	    !fingerprint_fits(path + PREFIX_SIZE + ID_TEXT + 1))
		return false;
	fits = base64url_decode(path + PREFIX_SIZE, ID_TEXT, &id, NULL) ==
		OURO_OK &&
	    id.size == HASH_SIZE;
	if (fits) {
		memcpy(out->content, id.data, HASH_SIZE);
		memcpy(out->fingerprint, path + PREFIX_SIZE + ID_TEXT + 1,
		    FINGERPRINT_TEXT + 1);
	}
	buffer_release(&id);
	return fits;
}

enum ouro_status
grant_names(struct ouro_vault *vault, const uint8_t *content, grant_each *each,
    void *context, struct ouro_error *err)
{
	uint64_t now_ms = fs_wall_ms(vault->fs);
	char prefix[GRANT_PATH_SIZE];
	struct name_range range = { .namespace_ = GRANT_NAMESPACE,
		.prefix = prefix };
	struct name_scan scan;
	struct name_entry entry;
	struct grant_name name;
	enum ouro_status status;

	prefix_write(content, prefix);
	status = name_scan_open(&scan, vault, &range, err);
	while (status == OURO_OK) {
		status = name_scan_next(&scan, &entry, err);
		if (status == OURO_DAMAGED)
			status = OURO_OK;
		else if (status == OURO_OK &&
		    name_entry_is_current(&entry, now_ms) &&
		    path_read(entry.path, &name))
			status = each(context, &name, entry.winner.target,
			    stamp_ms(entry.winner.stamp), err);
	}
	name_scan_release(&scan);
	return status == OURO_END ? OURO_OK : status;
}

/* ---- grants ------------------------------------------------------------------ */

/* The grant is the one that its name says. */
static enum ouro_status
grant_fits(struct ouro_vault *vault, const struct grant_name *name,
    const struct grant *grant, struct ouro_error *err)
{
	uint8_t epoch_key[KEY_SIZE], fingerprint[FINGERPRINT_SIZE];
	char text[FINGERPRINT_TEXT + 1];
	enum ouro_status status;

	status = member_fingerprint(grant->public_key, fingerprint, err);
	if (status != OURO_OK)
		return status;
	hex_encode(bytes_of(fingerprint, FINGERPRINT_SIZE), text);
	if (memcmp(grant->content, name->content, HASH_SIZE) != 0 ||
	    strcmp(text, name->fingerprint) != 0)
		return error_set(err, OURO_DAMAGED,
		    "a grant lies under the name of another");
	status = vault_epoch_key(vault, grant->epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = grant_check(epoch_key, grant, err);
	bytes_wipe(epoch_key, sizeof(epoch_key));
	return status;
}

enum ouro_status
grant_load(struct ouro_vault *vault, const struct grant_name *name,
    const uint8_t target[HASH_SIZE], struct grant *out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, target, HASH_SIZE);
	struct engine_value value = { 0 };
	struct content content = { 0 };
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = content_decode(vault, target, value.bytes, &content,
		    err);
	engine_value_release(&value);
	/* A tree is no grant, whatever it holds: inlined is then empty. */
	if (status == OURO_OK)
		status = grant_decode(content.data.inlined, out, err);
	content_release(&content);
	if (status == OURO_OK)
		status = grant_fits(vault, name, out, err);
	return status;
}

enum ouro_status
grant_find(struct ouro_vault *vault, const struct grant_name *wanted,
    struct grant *out, struct ouro_error *err)
{
	const struct name_version *winner;
	char path[GRANT_PATH_SIZE];
	struct name name;
	enum ouro_status status;

	grant_path(wanted, path);
	status = name_load(vault, GRANT_NAMESPACE, path, &name, err);
	if (status != OURO_OK)
		return status;
	winner = name_current(&name, fs_wall_ms(vault->fs));
	status = winner != NULL
	    ? grant_load(vault, wanted, winner->target, out, err)
	    : error_set(err, OURO_NOT_FOUND, "there is no such grant");
	name_release(&name);
	return status;
}

/* ---- fingerprints --------------------------------------------------------------- */

struct fingerprint_search {
	char prefix[FINGERPRINT_TEXT + 1];
	char found[FINGERPRINT_TEXT + 1]; /* empty: none yet */
	bool ambiguous;
};

static enum ouro_status
fingerprint_see(void *context, const struct grant_name *name,
    const uint8_t target[HASH_SIZE], uint64_t made_ms, struct ouro_error *err)
{
	struct fingerprint_search *search = context;

	(void)target;
	(void)made_ms;
	(void)err;
	if (strncmp(name->fingerprint, search->prefix,
		strlen(search->prefix)) != 0)
		return OURO_OK;
	search->ambiguous = search->found[0] != '\0' &&
	    strcmp(search->found, name->fingerprint) != 0;
	memcpy(search->found, name->fingerprint, sizeof(search->found));
	return search->ambiguous ? OURO_END : OURO_OK;
}

static enum ouro_status
prefix_read(const char *prefix, char out[FINGERPRINT_TEXT + 1],
    struct ouro_error *err)
{
	size_t length = strlen(prefix);

	if (length < ID_PREFIX_MIN || length > FINGERPRINT_TEXT ||
	    strspn(prefix, "0123456789abcdefABCDEF") != length)
		return error_set(err, OURO_INVALID,
		    "a fingerprint is given by %d to %d hex digits, not by "
		    "\"%.64s\"",
		    ID_PREFIX_MIN, FINGERPRINT_TEXT, prefix);
	for (size_t i = 0; i <= length; i++)
		out[i] = (char)tolower((unsigned char)prefix[i]);
	return OURO_OK;
}

enum ouro_status
grant_fingerprint(struct ouro_vault *vault, const uint8_t *content,
    const char *prefix, char out[FINGERPRINT_TEXT + 1], struct ouro_error *err)
{
	struct fingerprint_search search = { .ambiguous = false };
	enum ouro_status status = prefix_read(prefix, search.prefix, err);

	if (status == OURO_OK)
		status = grant_names(vault, content, fingerprint_see, &search,
		    err);
	if (status != OURO_OK)
		return status;
	if (search.ambiguous)
		return error_set(err, OURO_AMBIGUOUS,
		    "several public keys have a fingerprint that begins with "
		    "%s",
		    search.prefix);
	if (search.found[0] == '\0')
		return error_set(err, OURO_NOT_FOUND,
		    "nothing is shared with a key whose fingerprint begins "
		    "with %s",
		    search.prefix);
	memcpy(out, search.found, sizeof(search.found));
	return OURO_OK;
}

/* ---- contents --------------------------------------------------------------------- */

enum ouro_status
grant_epoch_now(struct ouro_vault *vault, const uint8_t content[HASH_SIZE],
    uint32_t *epoch, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, content, HASH_SIZE);
	struct engine_value value = { 0 };
	Ouro__ContentRecord *record;
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &value, err);
	if (status == OURO_OK)
		status = content_peek(content, value.bytes, &record, err);
	engine_value_release(&value);
	if (status != OURO_OK)
		return status;
	*epoch = record->epoch;
	canonical_free(&record->base);
	return OURO_OK;
}
