/*
 * collect_chunks - the part of collection that gives space back: chunk rows
 * nothing uses, their slices, and slices no row knows.
 */
#ifndef VAULT_COLLECT_CHUNKS_H
#define VAULT_COLLECT_CHUNKS_H

#include "vault/collect.h"

/* One run of the collection. */
struct collection {
	struct ouro_vault *vault;
	ouro_progress *progress;
	void *context;
	struct ouro_gc_result *result;
	uint64_t done; /* rows and slices looked at */
};

/* Counts one thing looked at; OURO_CANCELLED when the caller wants no more. */
enum ouro_status collection_step(struct collection *collection,
    struct ouro_error *err);

/* Rows durably first, slices after. */
enum ouro_status collect_chunks(struct collection *collection,
    struct ouro_error *err);
/* Slices whose chunk nothing uses and whose stripe is in no row. A chunk
 * that is used keeps all its slices: its row may be lost or older than they
 * are, and the slices can make it anew. */
enum ouro_status collect_slices(struct collection *collection,
    struct ouro_error *err);

#endif
