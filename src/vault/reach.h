/*
 * reach - whether anything that is to stay reaches an object.
 *
 * A version is live until it expires or its name is deleted. A content is
 * live while a live version targets it, or a live content has it as parent.
 * A page or chunk is live while a live content lists it. What is not live
 * counts as gone although collection has not taken it yet.
 */
#ifndef VAULT_REACH_H
#define VAULT_REACH_H

#include "proto/vault.pb-c.h"
#include "vault/row.h"

struct hash_set;
struct ouro_vault;

/* OURO_OK, or OURO_NOT_FOUND naming id. */
enum ouro_status reach_content(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);
/* The same, knowing that the content dead, a child of it, is not live. */
enum ouro_status reach_content_but(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const uint8_t *dead, struct ouro_error *err);
/* *live: a version of its own keeps it, whether or not it is there. */
enum ouro_status reach_own(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], bool *live, struct ouro_error *err);
/* As reach_content for a version; *out (may be NULL) gets its record, to be freed
 * with canonical_free. Deletions are found too. */
enum ouro_status reach_version(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], Ouro__RefRecord **out, struct ouro_error *err);
/* The content that an id stands for: itself, or the target of a version,
 * whose record *ref gets (NULL for a content). content is not set when the
 * version is a deletion (ref's target is then empty). */
enum ouro_status reach_target(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], uint8_t content[HASH_SIZE],
    Ouro__RefRecord **ref, struct ouro_error *err);
/* A page or chunk is used by a live content, other than through what dead
 * (may be NULL) has. */
enum ouro_status reach_part(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const struct hash_set *dead,
    struct ouro_error *err);

/* The record is there, in either copy. */
bool reach_has_record(struct ouro_vault *vault, enum row_table table,
    const uint8_t id[HASH_SIZE]);

/* The same for those who act on absence: what cannot be looked up is there. */
bool reach_may_have_record(struct ouro_vault *vault, enum row_table table,
    const uint8_t id[HASH_SIZE]);

/* Calls each with the second id of every row of a pair table that begins
 * with first, until it returns false. */
typedef bool reach_each(void *context, const uint8_t id[HASH_SIZE]);
enum ouro_status reach_pairs(struct ouro_vault *vault, enum row_table table,
    const uint8_t first[HASH_SIZE], reach_each *each, void *context,
    struct ouro_error *err);

/* No row says that id is used; what cannot be looked up counts as used. */
bool reach_is_unused(struct ouro_vault *vault, const uint8_t id[HASH_SIZE]);

/*
 * True when id is neither pinned nor used, no unite is open, no hold lasts, and
 * with the pins guarded, so that nobody can begin to rely on it before
 * pins_unguard. The guard comes first: a writer writes its use row before it
 * drops its pin, so whoever sees no pin sees the row.
 */
bool reach_claim_unused(struct ouro_vault *vault, const uint8_t id[HASH_SIZE]);
/* The same for what somebody removes on purpose: an export that is under way
 * does not keep it. */
bool reach_claim_removed(struct ouro_vault *vault, const uint8_t id[HASH_SIZE]);

#endif
