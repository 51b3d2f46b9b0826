/*
 * verify_chunks - many chunks through chunk_check, a few at once.
 */
#ifndef VAULT_VERIFY_CHUNKS_H
#define VAULT_VERIFY_CHUNKS_H

#include "vault/care.h"
#include "vault/chunk_check.h"

#define CHUNK_WINDOW_MAX 16

/* Checks in flight; results are taken in order. Memory is bounded by one
 * chunk with all its slices for each. */
struct chunk_window {
	struct care *care;
	struct chunk_check checks[CHUNK_WINDOW_MAX];
	unsigned width;
	uint64_t submitted, joined;
};

void chunk_window_init(struct chunk_window *window, struct care *care);
/* wanted as in chunk_check. */
enum ouro_status chunk_window_add(struct chunk_window *window,
    const uint8_t id[HASH_SIZE], bool wanted, struct ouro_error *err);
/* Waits for all; also after a failure. */
enum ouro_status chunk_window_drain(struct chunk_window *window,
    struct ouro_error *err);

#endif
