#include "engine/listing.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/segment.h"

#define TEMPORARY_SUFFIX ".tmp"

static bool
is_temporary(const char *name)
{
	size_t size = strlen(name), suffix = strlen(TEMPORARY_SUFFIX);

	return strncmp(name, "segment-", 8) == 0 && size > suffix &&
	    strcmp(name + size - suffix, TEMPORARY_SUFFIX) == 0;
}

static enum ouro_status
name_take(void *context, const char *name, struct ouro_error *err)
{
	struct listing *listing = context;
	char **grown;
	uint64_t id;

	if (segment_id_of(name, &id))
		return id_set_add(&listing->ids, id, err);
	if (!is_temporary(name))
		return OURO_OK;
	grown = realloc(listing->temporary,
	    (listing->count + 1) * sizeof(char *));
	if (grown == NULL)
		return error_memory(err);
	listing->temporary = grown;
	grown[listing->count] = strdup(name);
	if (grown[listing->count] == NULL)
		return error_memory(err);
	listing->count++;
	return OURO_OK;
}

void
listing_release(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->temporary[i]);
	free(listing->temporary);
	id_set_release(&listing->ids);
}

enum ouro_status
listing_read(struct listing *listing, struct fs *fs, const char *dir,
    struct ouro_error *err)
{
	*listing = (struct listing){ 0 };
	return fs_list(fs, dir, name_take, listing, err);
}
