/*
 * drop - names and contents leave the set for good.
 *
 * Unlike a commit it asks its question and acts on the answer under the set
 * lock, so that nothing committed in between is lost, and it works below the
 * minimum of free space. Not durable before the next barrier or commit of the
 * records engine: what is not may come back after a crash, and goes again.
 */
#ifndef VAULT_DROP_H
#define VAULT_DROP_H

#include "crypt/crypt.h"
#include "proto/vault.pb-c.h"

struct batch;
struct ouro_vault;

/* Takes the set lock; OURO_REFUSED, without it, while an index rebuild is
 * pending: rows that say what is used may be missing then. */
enum ouro_status drop_lock(struct ouro_vault *vault, struct ouro_error *err);
void drop_unlock(struct ouro_vault *vault);
/* Writes a batch that was built under the lock, there and in the copies. */
enum ouro_status drop_apply(struct batch *batch, struct ouro_error *err);

/*
 * Drops every version of a name when its only head is a deletion or has
 * expired, longer ago than the grace of removals, and the context holds,
 * without a gap, the head's dot and all it has seen (an older version that
 * arrives late is then known as removed). *versions = how many were dropped;
 * 0 when the name stays.
 */
enum ouro_status drop_name(struct ouro_vault *vault, const char *namespace_,
    const char *path, uint64_t *versions, struct ouro_error *err);

/* Drops the versions of a name that are more than the revision limit, which a
 * write only takes some of. */
enum ouro_status drop_excess(struct ouro_vault *vault, const char *namespace_,
    const char *path, struct ouro_error *err);

/* What drop_content is to look at, and what it did. */
struct drop_content {
	bool orphan; /* children do not keep it */
	bool done;
	bool has_parent;
	uint8_t parent[HASH_SIZE];
};

/* Drops a content that no version targets, that has no child (unless
 * orphan) and that no put relies on; else done is false. */
enum ouro_status drop_content(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], struct drop_content *drop,
    struct ouro_error *err);

/* Drops a page that nothing lists and no put relies on. *page gets its clear
 * part, to be freed with canonical_free; NULL when it stays. */
enum ouro_status drop_page(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], Ouro__Page **page, struct ouro_error *err);

#endif
