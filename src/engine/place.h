/*
 * place - where the newest record of a key lies.
 */
#ifndef ENGINE_PLACE_H
#define ENGINE_PLACE_H

#include "base/bytes.h"

enum place_state {
	PLACE_VALUE,
	PLACE_TOMBSTONE, /* deleted: remembered, since an older record may
			  * lie behind it in files and indexes */
	PLACE_DAMAGED,	 /* the newest record is known and unreadable */
};

struct place {
	uint64_t segment; /* its id */
	uint64_t offset;
	uint64_t sequence;
	uint32_t value_size;   /* bytes in the record */
	uint32_t batch_offset; /* in a batch: from its begin; else 0 */
	uint8_t state;
	bool packed;	     /* the value is compressed ... */
	uint32_t clear_size; /* ... and this its own size; else 0 */
};

/*
 * A 64-bit hash of the key for tables in memory and on disk. seed is random
 * and secret, so that nobody can choose keys that collide. Fixed: it is part
 * of the format of runs.
 */
uint64_t key_hash(uint64_t seed, struct bytes key);

#endif
