/*
 * listing - which of a directory's files belong to a store.
 */
#ifndef ENGINE_LISTING_H
#define ENGINE_LISTING_H

#include "base/fs.h"
#include "engine/id_set.h"

struct listing {
	struct id_set ids;
	char **temporary; /* names of files left by an interrupted write */
	size_t count;
};

/* OURO_NOT_FOUND when there is no such directory. On failure too the listing
 * is to be released. */
enum ouro_status listing_read(struct listing *listing, struct fs *fs,
    const char *dir, struct ouro_error *err);
void listing_release(struct listing *listing);

#endif
