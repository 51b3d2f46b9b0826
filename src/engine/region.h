/*
 * region - what can still be known of bytes that failed their checksum.
 *
 * When the lengths inside a bad stretch lead exactly from its beginning to
 * its end, its framing is believed: keys can be named, and sub-records of a
 * batch whose own checksum fits are as good as ever.
 */
#ifndef ENGINE_REGION_H
#define ENGINE_REGION_H

#include "engine/segment.h"

/* Called for each record or sub-record in the region. good: it decoded, and
 * is still sealed. Else record.op, key (empty when it cannot be known) and
 * sequence are what they seem to be. */
typedef enum ouro_status region_each(void *context, uint64_t offset, bool good,
    struct record *record, struct ouro_error *err);

/*
 * data are the bytes of the segment at offset; sequence is that of the first
 * operation in them (log segments). *understood tells whether each was
 * called. Stops at the first status from each that is not OURO_OK.
 */
enum ouro_status region_parse(const struct segment *segment, struct bytes data,
    uint64_t offset, uint64_t sequence, region_each *each, void *context,
    bool *understood, struct ouro_error *err);

/* The sequence of an old record: by file and offset, below all of ours. */
#define REGION_OLD_ID_MAX     ((1ull << 24) - 1)
#define REGION_OLD_OFFSET_MAX ((1ull << 32) - 2)
#define REGION_OLD_END	      (1ull << 56)

static inline uint64_t
region_old_sequence(uint64_t id, uint64_t offset)
{
	return (id << 32 | offset) + 1;
}

#endif
