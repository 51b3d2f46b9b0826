/*
 * id_path - the ids from a content down to where a walk stands, each once.
 *
 * Tells in one step whether an id is on the path already, so that a walk over
 * rows that lead in a circle ends. 48 to 64 bytes an id.
 */
#ifndef VAULT_ID_PATH_H
#define VAULT_ID_PATH_H

#include "crypt/crypt.h"

/* Zeroed = empty. */
struct id_path {
	uint8_t (*ids)[HASH_SIZE];
	size_t count, capacity;
	size_t *slots; /* place + 1, by id; 0 = free */
	size_t slot_count;
};

void id_path_release(struct id_path *path);
/* *added = false: it is on the path, which stays as it was. */
enum ouro_status id_path_push(struct id_path *path, const uint8_t id[HASH_SIZE],
    bool *added, struct ouro_error *err);
/* There is one. */
void id_path_pop(struct id_path *path);

#endif
