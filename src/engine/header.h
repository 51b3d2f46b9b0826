/*
 * header - the record that opens each of our segments.
 *
 *   offset  length  data
 *   0       2       F0 F1
 *   2       1       10
 *   3       4       0
 *   7       4       68 + 8 n
 *   11      4       format, 1
 *   15      8       segment id
 *   23      16      salt, random
 *   39      8       made at, Unix ms
 *   47      8       first sequence (of copies: the one at which each
 *                   of its records was its key's newest)
 *   55      4       flags: 1 sealed, 2 copies made by compaction or repair
 *   59      16      check (sealed), else zeros
 *   75      4       n
 *   79      8 n     ids of the segments that were there when it was made,
 *                   ascending, all below 10^18
 *   79+8n   4       CRC-32 over op ... the byte before
 */
#ifndef ENGINE_HEADER_H
#define ENGINE_HEADER_H

#include "engine/record.h"

#define HEADER_FORMAT	 1
#define HEADER_SEALED	 1u
#define HEADER_COPIES	 2u
#define HEADER_CHECK	 16
#define HEADER_FIXED	 79 /* bytes before the ids */
#define HEADER_IDS_MAX	 (1u << 20)
#define HEADER_ID_MAX	 999999999999999999u /* 18 digits in a file name */
#define HEADER_SIZE(ids) (HEADER_FIXED + 8 * (uint64_t)(ids) + RECORD_CRC)

struct header {
	uint64_t id;
	uint8_t salt[RECORD_SALT];
	uint64_t made_ms;
	uint64_t first;
	uint32_t flags;
	uint8_t check[HEADER_CHECK];
	uint64_t *ids; /* owned when decoded */
	uint32_t count;
};

/* The check of a sealed header: a key derived from seal_key and the salt for
 * all its other bytes and the engine's name. */
enum ouro_status header_check(const struct header *header,
    const uint8_t *seal_key, const char *name, uint8_t out[HEADER_CHECK],
    struct ouro_error *err);

/* Appends the record to out. */
enum ouro_status header_encode(const struct header *header, struct buffer *out,
    struct ouro_error *err);

/* The size of the header record that data (the first RECORD_PREFIX bytes of
 * a file) begins; 0 when it begins none. */
uint64_t header_claim(const uint8_t *data, size_t size);

/*
 * OURO_DAMAGED when data is no whole header; OURO_UNSUPPORTED for a later
 * format. name is the file, for the text. header_release afterwards.
 */
enum ouro_status header_decode(const char *name, struct bytes data,
    struct header *out, struct ouro_error *err);
void header_release(struct header *header);

#endif
