#include "engine/run_format.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "engine/header.h"

#define NAME_PREFIX  "index-"
#define NAME_SUFFIX  ".run"
#define NAME_UNDONE  ".tmp"
#define DIGITS_MIN   8
#define DIGITS_MAX   18
#define RUN_FORMAT   1u
#define RUN_F_SEALED 1u

static const uint8_t magic[8] = "OURORUN";

/* ---- names -------------------------------------------------------------------- */

enum ouro_status
run_path(char out[FS_PATH_MAX], const char *dir, uint64_t id,
    const char *suffix, struct ouro_error *err)
{
	char name[64];

	snprintf(name, sizeof name, NAME_PREFIX "%08" PRIu64 NAME_SUFFIX "%s",
	    id, suffix);
	return fs_join(out, dir, name, err);
}

bool
run_id_of(const char *name, uint64_t *id, bool *temporary)
{
	size_t prefix = strlen(NAME_PREFIX), digits;
	const char *at = name + prefix;
	uint64_t value = 0;

	if (strncmp(name, NAME_PREFIX, prefix) != 0)
		return false;
	digits = strspn(at, "0123456789");
	if (digits < DIGITS_MIN || digits > DIGITS_MAX ||
	    (digits > DIGITS_MIN && at[0] == '0'))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(at[i] - '0');
	at += digits;
	*temporary = strcmp(at, NAME_SUFFIX NAME_UNDONE) == 0;
	if (!*temporary && strcmp(at, NAME_SUFFIX) != 0)
		return false;
	*id = value;
	return true;
}

/* ---- header ------------------------------------------------------------------- */

static uint64_t
pages_for(uint64_t count, uint64_t each)
{
	return count / each + (count % each != 0);
}

void
run_layout_set(struct run_layout *layout)
{
	layout->inner_first = 1 + layout->leaves;
	layout->hash_first = layout->inner_first + layout->inner;
	layout->filter_first = layout->hash_first + layout->hash;
	layout->ids_first = layout->filter_first +
	    pages_for(layout->blocks, RUN_BLOCKS);
	layout->pages = layout->ids_first +
	    pages_for(layout->segments, RUN_IDS);
}

void
run_header_encode(const struct run_layout *layout, uint8_t page[RUN_PAGE])
{
	memset(page, 0, RUN_PAGE);
	memcpy(page, magic, sizeof magic);
	put_u32le(page + 8, RUN_FORMAT);
	put_u32le(page + 12, layout->sealed ? RUN_F_SEALED : 0);
	put_u64le(page + 16, layout->id);
	memcpy(page + 24, layout->salt, RUN_SALT);
	put_u64le(page + 40, layout->seed);
	put_u64le(page + 48, layout->entries);
	put_u64le(page + 56, layout->leaves);
	put_u64le(page + 64, layout->inner);
	put_u64le(page + 72, layout->hash);
	put_u64le(page + 80, layout->blocks);
	put_u64le(page + 88, layout->root);
	put_u32le(page + 96, layout->levels);
	put_u32le(page + 100, layout->segments);
}

enum ouro_status
run_header_clear(const char *path, const uint8_t page[RUN_PAGE],
    struct run_layout *out, struct ouro_error *err)
{
	*out = (struct run_layout){ 0 };
	if (memcmp(page, magic, sizeof magic) != 0)
		return error_set(err, OURO_DAMAGED,
		    "%s does not begin as an index file", path);
	out->sealed = (get_u32le(page + 12) & RUN_F_SEALED) != 0;
	out->id = get_u64le(page + 16);
	memcpy(out->salt, page + 24, RUN_SALT);
	return OURO_OK;
}

/* Whether the sections have pages that can be, and fill the file. */
static bool
layout_fits(const struct run_layout *at, uint64_t size)
{
	bool empty = at->entries == 0;

	if (at->leaves > RUN_PAGES_MAX || at->inner > RUN_PAGES_MAX ||
	    at->hash > RUN_PAGES_MAX || at->blocks > RUN_POSITION_MAX ||
	    at->entries > RUN_POSITION_MAX || at->levels > RUN_LEVELS_MAX ||
	    at->segments > RUN_SEGMENTS_MAX)
		return false;
	if (size % RUN_PAGE != 0 || at->pages != size / RUN_PAGE ||
	    at->pages > RUN_PAGES_MAX)
		return false;
	if (empty != (at->leaves == 0) || empty != (at->hash == 0) ||
	    empty != (at->blocks == 0) || empty != (at->segments == 0) ||
	    (at->levels == 0) != (at->inner == 0))
		return false;
	if (at->levels > 0)
		return at->root == at->hash_first - 1;
	return at->leaves <= 1 && at->root == at->leaves;
}

enum ouro_status
run_header_decode(const char *path, const uint8_t page[RUN_PAGE], uint64_t size,
    struct run_layout *out, struct ouro_error *err)
{
	uint32_t format = get_u32le(page + 8), flags = get_u32le(page + 12);

	if (format != RUN_FORMAT || (flags & ~RUN_F_SEALED) != 0)
		return error_set(err, OURO_UNSUPPORTED,
		    "%s has format %" PRIu32 " with flags %#" PRIx32
		    "; this version knows %u",
		    path, format, flags, RUN_FORMAT);
	out->seed = get_u64le(page + 40);
	out->entries = get_u64le(page + 48);
	out->leaves = get_u64le(page + 56);
	out->inner = get_u64le(page + 64);
	out->hash = get_u64le(page + 72);
	out->blocks = get_u64le(page + 80);
	out->root = get_u64le(page + 88);
	out->levels = get_u32le(page + 96);
	out->segments = get_u32le(page + 100);
	run_layout_set(out);
	if (!layout_fits(out, size))
		return error_set(err, OURO_DAMAGED,
		    "%s: what its header tells does not fit its %" PRIu64
		    " bytes",
		    path, size);
	return OURO_OK;
}
