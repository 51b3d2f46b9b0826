/*
 * bundle_format - the frames of a bundle: a stream of kind bundle
 * (seal/archive.h) that holds granted contents with all that is below them.
 *
 *   type       content (numbers little-endian)
 *   1 content  content id (32), epoch u32, wrapped content key (1640, see
 *              seal/grant.h), ContentRecord
 *   2 page     page id (32), Page
 *   3 chunk    a stored slice, the only one of a stripe of 1 + 0
 *              (seal/slice.h)
 *   4 index    1 to BUNDLE_INDEX_MAX entries:
 *              0   1   type of the frame: 1, 2, 3
 *              1   32  id of what it holds
 *              33  4   epoch that this is sealed under, big-endian
 *              37  8   the frame's number, from 0
 *              45  8   offset of the frame in the file
 *   0 end      number of index frames u64, number of entries u64
 *
 * Each object comes once and is sealed under the epoch that the object above
 * it names with its key, whatever epoch the vault has it under: a content
 * record that of the grant, a page or chunk that of the entry that lists it.
 * The index frames come last; their entries ascend by type, id and epoch.
 */
#ifndef EXCHANGE_BUNDLE_FORMAT_H
#define EXCHANGE_BUNDLE_FORMAT_H

#include "seal/archive.h"
#include "seal/grant.h"

enum bundle_frame {
	BUNDLE_CONTENT = 1,
	BUNDLE_PAGE = 2,
	BUNDLE_CHUNK = 3,
	BUNDLE_INDEX = 4
};

#define BUNDLE_INDEX_MAX  256u /* entries of a frame */
#define BUNDLE_ENTRY_SIZE 53u
#define BUNDLE_KEY_SIZE	  37u /* of an entry: what it is ordered by */
#define BUNDLE_HEAD_SIZE  (HASH_SIZE + 4u + WRAP_SIZE) /* of a content */
#define BUNDLE_END_SIZE	  16u

/* What an entry is found by, and where the object lies. */
struct bundle_entry {
	enum bundle_frame type;
	uint8_t id[HASH_SIZE];
	uint32_t epoch;
	uint64_t number, offset;
};

void bundle_entry_write(const struct bundle_entry *entry,
    uint8_t out[BUNDLE_ENTRY_SIZE]);
/* False when the type is none of the three, or no vault has the epoch. */
bool bundle_entry_read(const uint8_t in[BUNDLE_ENTRY_SIZE],
    struct bundle_entry *out);

/* A content frame: what of the grant the recipient needs, and the record,
 * which is borrowed. OURO_DAMAGED. */
void bundle_head_write(const struct grant *grant,
    uint8_t out[BUNDLE_HEAD_SIZE]);
enum ouro_status bundle_head_read(struct bytes frame, struct grant *grant,
    struct bytes *record, struct ouro_error *err);

#endif
