/*
 * unite_stage - what was offered to a vault and is not part of it yet.
 *
 * Rows of the table i, in the records engine alone, durable or not: whoever
 * was interrupted begins anew.
 *   i r incarnation, number, ref id   RefRecord, as offered; number big-endian
 *   i n namespace 0 path 0 ref id     of those that stay removed, to be written
 *                                     as new versions: incarnation, number
 */
#ifndef VAULT_UNITE_STAGE_H
#define VAULT_UNITE_STAGE_H

#include "vault/batch.h"
#include "vault/union.h"
#include "vault/unite.h"
#include "vault/vault.h"

#define STAGE_DOT_SIZE (INCARNATION_SIZE + 8)

struct unite {
	struct ouro_vault *vault;
	struct batch waiting;  /* rows on their way to the table i */
	struct context theirs; /* as told so far */
	bool claims;	       /* theirs was told: it is their whole set */
	bool applied;
	const struct unite_options *options;
	struct unite_result *result;
};

/* ---- keys ------------------------------------------------------------------ */

struct row_key stage_table(void);
struct row_key stage_refs(void);
struct row_key stage_ref(const struct dot *dot, const uint8_t id[HASH_SIZE]);
struct row_key stage_removed_all(void);
struct row_key stage_removed(const Ouro__RefRecord *ref,
    const uint8_t id[HASH_SIZE]);
/* The name in a key of stage_removed; empty when it is malformed. */
struct bytes stage_removed_name(struct bytes key);

bool stage_has(struct unite *unite, const struct dot *dot,
    const uint8_t id[HASH_SIZE]);

/* ---- writing ----------------------------------------------------------------- */

/* Writes what waits when it is more than ops_max operations. */
enum ouro_status stage_flush(struct unite *unite, size_t ops_max,
    struct ouro_error *err);
/* Deletes all rows of the table i. */
enum ouro_status stage_clear(struct ouro_vault *vault, struct ouro_error *err);

/* ---- reading ----------------------------------------------------------------- */

/* One version offered; owns its parts. */
struct offered {
	uint8_t id[HASH_SIZE];
	struct buffer record;
	Ouro__RefRecord *ref;
	struct dot dot;
	enum union_verdict verdict; /* set by whoever judges */
};

#define OFFERED_MAX 256

/* Some versions offered, in the order of their dots. */
struct offered_group {
	struct offered items[OFFERED_MAX];
	size_t count;
	size_t bytes;
};

void offered_release(struct offered *offered);
void offered_group_release(struct offered_group *group);
/* The next group of a scan of stage_refs; OURO_END when there is none. */
enum ouro_status offered_next(struct unite *unite, struct engine_scan *scan,
    struct offered_group *group, struct ouro_error *err);
enum ouro_status stage_scan(struct unite *unite, struct engine_scan **scan,
    struct ouro_error *err);

/* ---- the parts of apply -------------------------------------------------------- */

/* What the rule says, of our set as it is; set_lock is held for a verdict that
 * is to last. */
enum union_verdict unite_judge(struct unite *unite, const struct dot *dot,
    const uint8_t id[HASH_SIZE], bool there);

enum ouro_status unite_contents_check(struct unite *unite,
    struct ouro_error *err);
enum ouro_status unite_take(struct unite *unite, struct ouro_error *err);
enum ouro_status unite_drop(struct unite *unite, struct ouro_error *err);
/* Our context gets all that added has, and its rows go into the batch; then
 * *next is what the context is to be once the batch is applied. */
enum ouro_status unite_context_rows(struct batch *batch,
    const struct context *added, struct context *next, struct ouro_error *err);
/* Writes the batch; next, which it takes over, is the vault's context then. */
enum ouro_status unite_context_apply(struct batch *batch, struct context *next,
    struct ouro_error *err);
enum ouro_status unite_write_new(struct unite *unite, struct ouro_error *err);

#endif
