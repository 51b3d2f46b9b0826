/*
 * location - a place together with the segment it lies in.
 */
#ifndef ENGINE_LOCATION_H
#define ENGINE_LOCATION_H

#include "engine/place.h"
#include "engine/segment.h"

/* The segment is borrowed, or referenced where a function says so. */
struct location {
	struct segment *segment;
	uint64_t offset;
	uint64_t sequence;
	uint32_t value_size;
	uint32_t batch_offset; /* in a batch: from its begin; else 0 */
	uint8_t state;	       /* enum place_state */
	bool packed;
	uint32_t clear_size; /* packed: the value's own size; else 0 */
};

static inline struct location
location_of(const struct place *place, struct segment *segment)
{
	return (struct location){
		.segment = segment,
		.offset = place->offset,
		.sequence = place->sequence,
		.value_size = place->value_size,
		.batch_offset = place->batch_offset,
		.state = place->state,
		.packed = place->packed,
		.clear_size = place->clear_size,
	};
}

static inline struct place
location_place(const struct location *location)
{
	return (struct place){
		.segment = location->segment->id,
		.offset = location->offset,
		.sequence = location->sequence,
		.value_size = location->value_size,
		.batch_offset = location->batch_offset,
		.state = location->state,
		.packed = location->packed,
		.clear_size = location->clear_size,
	};
}

/* Bytes of the value itself. */
static inline uint32_t
location_clear_size(const struct location *location)
{
	return location->packed ? location->clear_size : location->value_size;
}

/* Bytes on disk of the record at a location. */
uint64_t location_size(const struct location *location, size_t key_size);

#endif
