/*
 * chunk - one chunk into the lanes and back.
 *
 * The chunk row lists the stripes of a chunk and the lane of each slice. It
 * is a hint that the lanes can always replace (chunk_discover): a slice is
 * found by its key's prefix, the chunk id. Whoever changes a chunk's row or
 * slices holds chunk_lock of its id.
 */
#ifndef VAULT_CHUNK_H
#define VAULT_CHUNK_H

#include "vault/chunk_slot.h"
#include "vault/lanes.h"
#include "vault/record.h"

struct erasure;
struct ouro_vault;

void chunk_lock(struct ouro_vault *vault, const uint8_t id[HASH_SIZE]);
void chunk_unlock(struct ouro_vault *vault, const uint8_t id[HASH_SIZE]);

/* What storing one chunk did. */
struct chunk_stored {
	struct tree_entry entry;
	bool is_new;	 /* sealed now: it was not there, or not whole */
	uint64_t stored; /* bytes of slices written */
};

/*
 * Stores slot->clear as k + m slices unless it is there, whole, with at least
 * m parity slices. The chunk is pinned (vault->pins) when OURO_OK is
 * returned; the caller drops the pin. Not durable before lanes_barrier and a
 * synced write to the records engine.
 */
enum ouro_status chunk_store(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct erasure *erasure, unsigned k, unsigned m,
    struct chunk_stored *out, struct ouro_error *err);

/*
 * Reads a chunk into slot->clear: any k good slices of any stripe; checks its
 * id. key NULL or of another epoch than the stripe's: derived from the
 * vault's epoch key. Bad and missing slices are written again unless the
 * vault is read-only. OURO_DAMAGED names the chunk and what is missing;
 * OURO_IO when slices could not be read just now.
 */
enum ouro_status chunk_load(struct ouro_vault *vault, struct chunk_slot *slot,
    const struct tree_entry *entry, struct ouro_error *err);

/* ---- rows -------------------------------------------------------------------- */

/* The chunk's row; OURO_NOT_FOUND. Free with canonical_free. */
enum ouro_status chunk_row_get(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], Ouro__ChunkRow **out, struct ouro_error *err);
enum ouro_status chunk_row_put(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const Ouro__ChunkRow *row,
    struct ouro_error *err);
/* Makes a row from what lies in the lanes; OURO_NOT_FOUND when nothing does.
 * touched = 0. Missing slices below the highest index found, or below the
 * slice count of a descriptor, are listed in bad, at their usual lane. So are
 * those that cannot be read just now, as on a bad disk, while k others of some
 * stripe can; else the answer is what the disk said (OURO_IO). */
enum ouro_status chunk_discover(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], Ouro__ChunkRow **out, struct ouro_error *err);

/* ---- parts of storing, the chunk's lock held ---------------------------------- */

/* A stripe of the row (may be NULL) that has at least m parity slices, and need
 * not be written again, or NULL. */
const Ouro__StripeRow *chunk_stripe_whole(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const Ouro__ChunkRow *row, unsigned m);
/* Writes the slices of a stripe that is in no row yet; lanes gets where, and
 * *stored grows by their bytes. Without the lock the chunk must be pinned. */
enum ouro_status chunk_slices_write(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const struct stripe *stripe,
    uint8_t lanes[SLICES_MAX], uint64_t *stored, struct ouro_error *err);
/*
 * Writes the row with the new stripe in it; old may be NULL. Stripes that are
 * whole stay listed; the slices of those that are not are left to collection,
 * because they may be all there is until the new stripe is durable.
 */
enum ouro_status chunk_row_add(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const Ouro__ChunkRow *old,
    const struct stripe *stripe, const uint8_t *lanes, struct ouro_error *err);

/* ---- stripes -------------------------------------------------------------------- */

/* Every slice lies where the row says, and none is known bad. */
bool stripe_is_whole(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__StripeRow *row);
/* The slices of one stripe, read and decoded. Zeroed = empty. */
struct stripe_read {
	const struct slice *slices[SLICES_MAX]; /* NULL: absent or malformed */
	struct slice decoded[SLICES_MAX];
	struct engine_value values[SLICES_MAX];
	unsigned count; /* of the row: k + m */
	unsigned found;
	enum ouro_status failed; /* of a read that failed, but not for damage */
	struct ouro_error error; /* its words */
};

/* Reads slices first..last-1 of a stripe that are not there yet; those that
 * are missing, malformed or of another chunk, stripe or index stay NULL. */
void stripe_read_slices(struct ouro_vault *vault,
    const uint8_t chunk_id[HASH_SIZE], const Ouro__StripeRow *row,
    unsigned first, unsigned last, struct stripe_read *read);
void stripe_read_release(struct stripe_read *read);

/* Rebuilds and writes the slices whose index is set in wanted; returns how
 * many were written. Clears their bad marks in row (not stored). */
enum ouro_status stripe_heal(struct ouro_vault *vault,
    const uint8_t chunk_id[HASH_SIZE], Ouro__StripeRow *row,
    const struct stripe_read *read, const bool wanted[SLICES_MAX],
    unsigned *written, struct ouro_error *err);

#endif
