#include "engine/walk.h"

#include <assert.h>
#include <inttypes.h>

#include "base/error.h"

#define WINDOW_MIN (1024u * 1024)
/* A search may check this many times the segment's bytes: crafted content
 * must not make it quadratic. */
#define EFFORT_FACTOR 16u

enum ouro_status
walk_open(struct walk *walk, struct segment *segment, uint64_t end,
    struct ouro_error *err)
{
	*walk = (struct walk){ .segment = segment, .end = end };
	walk->offset = segment->begin;
	walk->expected = segment->first;
	walk->effort = EFFORT_FACTOR * end + WINDOW_MIN;
	walk->content = segment->kind == SEGMENT_LOG ? UINT64_MAX : end;
	return segment_pin(segment, &walk->file, err);
}

void
walk_close(struct walk *walk)
{
	if (walk->file != NULL)
		segment_unpin(walk->segment);
	walk->file = NULL;
	buffer_release(&walk->window);
}

/* Brings [offset, offset + size) into the window; *out points at it. */
static enum ouro_status
window_load(struct walk *walk, uint64_t offset, uint64_t size,
    const uint8_t **out, struct ouro_error *err)
{
	uint64_t rest = walk->end - offset, want;
	enum ouro_status status;
	size_t got;

	assert(offset <= walk->end && size <= rest);
	if (offset >= walk->window_offset &&
	    offset + size <= walk->window_offset + walk->window.size)
		goto out;
	want = size > WINDOW_MIN ? size : WINDOW_MIN;
	if (want > rest)
		want = rest;
	walk->window.size = 0;
	status = buffer_resize(&walk->window, (size_t)want, err);
	if (status != OURO_OK)
		return status;
	walk->window_offset = offset;
	status = fs_read(walk->file, offset, walk->window.data, (size_t)want,
	    &got, err);
	if (status == OURO_OK && got < want)
		status = error_set(err, OURO_IO,
		    "%s became shorter while it was read", walk->segment->path);
	if (status != OURO_OK) {
		walk->window.size = 0;
		return status;
	}
out:
	*out = walk->window.data + (offset - walk->window_offset);
	return OURO_OK;
}

/* The number of bytes up to the last that is not zero. */
static size_t
nonzero_size(const uint8_t *data, size_t size)
{
	while (size >= 8 && get_u64le(data + size - 8) == 0)
		size -= 8;
	while (size > 0 && data[size - 1] == 0)
		size--;
	return size;
}

enum ouro_status
walk_content(struct walk *walk, uint64_t *content, struct ouro_error *err)
{
	uint64_t end = walk->end;

	while (walk->content == UINT64_MAX) {
		uint64_t size = end - walk->segment->begin;
		const uint8_t *data;
		enum ouro_status status;

		if (size > WINDOW_MIN)
			size = WINDOW_MIN;
		end -= size;
		if (size == 0) {
			walk->content = end;
			break;
		}
		status = window_load(walk, end, size, &data, err);
		if (status != OURO_OK)
			return status;
		size = nonzero_size(data, (size_t)size);
		if (size > 0)
			walk->content = end + size;
	}
	*content = walk->content;
	return OURO_OK;
}

/* Decodes the record at offset; *good tells whether there is one. */
static enum ouro_status
record_at(struct walk *walk, uint64_t offset, struct walk_item *item,
    uint64_t *claim, bool *good, struct ouro_error *err)
{
	const struct record_frame *frame = &walk->segment->frame;
	uint64_t rest = walk->end - offset;
	size_t head = rest < RECORD_PREFIX ? (size_t)rest : RECORD_PREFIX;
	enum ouro_status status;
	const uint8_t *data;

	*good = false;
	*claim = 0;
	status = window_load(walk, offset, head, &data, err);
	if (status != OURO_OK)
		return status;
	*claim = record_claim(frame, data, head);
	if (*claim == 0 || *claim > rest)
		return OURO_OK;
	status = window_load(walk, offset, *claim, &data, err);
	if (status != OURO_OK)
		return status;
	/* An earlier record of the same log, seen again, is none. */
	*good = record_decode(frame, data, (size_t)*claim, &item->record) &&
	    (walk->segment->kind != SEGMENT_LOG ||
		(item->record.sequence >= walk->expected &&
		    item->record.sequence > item->record.durable));
	item->good = *good;
	item->offset = offset;
	item->size = *claim;
	return OURO_OK;
}

/* Whether a record is at offset, after bad bytes; this costs effort. */
static enum ouro_status
resumes_at(struct walk *walk, uint64_t offset, bool *good,
    struct ouro_error *err)
{
	struct walk_item item;
	enum ouro_status status;
	uint64_t claim;

	status = record_at(walk, offset, &item, &claim, good, err);
	if (status == OURO_OK && claim <= walk->end - offset)
		walk->effort -= claim < walk->effort ? claim : walk->effort;
	return status;
}

/* *found = the least offset >= from where a record begins, or the end. */
static enum ouro_status
search(struct walk *walk, uint64_t from, uint64_t end, uint64_t *found,
    struct ouro_error *err)
{
	while (from < end && walk->effort > 0) {
		uint64_t size = end - from;
		enum ouro_status status;
		const uint8_t *data, *hit;
		bool good;

		if (size > WINDOW_MIN / 2)
			size = WINDOW_MIN / 2;
		status = window_load(walk, from, size, &data, err);
		if (status != OURO_OK)
			return status;
		hit = memchr(data, RECORD_MAGIC_0, (size_t)size);
		if (hit == NULL) {
			from += size;
			continue;
		}
		from += (uint64_t)(hit - data);
		status = resumes_at(walk, from, &good, err);
		if (status != OURO_OK)
			return status;
		if (good) {
			*found = from;
			return OURO_OK;
		}
		from++;
	}
	*found = end;
	return OURO_OK;
}

/* Where the bad bytes at walk->offset end, which claim to be of that size. */
static enum ouro_status
bad_end(struct walk *walk, uint64_t claim, uint64_t content, uint64_t *next,
    struct ouro_error *err)
{
	uint64_t rest = walk->end - walk->offset;
	enum ouro_status status;
	bool good;

	/* Where its own length says, first: a value may hold old records. */
	*next = walk->offset + claim;
	if (claim != 0 && claim < rest) {
		status = resumes_at(walk, *next, &good, err);
		if (status != OURO_OK || good)
			return status;
	}
	/* The last record may end in zeros of its own. */
	if (claim != 0 && claim <= rest && *next >= content)
		content = *next;
	return search(walk, walk->offset + 1, content, next, err);
}

enum ouro_status
walk_next(struct walk *walk, struct walk_item *item, struct ouro_error *err)
{
	uint64_t claim, content, next;
	enum ouro_status status;
	bool good;

	if (walk->offset == walk->end)
		return OURO_END;
	status = record_at(walk, walk->offset, item, &claim, &good, err);
	if (status != OURO_OK)
		return status;
	if (good) {
		walk->offset += item->size;
		walk->expected = item->record.sequence + item->record.count;
		return OURO_OK;
	}
	status = walk_content(walk, &content, err);
	if (status != OURO_OK)
		return status;
	if (walk->offset >= content)
		return OURO_END;
	status = bad_end(walk, claim, content, &next, err);
	if (status != OURO_OK)
		return status;
	*item = (struct walk_item){ .offset = walk->offset };
	item->size = next - walk->offset;
	walk->offset = next;
	return OURO_OK;
}

enum ouro_status
walk_bytes(struct walk *walk, const struct walk_item *item, struct bytes *out,
    struct ouro_error *err)
{
	enum ouro_status status;
	const uint8_t *data;

	*out = bytes_of(NULL, 0);
	if (item->size > RECORD_MAX)
		return OURO_OK;
	status = window_load(walk, item->offset, item->size, &data, err);
	if (status == OURO_OK)
		*out = bytes_of(data, (size_t)item->size);
	return status;
}
