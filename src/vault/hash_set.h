/*
 * hash_set - a set of ids in memory, for counting each chunk once.
 *
 * Keeps the first 16 bytes of each: ids are keyed hashes, and among 2^32 of
 * them two begin alike with a chance of 2^-65. Costs 32 to 64 bytes an id:
 * up to 256 MiB for 4 million chunks (about 1 TiB of data).
 */
#ifndef VAULT_HASH_SET_H
#define VAULT_HASH_SET_H

#include "crypt/crypt.h"

#define HASH_SET_KEY 16

/* Zeroed = empty. */
struct hash_set {
	uint8_t (*slots)[HASH_SET_KEY]; /* all zero = free */
	size_t slot_count;		/* 0 or a power of two */
	size_t count;
};

void hash_set_release(struct hash_set *set);
/* *added (may be NULL) tells whether it was not there before. */
enum ouro_status hash_set_add(struct hash_set *set, const uint8_t id[HASH_SIZE],
    bool *added, struct ouro_error *err);
bool hash_set_has(const struct hash_set *set, const uint8_t id[HASH_SIZE]);

#endif
