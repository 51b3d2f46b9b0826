/*
 * batch - one atomic write to the records engine while it is being built.
 *
 * Owns the bytes its operations point to. Knows the names it has touched, so
 * that several versions of one name in one batch see each other.
 */
#ifndef VAULT_BATCH_H
#define VAULT_BATCH_H

#include "engine/engine.h"
#include "vault/commit.h"
#include "vault/name.h"

struct batch_block;

struct batch {
	struct ouro_vault *vault;
	struct engine_op *ops;
	size_t count, capacity;
	size_t bytes; /* of keys and values */
	struct batch_block *blocks;
	struct name **names;
	size_t name_count, name_capacity;
	uint64_t number; /* of the last dot given in this batch */
};

void batch_init(struct batch *batch, struct ouro_vault *vault);
void batch_release(struct batch *batch);

/* Each copies key and value. */
enum ouro_status batch_put(struct batch *batch, const struct row_key *key,
    struct bytes value, struct ouro_error *err);
enum ouro_status batch_delete(struct batch *batch, const struct row_key *key,
    struct ouro_error *err);

/* The name as it will be after the batch so far; owned by the batch. */
enum ouro_status batch_name(struct batch *batch, const char *namespace_,
    const char *path, struct name **out, struct ouro_error *err);

/* Content's record and rows, unless it is there. */
enum ouro_status batch_content(struct batch *batch,
    struct commit_content *content, struct ouro_error *err);
/* Takes a content's record and rows away; fine when it is not there. */
enum ouro_status batch_content_drop(struct batch *batch,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);
/* A new version that replaces all heads of its name. */
enum ouro_status batch_version(struct batch *batch,
    struct commit_version *version, struct ouro_error *err);
/* Takes a version away; what only it covered becomes a head again. */
enum ouro_status batch_version_drop(struct batch *batch,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);

#endif
