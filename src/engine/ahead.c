#include "engine/ahead.h"

#define AHEAD_BYTES (1024u * 1024) /* written at once */
#define GROUP_SMALL (64u * 1024)   /* from here on a group is large */
#define GROUPS_MIN  2		   /* small ones in a row */
#define PART_BYTES  (AHEAD_BYTES / FS_PARTS_MAX)

void
ahead_extend(struct log_engine *log)
{
	struct segment *segment = log->active;

	if (segment->roomy || log->seal_key != NULL || log->no_maps)
		return;
	segment->roomy = true;
	if (segment->size < log->segment_size &&
	    fs_truncate(segment->file, log->segment_size, NULL) == OURO_OK)
		segment->size = log->segment_size;
}

static enum ouro_status
zeros_write(struct fs_file *file, uint64_t offset, uint64_t size)
{
	static const uint8_t zeros[PART_BYTES];
	struct bytes parts[FS_PARTS_MAX];
	size_t count = 0;

	for (; size > 0; count++) {
		size_t part = size < PART_BYTES ? (size_t)size : PART_BYTES;

		parts[count] = bytes_of(zeros, part);
		size -= part;
	}
	return fs_write(file, offset, parts, count, NULL);
}

void
ahead_write(struct log_engine *log, uint64_t size, bool sync)
{
	struct segment *segment = log->active;
	uint64_t begin = log->active_end, end = begin + AHEAD_BYTES;

	if (begin > segment->size)
		segment->size = begin;
	if (!sync || size >= GROUP_SMALL) {
		segment->small = 0;
		return;
	}
	if (segment->small < GROUPS_MIN)
		segment->small++;
	if (end > log->segment_size)
		end = log->segment_size;
	if (segment->small < GROUPS_MIN || begin <= segment->written ||
	    begin >= end)
		return;
	segment->written = end;
	if (end > segment->size)
		segment->size = end;
	if (zeros_write(segment->file, begin, end - begin) == OURO_OK)
		return;
	/* A full disk: others may need what was taken. */
	segment->written = UINT64_MAX;
	ahead_cut(segment, begin);
}

void
ahead_cut(struct segment *segment, uint64_t end)
{
	struct fs_file *file;

	if (segment->size <= end || segment_pin(segment, &file, NULL))
		return;
	if (fs_truncate(file, end, NULL) == OURO_OK)
		segment->size = end;
	segment_unpin(segment);
}

void
ahead_cut_ended(struct log_engine *log)
{
	for (size_t i = 0; i < log->segment_count; i++) {
		struct segment *segment = log->segments[i];

		if (segment->kind == SEGMENT_LOG && segment != log->active)
			ahead_cut(segment, segment->end);
	}
}
