/*
 * commit - the only way the replicated set changes.
 *
 * A change is a list of new contents, new versions and versions to drop. The
 * commit step takes all changes that wait, makes their lanes durable, gives
 * the versions their dots, builds one batch with all derived rows, applies it
 * durably to the records engine, then (not durably) to the copies.
 *
 * Invariants
 *   1. Slices are durable before a page or record that needs them is.
 *   2. Set and derived rows change in one batch.
 *   3. Dots of an incarnation are committed in order, without holes.
 *   4. The copies never have what the records engine does not.
 */
#ifndef VAULT_COMMIT_H
#define VAULT_COMMIT_H

#include "vault/context.h"
#include "vault/record.h"

struct ouro_vault;

/* A content to become part of the set. */
struct commit_content {
	uint8_t id[HASH_SIZE];
	struct buffer record;
	bool existed; /* result: it was there already; nothing written */
};

/*
 * A version to be made; what it points to is the caller's until the end. Its
 * commit fails, and with it the whole change, with OURO_NOT_FOUND when a
 * version of base is not there or has another name, and with OURO_CONFLICT
 * when OURO_BASE_EXACT does not hold.
 */
struct commit_version {
	const char *namespace_;
	const char *path;
	uint8_t target[HASH_SIZE];
	bool deletion;
	bool idempotent; /* no new version when the sole head has this target */
	enum ouro_base base;
	const uint8_t (*base_versions)[HASH_SIZE];
	size_t base_count;
	uint64_t stamp; /* 0 = now */
	uint64_t expires_ms;
	/* NULL and 0: as the winner has it; without one the default. */
	const char *owner;
	const char *group;
	uint32_t mode;
	uint8_t id[HASH_SIZE]; /* result */
};

struct commit_change {
	struct commit_content *contents;
	size_t content_count;
	struct commit_version *versions;
	size_t version_count;
	const uint8_t (*drop_versions)[HASH_SIZE]; /* refs leave the set */
	size_t drop_version_count;
	/* private */
	struct commit_change *next;
	enum ouro_status status;
	struct ouro_error error;
	bool done;
};

/* Atomic and durable when OURO_OK; otherwise nothing happened. */
enum ouro_status commit(struct ouro_vault *vault, struct commit_change *change,
    struct ouro_error *err);

enum ouro_status commit_open(struct ouro_vault *vault, struct ouro_error *err);
void commit_close(struct ouro_vault *vault);

#endif
