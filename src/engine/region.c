#include "engine/region.h"

/* The parse's state, to keep the argument lists short. */
struct region {
	const struct segment *segment;
	region_each *each;
	void *context;
	uint64_t sequence; /* of the next operation */
};

/* Whether the claimed lengths lead from the beginning to the end. */
static bool
chain_fits(const struct record_frame *frame, struct bytes data)
{
	size_t at = 0;

	while (at < data.size) {
		uint64_t claim = record_claim(frame, data.data + at,
		    data.size - at);

		if (claim == 0 || claim > data.size - at)
			return false;
		at += (size_t)claim;
	}
	return true;
}

static enum ouro_status
batch_parse(struct region *region, struct bytes data, uint64_t offset,
    struct ouro_error *err)
{
	const struct record_frame *frame = &region->segment->frame;
	size_t head = record_head(frame), at = 0;
	struct record batch;

	if (!record_batch_head(frame, data.data, data.size, &batch))
		return OURO_OK;
	batch.sequence = region->sequence;
	batch.value = bytes_of(data.data + head, data.size - head - RECORD_CRC);
	for (uint32_t i = 0; i < batch.count; i++) {
		struct record sub;
		bool good = record_sub_decode(frame, &batch, i, at, &sub);
		enum ouro_status status;

		if (!good && (sub.size == 0 || frame->sealed))
			sub.key = bytes_of(NULL, 0);
		status = region->each(region->context, offset + head + at, good,
		    &sub, err);
		if (status != OURO_OK)
			return status;
		if (sub.size == 0)
			break; /* nothing behind it can be found */
		at += (size_t)sub.size;
	}
	region->sequence += batch.count;
	return OURO_OK;
}

static enum ouro_status
plain_parse(struct region *region, struct bytes data, uint64_t offset,
    struct ouro_error *err)
{
	const struct segment *segment = region->segment;
	struct record record = { .op = data.data[2], .size = data.size };

	if (segment->kind == SEGMENT_OLD) {
		record.op = data.data[2] == RECORD_OLD_SET ? RECORD_PUT
							   : RECORD_DELETE;
		record.sequence = region_old_sequence(segment->id, offset);
		record.key = bytes_of(data.data + RECORD_PREFIX,
		    get_u32le(data.data + 3));
	} else {
		record.sequence = segment->kind == SEGMENT_LOG
		    ? region->sequence
		    : get_u64le(data.data + 11);
		if (!segment->frame.sealed)
			record.key = bytes_of(data.data + RECORD_HEAD,
			    get_u32le(data.data + 3));
	}
	region->sequence++;
	return region->each(region->context, offset, false, &record, err);
}

enum ouro_status
region_parse(const struct segment *segment, struct bytes data, uint64_t offset,
    uint64_t sequence, region_each *each, void *context, bool *understood,
    struct ouro_error *err)
{
	struct region region = { segment, each, context, sequence };
	size_t at = 0;

	*understood = data.size > 0 && chain_fits(&segment->frame, data);
	while (*understood && at < data.size) {
		size_t claim = (size_t)record_claim(&segment->frame,
		    data.data + at, data.size - at);
		struct bytes one = bytes_of(data.data + at, claim);
		enum ouro_status status;

		if (one.data[2] == RECORD_BATCH)
			status = batch_parse(&region, one, offset + at, err);
		else
			status = plain_parse(&region, one, offset + at, err);
		if (status != OURO_OK)
			return status;
		at += claim;
	}
	return OURO_OK;
}
