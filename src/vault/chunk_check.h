/*
 * chunk_check - every slice of one chunk: read, hashed, opened, compared.
 *
 * A slice is good when it is in its place, fits its hash, and agrees with
 * the others: the data slices open under the chunk's key to bytes with the
 * chunk's id, and every parity hash in every descriptor is that of the
 * parity which the data gives.
 *
 * The first look takes no lock; a chunk that does not look whole is looked
 * at again under its lock, and, when asked for, healed there.
 */
#ifndef VAULT_CHUNK_CHECK_H
#define VAULT_CHUNK_CHECK_H

#include "base/executor.h"
#include "vault/chunk.h"

struct chunk_check {
	struct executor_job job; /* for the window */
	struct ouro_vault *vault;
	uint8_t id[HASH_SIZE];
	bool heal;
	bool wanted; /* something refers to it: having no row is a fault */
	bool pending;
	/* results */
	enum ouro_status status; /* not OURO_DAMAGED: that is a state */
	struct ouro_error error;
	enum ouro_state state;
	bool gone;    /* no row, and not wanted */
	bool row_bad; /* no row that leads to the slices */
	unsigned slices, slices_bad, written;
	uint64_t bytes;
	uint8_t bad[SLICES_MAX]; /* of the first stripe with bad ones */
	unsigned bad_count;
};

/* Fills the results; to be called from one thread at a time per struct. */
void chunk_check_run(struct chunk_check *check);

/* One sentence for people. */
void chunk_check_text(const struct chunk_check *check, char *out, size_t size);

#endif
