/*
 * batch - one atomic write to the records engine while it is being built.
 *
 * Owns the bytes its operations point to; each key has one operation, the
 * last. Knows the names it has touched, so that several versions of one name
 * in one batch see each other.
 */
#ifndef VAULT_BATCH_H
#define VAULT_BATCH_H

#include "engine/engine.h"
#include "vault/commit.h"
#include "vault/name.h"

struct batch_block;
struct batch_children;
struct batch_name;
struct incarnation;

/* Which operation, or name, has a key: open addressing, at most half full.
 * A slot is a number + 1, or 0. */
struct batch_index {
	uint32_t *slots;
	size_t size; /* a power of two, or 0 */
};

struct batch {
	struct ouro_vault *vault;
	struct engine_op *ops;
	size_t count, capacity;
	struct batch_index op_index;
	struct batch_children *children; /* NULL: nobody asked yet */
	size_t bytes;			 /* of keys and values */
	struct batch_block *blocks;
	struct batch_name *names;
	size_t name_count, name_capacity;
	struct batch_index name_index;
	/* Of the vault, with the dots given in this batch; NULL until one is
	 * (batch_version.c). */
	struct incarnation *incarnations;
	size_t incarnation_count;
};

void batch_init(struct batch *batch, struct ouro_vault *vault);
void batch_release(struct batch *batch);

/* Each copies key and value. */
enum ouro_status batch_put(struct batch *batch, const struct row_key *key,
    struct bytes value, struct ouro_error *err);
enum ouro_status batch_delete(struct batch *batch, const struct row_key *key,
    struct ouro_error *err);
/* What the batch does with a key so far, or NULL. Borrowed until the next
 * operation is added. */
const struct engine_op *batch_find(const struct batch *batch, struct bytes key);

/* The name as it will be after the batch so far; owned by the batch, and
 * borrowed until another name is asked for. */
enum ouro_status batch_name(struct batch *batch, const char *namespace_,
    const char *path, struct name **out, struct ouro_error *err);

/* ---- contents ------------------------------------------------------------- */

/* Content's record and rows, unless it is there. */
enum ouro_status batch_content(struct batch *batch,
    struct commit_content *content, struct ouro_error *err);
/* Takes a content's record and rows away; fine when it is not there. */
enum ouro_status batch_content_drop(struct batch *batch,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);

/* ---- versions --------------------------------------------------------------- */

/*
 * A new version, that takes the place of what its base says, with the next dot
 * of this opening. When its name has more versions beside the heads than the
 * revision limit, the oldest of these leave with it.
 *   OURO_NOT_FOUND, OURO_CONFLICT   see commit_version
 *   OURO_INVALID                    its time is not later than what it replaces
 */
enum ouro_status batch_version(struct batch *batch,
    struct commit_version *version, struct ouro_error *err);
/* The context's rows for the dots given in this batch: once, before it is
 * written. */
enum ouro_status batch_context(struct batch *batch, struct ouro_error *err);

/*
 * A version that was made elsewhere: its record as it is, and all rows that
 * follow from it. It is a head unless a version that is here covers it, and
 * what it covers is no head any more, so that the heads are the same in
 * whatever order versions arrive. Fine when it is there already. The context
 * is not touched, nothing is pruned; whether it is to be taken at all (its dot
 * may be known as removed) is for the caller to say.
 *   OURO_DAMAGED, OURO_UNSUPPORTED  the record is not that of id, or malformed
 */
enum ouro_status batch_version_take(struct batch *batch,
    const uint8_t id[HASH_SIZE], struct bytes record, struct ouro_error *err);
/* Takes a version away; what only it covered becomes a head again. The name
 * goes with its last version. OURO_NOT_FOUND */
enum ouro_status batch_version_drop(struct batch *batch,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);
/* The same for several versions of one name, at the cost of one. */
enum ouro_status batch_versions_drop(struct batch *batch,
    const uint8_t (*ids)[HASH_SIZE], size_t count, struct ouro_error *err);
/* For a name all of whose versions leave, the oldest first and the heads last:
 * until a head goes it is not asked what else is one. */
enum ouro_status batch_version_leave(struct batch *batch,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);
/* Takes away the oldest versions beside the heads, most of them at most, while
 * they are more than the revision limit. Those that cannot be read stay.
 * *dropped (may be NULL) tells how many. */
enum ouro_status batch_prune(struct batch *batch, const char *namespace_,
    const char *path, size_t most, size_t *dropped, struct ouro_error *err);

#endif
