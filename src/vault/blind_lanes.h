/*
 * blind_lanes - the lanes of a store, found and opened without a key.
 *
 * Lane n lies in DIR/lanes/NN or, with further data paths P1..Pj, in the
 * (n mod (j + 1))-th of DIR/lanes, P1/VAULT, ..., VAULT being 32 hex digits
 * that only the directory's own name tells here. See vault/lanes.h.
 */
#ifndef VAULT_BLIND_LANES_H
#define VAULT_BLIND_LANES_H

#include "vault/care.h"
#include "vault/lanes.h"

/* Where to look. */
struct blind_place {
	const char *dir;
	/* In the order in which the store was given them. Each is P, or
	 * P/VAULT where P has lanes of several stores. */
	const char *const *data_paths;
	size_t data_path_count;
	struct fs *fs;
	struct executor *executor;
};

#define BLIND_PLACES_MAX 129 /* as many data paths as a store may have */

struct blind_lanes {
	struct fs *fs;
	struct executor *executor;
	struct care *care; /* what is found is told here */
	struct fs_file *lock;
	char *places[BLIND_PLACES_MAX]; /* DIR/lanes, P/VAULT; NULL: unknown */
	size_t place_count;
	bool found[LANES_MAX];		   /* there is such a directory */
	struct engine *engines[LANES_MAX]; /* NULL: missing or unreadable */
	unsigned count;			   /* highest number found, plus 1 */
};

/*
 * Takes the store's lock and opens what is there, for writing when the care is
 * a repair. Lanes that are missing or cannot be read are told and left out.
 * Close also after failure.
 *   OURO_NOT_FOUND  there is no lane at all
 *   OURO_INVALID    the data paths do not fit what is there
 *   OURO_LOCKED
 */
enum ouro_status blind_lanes_open(struct blind_lanes *lanes,
    const struct blind_place *place, struct care *care, struct ouro_error *err);
void blind_lanes_close(struct blind_lanes *lanes);

/* The lane to write to; one that is missing is made. OURO_NOT_FOUND: it cannot
 * be, because its place is not known or does not let itself be read. */
enum ouro_status blind_lane(struct blind_lanes *lanes, unsigned number,
    struct engine **out, struct ouro_error *err);
/* "DIR/lanes/03"; false when its place is not known. */
bool blind_lane_path(const struct blind_lanes *lanes, unsigned number,
    char out[FS_PATH_MAX]);

#endif
