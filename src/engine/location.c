#include "engine/location.h"

uint64_t
location_size(const struct location *location, size_t key_size)
{
	const struct record_frame *frame = &location->segment->frame;

	if (location->batch_offset != 0)
		return record_sub_size(frame, key_size, location->value_size);
	return record_size(frame, key_size, location->value_size);
}
