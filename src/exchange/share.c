#include "exchange/share.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/options.h"
#include "seal/canonical.h"
#include "seal/public_key.h"
#include "vault/reach.h"
#include "vault/vault.h"

#define GRANT_TYPE "application/x-ouroboros-grant"
_Static_assert(FINGERPRINT_TEXT + 1 ==
	sizeof(((struct ouro_grant *)0)->fingerprint),
    "the public field holds a fingerprint");

/* ---- which contents ---------------------------------------------------------- */

struct below {
	struct buffer *ids;
	enum ouro_status status;
	struct ouro_error *err;
};

static bool
below_add(void *context, const uint8_t id[OURO_ID_SIZE])
{
	struct below *below = context;

	below->status = buffer_append(below->ids, bytes_of(id, HASH_SIZE),
	    below->err);
	return below->status == OURO_OK;
}

/* A content has one parent, so each is met once, and the list is its own
 * queue. */
static enum ouro_status
contents_below(struct ouro_vault *vault, struct buffer *ids, size_t at,
    struct ouro_error *err)
{
	struct below below = { ids, OURO_OK, err };
	enum ouro_status status = OURO_OK;

	for (; status == OURO_OK && at < ids->size; at += HASH_SIZE) {
		uint8_t parent[HASH_SIZE];

		memcpy(parent, ids->data + at, HASH_SIZE);
		status = ouro_children(vault, parent, NULL, below_add, &below,
		    err);
		if (status == OURO_NOT_FOUND)
			status = OURO_OK;
		if (status == OURO_OK)
			status = below.status;
	}
	return status;
}

enum ouro_status
share_contents(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    bool tree, struct buffer *ids, bool *live, struct ouro_error *err)
{
	uint8_t content[HASH_SIZE];
	size_t at = ids->size;
	Ouro__RefRecord *ref;
	enum ouro_status status;

	memcpy(content, id, HASH_SIZE);
	status = reach_target(vault, id, content, &ref, err);
	*live = status == OURO_OK && (ref == NULL || ref->target.len != 0);
	if (ref != NULL)
		canonical_free(&ref->base);
	if (status != OURO_OK && status != OURO_NOT_FOUND)
		return status;
	status = buffer_append(ids, bytes_of(content, HASH_SIZE), err);
	if (status == OURO_OK && tree)
		status = contents_below(vault, ids, at, err);
	return status;
}

/* ---- making ------------------------------------------------------------------- */

/* Grants that wait to be committed together. */
struct making {
	struct ouro_vault *vault;
	struct ouro_share_result *result;
	struct commit_content contents[GRANT_COMMIT_MAX];
	struct commit_version versions[GRANT_COMMIT_MAX];
	char paths[GRANT_COMMIT_MAX][GRANT_PATH_SIZE];
	size_t count;
};

static void
making_clear(struct making *making)
{
	for (size_t i = 0; i < making->count; i++)
		buffer_release(&making->contents[i].record);
	making->count = 0;
}

/* What the version's record takes; 0 when it cannot be told. */
static uint64_t
version_size(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(ROW_REF, id, HASH_SIZE);
	size_t size = 0;

	if (engine_exists(vault->records, row_bytes(&key), &size, NULL) !=
	    OURO_OK)
		return 0;
	return size;
}

static enum ouro_status
making_commit(struct making *making, struct ouro_error *err)
{
	struct commit_change change = { .contents = making->contents,
		.content_count = making->count,
		.versions = making->versions,
		.version_count = making->count };
	enum ouro_status status = OURO_OK;

	if (making->count > 0)
		status = commit(making->vault, &change, err);
	for (size_t i = 0; status == OURO_OK && i < making->count; i++) {
		making->result->grants++;
		making->result->bytes += making->contents[i].record.size +
		    version_size(making->vault, making->versions[i].id);
	}
	making_clear(making);
	return status;
}

/* The grant's own content: inline, of no parent. */
static enum ouro_status
grant_content(struct ouro_vault *vault, struct bytes encoded,
    struct commit_content *out, struct ouro_error *err)
{
	struct content content = { .k = vault->k,
		.type = bytes_text(GRANT_TYPE),
		.data = { .size = encoded.size, .inlined = encoded } };
	uint8_t key[KEY_SIZE];
	enum ouro_status status;

	_Static_assert(GRANT_SIZE_MAX <= INLINE_MAX,
	    "a grant lies in its record");
	status = vault_epoch_key(vault, 0, key, &content.epoch, err);
	bytes_wipe(key, sizeof(key));
	if (status == OURO_OK)
		status = content_id(vault, &content, content.id, err);
	if (status != OURO_OK)
		return status;
	memcpy(out->id, content.id, HASH_SIZE);
	out->record = (struct buffer){ 0 };
	return content_encode(vault, &content, &out->record, err);
}

/* Takes a sealed grant into the next commit. */
static enum ouro_status
making_add(struct making *making, const struct grant_name *name,
    const struct grant *grant, struct ouro_error *err)
{
	struct commit_content *content = &making->contents[making->count];
	char *path = making->paths[making->count];
	struct buffer encoded = { 0 };
	enum ouro_status status = grant_encode(grant, &encoded, err);

	*content = (struct commit_content){ .existed = false };
	if (status == OURO_OK)
		status = grant_content(making->vault, buffer_bytes(&encoded),
		    content, err);
	buffer_release(&encoded);
	if (status != OURO_OK) {
		buffer_release(&content->record);
		return status;
	}
	grant_path(name, path);
	making->versions[making->count] = (struct commit_version){
		.namespace_ = GRANT_NAMESPACE,
		.path = path,
		.owner = OWNER_DEFAULT,
		.group = "",
		.mode = MODE_DEFAULT
	};
	memcpy(making->versions[making->count].target, content->id, HASH_SIZE);
	return ++making->count < GRANT_COMMIT_MAX ? OURO_OK
						  : making_commit(making, err);
}

/* One content for one key, unless that is granted already. */
static enum ouro_status
content_share(struct making *making, const struct grant_name *name,
    const uint8_t public_key[KEM_PUBLIC_SIZE], struct ouro_error *err)
{
	struct ouro_vault *vault = making->vault;
	struct grant grant = { .epoch = 0 };
	uint8_t epoch_key[KEY_SIZE];
	uint32_t epoch;
	enum ouro_status status;

	status = grant_epoch_now(vault, name->content, &epoch, err);
	if (status != OURO_OK)
		return status;
	if (grant_find(vault, name, &grant, NULL) == OURO_OK &&
	    grant.epoch == epoch) {
		making->result->there++;
		return OURO_OK;
	}
	memcpy(grant.content, name->content, HASH_SIZE);
	memcpy(grant.public_key, public_key, KEM_PUBLIC_SIZE);
	grant.epoch = epoch;
	status = vault_epoch_key(vault, epoch, epoch_key, NULL, err);
	if (status == OURO_OK)
		status = grant_seal(epoch_key, &grant, err);
	bytes_wipe(epoch_key, sizeof(epoch_key));
	if (status == OURO_OK)
		status = making_add(making, name, &grant, err);
	return status;
}

static enum ouro_status
contents_share(struct making *making, const struct buffer *ids,
    const uint8_t public_key[KEM_PUBLIC_SIZE], struct ouro_error *err)
{
	struct grant_name name;
	enum ouro_status status = OURO_OK;

	memcpy(name.fingerprint, making->result->fingerprint,
	    sizeof(name.fingerprint));
	for (size_t at = 0; status == OURO_OK && at < ids->size;
	     at += HASH_SIZE) {
		memcpy(name.content, ids->data + at, HASH_SIZE);
		status = content_share(making, &name, public_key, err);
		/* A descendant may have been removed meanwhile. */
		if (status == OURO_NOT_FOUND && at > 0)
			status = OURO_OK;
	}
	if (status == OURO_OK)
		status = making_commit(making, err);
	making_clear(making);
	return status;
}

enum ouro_status
ouro_share(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    const char *public_key, const struct ouro_share_options *options,
    struct ouro_share_result *result, struct ouro_error *err)
{
	struct ouro_share_options own_options;
	struct ouro_share_result own = { 0 };
	struct making making = { .vault = vault,
		.result = result != NULL ? result : &own };
	uint8_t key[KEM_PUBLIC_SIZE], fingerprint[FINGERPRINT_SIZE];
	struct buffer ids = { 0 };
	char name[24];
	bool live;
	enum ouro_status status;

	*making.result = (struct ouro_share_result){ 0 };
	status = options_take(&own_options, sizeof(own_options),
	    "struct ouro_share_options", options, err);
	if (status != OURO_OK)
		return status;
	status = public_key_decode(public_key, key, err);
	if (status == OURO_OK)
		status = vault_writable(vault, err);
	if (status == OURO_OK)
		status = member_fingerprint(key, fingerprint, err);
	if (status != OURO_OK)
		return status;
	hex_encode(bytes_of(fingerprint, FINGERPRINT_SIZE),
	    making.result->fingerprint);
	status = share_contents(vault, id, own_options.tree, &ids, &live, err);
	if (status == OURO_OK && !live)
		status = error_set(err, OURO_NOT_FOUND,
		    "nothing has the hash %s", id_short(id, name));
	if (status == OURO_OK)
		status = contents_share(&making, &ids, key, err);
	buffer_release(&ids);
	return status;
}

/* ---- after a new epoch ------------------------------------------------------------ */

static enum ouro_status
renew_see(void *context, const struct grant_name *name,
    const uint8_t target[HASH_SIZE], uint64_t made_ms, struct ouro_error *err)
{
	struct making *making = context;
	struct ouro_error error;
	struct grant grant;

	(void)made_ms;
	if (grant_load(making->vault, name, target, &grant, &error) !=
	    OURO_OK) {
		log_write(&making->vault->log, LOG_WARNING,
		    "a grant to %s stays as it was: %s", name->fingerprint,
		    error.text);
		return OURO_OK;
	}
	return content_share(making, name, grant.public_key, err);
}

enum ouro_status
share_renew(struct ouro_vault *vault, const uint8_t content[HASH_SIZE],
    struct ouro_error *err)
{
	struct ouro_share_result result = { 0 };
	struct making making = { .vault = vault, .result = &result };
	enum ouro_status status = grant_names(vault, content, renew_see,
	    &making, err);

	if (status == OURO_OK)
		status = making_commit(&making, err);
	making_clear(&making);
	return status;
}
