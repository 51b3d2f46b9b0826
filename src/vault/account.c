#include "vault/account.h"

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/chunk.h"
#include "vault/reach.h"
#include "vault/tree.h"
#include "vault/vault.h"

void
account_release(struct account *account)
{
	hash_set_release(&account->dead);
	hash_set_release(&account->seen);
}

void
account_report(const struct account *account, enum ouro_reason reason,
    const uint8_t id[HASH_SIZE], uint64_t count)
{
	struct ouro_kept kept = { .reason = reason, .count = count };

	memcpy(kept.id, id, HASH_SIZE);
	if (account->report != NULL)
		account->report(account->context, &kept);
}

enum ouro_status
account_load(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__ContentRecord **out, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct engine_value value = { 0 };
	enum ouro_status status = set_get(vault, row_bytes(&key), &value, err);

	if (status == OURO_OK)
		status = content_peek(id, value.bytes, out, err);
	engine_value_release(&value);
	return status;
}

/* ---- chunks ---------------------------------------------------------------- */

static uint64_t
chunk_slices(struct account *account, const uint8_t id[HASH_SIZE])
{
	Ouro__ChunkRow *row;
	uint64_t slices = 0;

	if (chunk_row_get(account->vault, id, &row, NULL) != OURO_OK) {
		account->result->uncounted = true;
		return 0;
	}
	for (size_t i = 0; i < row->n_stripes; i++)
		slices += row->stripes[i]->lanes.len - row->stripes[i]->bad.len;
	canonical_free(&row->base);
	return slices;
}

static enum ouro_status
chunk_account(struct account *account, const uint8_t id[HASH_SIZE], bool shared,
    struct ouro_error *err)
{
	bool added;
	enum ouro_status status = hash_set_add(&account->seen, id, &added, err);

	if (status != OURO_OK || !added)
		return status;
	if (shared) {
		account->shared++;
		account->result->chunks_kept++;
		account->result->slices_kept += chunk_slices(account, id);
	} else {
		account->result->chunks_free++;
	}
	return OURO_OK;
}

/* Pages come before what they list: below a page that others use, all is
 * shared, and need not be looked at. */
static enum ouro_status
account_visit(void *context, const uint8_t id[HASH_SIZE], unsigned level,
    enum ouro_status found, struct ouro_error *err)
{
	struct account *account = context;
	enum ouro_status status = OURO_OK;
	bool shared = level < account->shared_level;

	if (found != OURO_OK) {
		account->result->uncounted = true;
		return OURO_OK;
	}
	if (!shared) {
		account->shared_level = 0;
		status = reach_part(account->vault, id, &account->dead, err);
		shared = status == OURO_OK;
		if (status != OURO_OK && status != OURO_NOT_FOUND)
			return status;
	}
	if (level == 0)
		return chunk_account(account, id, shared, err);
	if (!shared)
		return hash_set_add(&account->dead, id, NULL, err);
	if (account->shared_level == 0)
		account->shared_level = level;
	return OURO_OK;
}

enum ouro_status
account_gone(struct account *account, const uint8_t id[HASH_SIZE],
    const Ouro__ContentRecord *record, struct ouro_error *err)
{
	const Ouro__Tree *trees[] = { record->data, record->meta };
	bool added;
	enum ouro_status status = hash_set_add(&account->dead, id, &added, err);

	if (status != OURO_OK || !added)
		return status;
	account->result->contents++;
	account->shared = 0;
	for (size_t i = 0; status == OURO_OK && i < 2; i++) {
		account->shared_level = 0;
		if (trees[i] != NULL)
			status = tree_walk(account->vault, trees[i]->id.data,
			    trees[i]->level, account_visit, account, err);
	}
	if (account->shared > 0)
		account_report(account, OURO_SHARED_CHUNKS, id,
		    account->shared);
	return status;
}

/* ---- contents ----------------------------------------------------------------- */

/* The first and the number of those that keep a content. */
struct keepers {
	struct ouro_vault *vault;
	uint8_t first[HASH_SIZE];
	uint64_t count;
};

static void
keepers_add(struct keepers *keepers, const uint8_t id[HASH_SIZE])
{
	if (keepers->count++ == 0)
		memcpy(keepers->first, id, HASH_SIZE);
}

static bool
keeper_version(void *context, const uint8_t id[HASH_SIZE])
{
	struct keepers *keepers = context;

	if (reach_version(keepers->vault, id, NULL, NULL) != OURO_NOT_FOUND)
		keepers_add(keepers, id);
	return true;
}

static bool
keeper_child(void *context, const uint8_t id[HASH_SIZE])
{
	struct keepers *keepers = context;

	if (reach_content(keepers->vault, id, NULL) != OURO_NOT_FOUND)
		keepers_add(keepers, id);
	return true;
}

static enum ouro_status
report_keepers(struct account *account, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct keepers versions = { .vault = account->vault };
	struct keepers children = { .vault = account->vault };
	enum ouro_status status;

	status = reach_pairs(account->vault, ROW_USE, id, keeper_version,
	    &versions, err);
	if (status == OURO_OK && versions.count > 0)
		account_report(account, OURO_OTHER_VERSION, versions.first,
		    versions.count);
	if (status == OURO_OK)
		status = reach_pairs(account->vault, ROW_CHILD, id,
		    keeper_child, &children, err);
	if (status == OURO_OK && children.count > 0)
		account_report(account, OURO_LIVE_DESCENDANT, children.first,
		    children.count);
	return status;
}

enum ouro_status
account_content(struct account *account, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	Ouro__ContentRecord *record = NULL;
	uint8_t at[HASH_SIZE], below[HASH_SIZE] = { 0 };
	bool first = true, more = true;
	enum ouro_status status = OURO_OK;

	memcpy(at, id, HASH_SIZE);
	while (more) {
		status = reach_content_but(account->vault, at,
		    first ? NULL : below, err);
		if (status == OURO_OK)
			return first ? report_keepers(account, at, err)
				     : OURO_OK;
		if (status == OURO_NOT_FOUND)
			status = account_load(account->vault, at, &record, err);
		if (status != OURO_OK)
			break;
		status = account_gone(account, at, record, err);
		more = status == OURO_OK && record->parent.len == HASH_SIZE;
		memcpy(below, at, HASH_SIZE);
		if (more)
			memcpy(at, record->parent.data, HASH_SIZE);
		canonical_free(&record->base);
		first = false;
	}
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}
