#include "vault/lane_merge.h"

#include "vault/vault.h"

/* The next key of a lane that is a slice's; also one whose value is bad. */
static enum ouro_status
merge_advance(struct lane_merge *merge, unsigned i, struct ouro_error *err)
{
	struct bytes value;
	enum ouro_status status;

	do {
		merge->keys[i] = bytes_of(NULL, 0);
		status = engine_scan_next(merge->scans[i], &merge->keys[i],
		    &value, err);
		if (status == OURO_END) {
			merge->keys[i] = bytes_of(NULL, 0);
			return OURO_OK;
		}
		if (status != OURO_OK && status != OURO_DAMAGED)
			return status;
	} while (merge->keys[i].size != SLICE_KEY_SIZE);
	return OURO_OK;
}

enum ouro_status
lane_merge_init(struct lane_merge *merge, struct ouro_vault *vault,
    struct ouro_error *err)
{
	const struct engine_range range = { .keys_only = true };
	unsigned count = lanes_count(vault);
	enum ouro_status status = OURO_OK;

	*merge = (struct lane_merge){ 0 };
	for (unsigned i = 0; status == OURO_OK && i < count; i++) {
		status = engine_scan_open(lane(vault, i), &range,
		    &merge->scans[i], err);
		if (status != OURO_OK)
			break;
		merge->count = i + 1;
		status = merge_advance(merge, i, err);
	}
	return status;
}

void
lane_merge_release(struct lane_merge *merge)
{
	for (unsigned i = 0; i < merge->count; i++)
		engine_scan_close(merge->scans[i]);
	merge->count = 0;
}

enum ouro_status
lane_merge_next(struct lane_merge *merge, uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	const uint8_t *least = NULL;
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; i < merge->count; i++)
		if (merge->keys[i].size != 0 && merge->keys[i].data != NULL &&
		    (least == NULL ||
			memcmp(merge->keys[i].data, least, HASH_SIZE) < 0))
			least = merge->keys[i].data;
	if (least == NULL)
		return OURO_END;
	memcpy(id, least, HASH_SIZE);
	for (unsigned i = 0; status == OURO_OK && i < merge->count; i++)
		while (status == OURO_OK && merge->keys[i].size != 0 &&
		    merge->keys[i].data != NULL &&
		    memcmp(merge->keys[i].data, id, HASH_SIZE) == 0)
			status = merge_advance(merge, i, err);
	return status;
}
