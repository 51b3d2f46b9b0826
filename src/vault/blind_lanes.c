#include "vault/blind_lanes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "vault/setup.h"

_Static_assert(BLIND_PLACES_MAX == SETUP_DATA_PATHS_MAX + 1,
    "a place for each data path and the store");

#define INDEX_MEMORY (4u * 1024 * 1024) /* of one lane */
#define VAULT_NAME   HEX_LENGTH(VAULT_ID_SIZE)

/* ---- names ------------------------------------------------------------------- */

static const char *
last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool
is_vault_name(const char *name)
{
	return strlen(name) == VAULT_NAME &&
	    strspn(name, "0123456789abcdef") == VAULT_NAME;
}

static enum ouro_status
lane_name(const struct blind_lanes *lanes, size_t place, unsigned number,
    char out[FS_PATH_MAX], struct ouro_error *err)
{
	char name[16];

	snprintf(name, sizeof(name), "%02u", number);
	return fs_join(out, lanes->places[place], name, err);
}

bool
blind_lane_path(const struct blind_lanes *lanes, unsigned number,
    char out[FS_PATH_MAX])
{
	size_t place = number % lanes->place_count;

	return lanes->places[place] != NULL &&
	    lane_name(lanes, place, number, out, NULL) == OURO_OK;
}

static bool
is_directory(struct fs *fs, const char *path)
{
	struct fs_info info;

	return fs_stat(fs, path, &info, NULL) == OURO_OK && info.directory;
}

/* ---- places ------------------------------------------------------------------- */

/* The directories of stores in a data path. */
struct vaults {
	char name[VAULT_NAME + 1]; /* the first */
	size_t count;
};

static enum ouro_status
vault_see(void *context, const char *name, struct ouro_error *err)
{
	struct vaults *vaults = context;

	(void)err;
	if (is_vault_name(name) && vaults->count++ == 0)
		memcpy(vaults->name, name, VAULT_NAME + 1);
	return OURO_OK;
}

static enum ouro_status
place_set(struct blind_lanes *lanes, size_t place, const char *path,
    const char *name, struct ouro_error *err)
{
	char full[FS_PATH_MAX];
	enum ouro_status status = OURO_OK;

	if (name != NULL)
		status = fs_join(full, path, name, err);
	if (status != OURO_OK)
		return status;
	lanes->places[place] = strdup(name != NULL ? full : path);
	return lanes->places[place] == NULL ? error_memory(err) : OURO_OK;
}

/* Sets the place when the path itself says which store's it is. */
static enum ouro_status
place_look(struct blind_lanes *lanes, size_t place, const char *path,
    struct vaults *vaults, struct ouro_error *err)
{
	*vaults = (struct vaults){ .count = 0 };
	if (is_vault_name(last_name(path)))
		return place_set(lanes, place, path, NULL, err);
	/* What cannot be listed has nothing to show. */
	(void)fs_list(lanes->fs, path, vault_see, vaults, NULL);
	return vaults->count == 1
	    ? place_set(lanes, place, path, vaults->name, err)
	    : OURO_OK;
}

/* A path with several stores, or none left, has the name that another has. */
static enum ouro_status
places_find(struct blind_lanes *lanes, const struct blind_place *from,
    struct ouro_error *err)
{
	const char *known = NULL;
	struct vaults vaults;
	enum ouro_status status;

	lanes->place_count = 1 + from->data_path_count;
	status = place_set(lanes, 0, from->dir, "lanes", err);
	for (size_t i = 1; status == OURO_OK && i < lanes->place_count; i++) {
		status = place_look(lanes, i, from->data_paths[i - 1], &vaults,
		    err);
		if (status == OURO_OK && lanes->places[i] != NULL)
			known = last_name(lanes->places[i]);
	}
	for (size_t i = 1; status == OURO_OK && i < lanes->place_count; i++) {
		const char *path = from->data_paths[i - 1];

		if (lanes->places[i] != NULL)
			continue;
		if (known != NULL) {
			status = place_set(lanes, i, path, known, err);
			continue;
		}
		status = place_look(lanes, i, path, &vaults, err);
		if (status == OURO_OK && vaults.count > 1)
			status = error_set(err, OURO_INVALID,
			    "%s has lanes of several stores; name one of them, "
			    "such as %s/%s",
			    path, path, vaults.name);
	}
	return status;
}

/* ---- lanes -------------------------------------------------------------------- */

struct lanes_look {
	struct blind_lanes *lanes;
	size_t place;
};

static enum ouro_status
lane_see(void *context, const char *name, struct ouro_error *err)
{
	const struct lanes_look *look = context;
	struct blind_lanes *lanes = look->lanes;
	unsigned long number = strtoul(name, NULL, 10);
	char path[FS_PATH_MAX], plain[16];
	enum ouro_status status;

	if (number >= LANES_MAX)
		return OURO_OK;
	snprintf(plain, sizeof(plain), "%02lu", number);
	if (strcmp(plain, name) != 0)
		return OURO_OK;
	status = lane_name(lanes, look->place, (unsigned)number, path, err);
	if (status != OURO_OK)
		return status;
	if (!is_directory(lanes->fs, path))
		return OURO_OK;
	if (number % lanes->place_count != look->place)
		return error_set(err, OURO_INVALID,
		    "%s does not lie where it belongs: name all data paths of "
		    "the store, in its order",
		    path);
	lanes->found[number] = true;
	if (number >= lanes->count)
		lanes->count = (unsigned)number + 1;
	return OURO_OK;
}

static enum ouro_status
lanes_find(struct blind_lanes *lanes, const char *dir, struct ouro_error *err)
{
	for (size_t i = 0; i < lanes->place_count; i++) {
		struct lanes_look look = { lanes, i };
		enum ouro_status status;

		if (lanes->places[i] == NULL ||
		    !is_directory(lanes->fs, lanes->places[i]))
			continue;
		status = fs_list(lanes->fs, lanes->places[i], lane_see, &look,
		    err);
		if (status != OURO_OK)
			return status;
	}
	if (lanes->count == 0)
		return error_set(err, OURO_NOT_FOUND,
		    "there are no lanes in %s/lanes, nor in a data path given",
		    dir);
	return OURO_OK;
}

/* ---- opening ------------------------------------------------------------------- */

static enum ouro_status
lock_take(struct blind_lanes *lanes, const char *dir, struct ouro_error *err)
{
	bool repairing = lanes->care->repairing;
	char path[FS_PATH_MAX];
	enum ouro_status status = fs_join(path, dir, "LOCK", err);

	if (status == OURO_OK)
		status = fs_open(lanes->fs, path,
		    FS_READ | FS_WRITE | (repairing ? FS_CREATE : 0),
		    &lanes->lock, err);
	/* Where nothing can be written nobody else writes. */
	if (status != OURO_OK)
		return repairing ? status : OURO_OK;
	return fs_lock(lanes->lock, err);
}

static enum ouro_status
engine_open(struct blind_lanes *lanes, unsigned number, const char *path,
    struct ouro_error *err)
{
	bool repairing = lanes->care->repairing;
	const struct engine_options options = {
		.fs = lanes->fs,
		.executor = lanes->executor,
		.sync = ENGINE_SYNC_NEVER,
		.read_only = !repairing,
		.must_exist = !repairing,
		.index_memory = INDEX_MEMORY,
		.compact_share = -1,
		.no_maps = true, /* a disk that fails is a lost slice */
	};

	return engine_log_open(path, &options, &lanes->engines[number], err);
}

static void
lane_tell(struct blind_lanes *lanes, unsigned number, enum ouro_state state,
    const char *text)
{
	char path[FS_PATH_MAX] = "a lane";

	(void)blind_lane_path(lanes, number, path);
	care_tell_file(lanes->care, state, path, 0, text);
}

static enum ouro_status
lane_open(struct blind_lanes *lanes, unsigned number, struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	struct ouro_error error = { .text = "" };
	enum ouro_status status = OURO_NOT_FOUND;

	if (lanes->found[number] && blind_lane_path(lanes, number, path))
		status = engine_open(lanes, number, path, &error);
	if (status == OURO_OK)
		return OURO_OK;
	if (status == OURO_NOT_FOUND || status == OURO_IO) {
		lanes->found[number] &= status == OURO_IO;
		/* A repair tells when it makes it anew. */
		if (status == OURO_IO || !lanes->care->repairing)
			lane_tell(lanes, number, OURO_STATE_DEGRADED,
			    status == OURO_IO ? error.text
					      : "the lane is missing");
		return OURO_OK;
	}
	if (err != NULL)
		*err = error;
	return status;
}

enum ouro_status
blind_lanes_open(struct blind_lanes *lanes, const struct blind_place *place,
    struct care *care, struct ouro_error *err)
{
	enum ouro_status status;

	*lanes = (struct blind_lanes){ .fs = place->fs,
		.executor = place->executor,
		.care = care };
	if (place->data_path_count >= BLIND_PLACES_MAX)
		return error_set(err, OURO_INVALID, "at most %d data paths",
		    BLIND_PLACES_MAX - 1);
	status = places_find(lanes, place, err);
	if (status == OURO_OK)
		status = lanes_find(lanes, place->dir, err);
	if (status == OURO_OK)
		status = lock_take(lanes, place->dir, err);
	for (unsigned i = 0; status == OURO_OK && i < lanes->count; i++)
		status = lane_open(lanes, i, err);
	return status;
}

void
blind_lanes_close(struct blind_lanes *lanes)
{
	for (unsigned i = 0; i < LANES_MAX; i++)
		engine_close(lanes->engines[i]);
	for (size_t i = 0; i < BLIND_PLACES_MAX; i++)
		free(lanes->places[i]);
	fs_close(lanes->lock);
	*lanes = (struct blind_lanes){ .count = 0 };
}

enum ouro_status
blind_lane(struct blind_lanes *lanes, unsigned number, struct engine **out,
    struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	enum ouro_status status = OURO_OK;

	*out = lanes->engines[number];
	if (*out != NULL)
		return OURO_OK;
	if (lanes->found[number] || !blind_lane_path(lanes, number, path))
		return error_set(err, OURO_NOT_FOUND,
		    "lane %u has no place that can be written to", number);
	status = engine_open(lanes, number, path, err);
	if (status != OURO_OK)
		return status;
	*out = lanes->engines[number];
	if (number >= lanes->count)
		lanes->count = number + 1;
	lane_tell(lanes, number, OURO_STATE_REPAIRED, "the lane is made anew");
	return OURO_OK;
}
