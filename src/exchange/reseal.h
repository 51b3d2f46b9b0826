/*
 * reseal - contents under the keys of a new epoch, so that the keys somebody
 * was given open nothing that is kept here.
 *
 * Order, for all contents of a call:
 *   1. Slices of a new stripe of each chunk; durable before a row lists them.
 *   2. The chunk's row, which then lists the new stripe beside the old ones.
 *   3. Pages, the lower ones first: the same page ids, entries and page under
 *      the new epoch.
 *   4. The content's record; then the grants that others have of it.
 *   5. When all records are written: rows without the old stripes of chunks
 *      that no other live content has.
 *   6. When all that is durable, the slices which no row lists; and the lanes
 *      are compacted, so that they are not merely forgotten.
 *
 * At each moment everything opens, because no reader of ours relies on the
 * key that stands beside an id when what it finds is sealed under another
 * epoch: who has the vault's keys derives the one that fits. So it matters
 * neither in which order pages and stripes become durable, nor that a page is
 * listed by other contents too: their entries keep the key of the epoch they
 * were written with, under which a bundle (bundle_write.c) seals what it
 * carries. Broken off anywhere, nothing is lost, and the call may be
 * repeated; it then begins another epoch.
 *
 * A stripe goes only while its chunk has a whole one of the new epoch or a
 * later one: two calls at once do not take each other's.
 *
 * A record's bytes are then others than those that another copy of the vault
 * has under the same id. Both are good; each copy seals anew for itself.
 */
#ifndef EXCHANGE_RESEAL_H
#define EXCHANGE_RESEAL_H

#include "vault/chunk.h"
#include "vault/hash_set.h"

struct ouro_vault;

/* Begins an epoch and seals the contents (ids, HASH_SIZE each) under it; those
 * that are gone are passed over. Fills the counts of chunks. OURO_DAMAGED when
 * something of them cannot be read: what was done so far stays. */
enum ouro_status reseal(struct ouro_vault *vault, const struct buffer *ids,
    struct ouro_unshare_result *result, struct ouro_error *err);

/* ---- for reseal*.c ------------------------------------------------------------- */

#define RESEAL_WAITING_MAX 1024 /* stripes for which one barrier is waited */

/* A stripe in the lanes, not yet in a row. */
struct reseal_stripe {
	uint8_t chunk[HASH_SIZE];
	uint8_t id[STRIPE_ID_SIZE];
	unsigned k, count;
	uint32_t slice_size;
	uint8_t lanes[SLICES_MAX];
};

struct resealing {
	struct ouro_vault *vault;
	struct ouro_unshare_result *result;
	uint32_t epoch; /* the new one */
	uint8_t epoch_key[KEY_SIZE];
	struct hash_set contents; /* of this call */
	struct hash_set done;	  /* chunks and pages */
	unsigned k;		  /* of the content at hand */
	struct chunk_slot *slot;
	struct reseal_stripe *waiting; /* each pinned */
	size_t waiting_count;
	uint64_t gone; /* stripes taken off rows, slices deleted */
};

/* The new stripe of a chunk into the lanes, unless it was made in this call.
 * entry gets its key and epoch. */
enum ouro_status reseal_chunk(struct resealing *resealing,
    struct tree_entry *entry, struct ouro_error *err);
/* Makes the slices durable, then the rows list them. */
enum ouro_status reseal_flush(struct resealing *resealing,
    struct ouro_error *err);
/* After a failure: what waits is left to collection. */
void reseal_forget(struct resealing *resealing);

/* Steps 5 and 6. */
enum ouro_status reseal_drop(struct resealing *resealing,
    const struct buffer *ids, struct ouro_error *err);

#endif
