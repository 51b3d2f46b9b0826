#include "vault/blind_scan.h"

#include <assert.h>

/* The next key of a lane that is a slice's; also one whose value is bad. */
static enum ouro_status
scan_advance(struct blind_scan *scan, unsigned lane, struct ouro_error *err)
{
	struct bytes key, value;
	enum ouro_status status;

	scan->keys[lane] = bytes_of(NULL, 0);
	do {
		key = bytes_of(NULL, 0);
		status = engine_scan_next(scan->scans[lane], &key, &value, err);
		if (status == OURO_END)
			return OURO_OK;
		if (status != OURO_OK && status != OURO_DAMAGED)
			return status;
	} while (key.size != SLICE_KEY_SIZE ||
	    key.data[SLICE_KEY_SIZE - 1] >= SLICES_MAX);
	scan->keys[lane] = key;
	return OURO_OK;
}

enum ouro_status
blind_scan_init(struct blind_scan *scan, const struct blind_lanes *lanes,
    struct ouro_error *err)
{
	const struct engine_range range = { .keys_only = true };
	enum ouro_status status = OURO_OK;

	*scan = (struct blind_scan){ .count = lanes->count };
	for (unsigned i = 0; status == OURO_OK && i < lanes->count; i++) {
		if (lanes->engines[i] == NULL)
			continue;
		status = engine_scan_open(lanes->engines[i], &range,
		    &scan->scans[i], err);
		if (status == OURO_OK)
			status = scan_advance(scan, i, err);
	}
	return status;
}

void
blind_scan_release(struct blind_scan *scan)
{
	for (unsigned i = 0; i < scan->count; i++)
		if (scan->scans[i] != NULL)
			engine_scan_close(scan->scans[i]);
	scan->count = 0;
}

/* The least key of all lanes, or NULL. */
static const uint8_t *
scan_least(const struct blind_scan *scan)
{
	const uint8_t *least = NULL;

	for (unsigned i = 0; i < scan->count; i++)
		if (scan->keys[i].size != 0 &&
		    (least == NULL ||
			memcmp(scan->keys[i].data, least, SLICE_KEY_SIZE) < 0))
			least = scan->keys[i].data;
	return least;
}

/* Takes one slice's key from every lane that has it. */
static enum ouro_status
group_take(struct blind_scan *scan, const uint8_t key[SLICE_KEY_SIZE],
    struct blind_group *group, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < scan->count; i++) {
		if (scan->keys[i].size == 0 ||
		    memcmp(scan->keys[i].data, key, SLICE_KEY_SIZE) != 0)
			continue;
		/* A lane has a key once. */
		assert(group->count < SLICES_MAX * LANES_MAX);
		group->copies[group->count].index = key[SLICE_KEY_SIZE - 1];
		group->copies[group->count++].lane = (uint8_t)i;
		status = scan_advance(scan, i, err);
	}
	return status;
}

enum ouro_status
blind_scan_next(struct blind_scan *scan, struct blind_group *group,
    struct ouro_error *err)
{
	const uint8_t *least = scan_least(scan);
	enum ouro_status status = OURO_OK;

	if (least == NULL)
		return OURO_END;
	group->count = 0;
	memcpy(group->key, least, STRIPE_KEY_SIZE);
	while (status == OURO_OK && least != NULL &&
	    memcmp(least, group->key, STRIPE_KEY_SIZE) == 0) {
		uint8_t key[SLICE_KEY_SIZE];

		memcpy(key, least, SLICE_KEY_SIZE);
		status = group_take(scan, key, group, err);
		least = scan_least(scan);
	}
	return status;
}
