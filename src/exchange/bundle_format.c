#include "exchange/bundle_format.h"

#include "base/error.h"

#define AT_EPOCH  33
#define AT_NUMBER 37
#define AT_OFFSET 45

static void
epoch_write(uint8_t *out, uint32_t epoch)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(epoch >> (24 - 8 * i));
}

static uint32_t
epoch_read(const uint8_t *in)
{
	uint32_t epoch = 0;

	for (int i = 0; i < 4; i++)
		epoch = epoch << 8 | in[i];
	return epoch;
}

void
bundle_entry_write(const struct bundle_entry *entry,
    uint8_t out[BUNDLE_ENTRY_SIZE])
{
	out[0] = (uint8_t)entry->type;
	memcpy(out + 1, entry->id, HASH_SIZE);
	epoch_write(out + AT_EPOCH, entry->epoch);
	put_u64le(out + AT_NUMBER, entry->number);
	put_u64le(out + AT_OFFSET, entry->offset);
}

bool
bundle_entry_read(const uint8_t in[BUNDLE_ENTRY_SIZE], struct bundle_entry *out)
{
	out->type = (enum bundle_frame)in[0];
	memcpy(out->id, in + 1, HASH_SIZE);
	out->epoch = epoch_read(in + AT_EPOCH);
	out->number = get_u64le(in + AT_NUMBER);
	out->offset = get_u64le(in + AT_OFFSET);
	return in[0] >= BUNDLE_CONTENT && in[0] <= BUNDLE_CHUNK &&
	    out->epoch >= 1 && out->epoch <= EPOCHS_MAX;
}

void
bundle_head_write(const struct grant *grant, uint8_t out[BUNDLE_HEAD_SIZE])
{
	memcpy(out, grant->content, HASH_SIZE);
	put_u32le(out + HASH_SIZE, grant->epoch);
	memcpy(out + HASH_SIZE + 4, grant->wrapped, WRAP_SIZE);
}

enum ouro_status
bundle_head_read(struct bytes frame, struct grant *grant, struct bytes *record,
    struct ouro_error *err)
{
	*grant = (struct grant){ .epoch = 0 };
	if (frame.size <= BUNDLE_HEAD_SIZE ||
	    get_u32le(frame.data + HASH_SIZE) < 1)
		return error_set(err, OURO_DAMAGED,
		    "a content of the bundle is malformed");
	memcpy(grant->content, frame.data, HASH_SIZE);
	grant->epoch = get_u32le(frame.data + HASH_SIZE);
	memcpy(grant->wrapped, frame.data + HASH_SIZE + 4, WRAP_SIZE);
	*record = bytes_of(frame.data + BUNDLE_HEAD_SIZE,
	    frame.size - BUNDLE_HEAD_SIZE);
	return OURO_OK;
}
