/*
 * run_format - the layout of a run's file, its names, and its header.
 *
 * Pages of 8,192 bytes. The last 16 of each are its check (run_page.h):
 *
 *   page            content
 *   0               header
 *   1 ...           leaves: the entries, ascending (run_node.h)
 *   then            inner pages of the tree over them; the root is the last
 *   then            hash table: 127 groups of 8 slots a page (run_table.h)
 *   then            Bloom filter: 127 blocks of 64 bytes a page
 *   then            ids of segments, u64 each, 1,022 a page
 *
 * Header:
 *
 *   offset  length  data
 *   0       8       OURORUN and a zero byte
 *   8       4       format, 1
 *   12      4       flags: 1 sealed
 *   16      8       id, as in the name
 *   24      16      salt, random
 *   40      8       seed of key_hash          sealed from here on
 *   48      8       entries
 *   56      8       leaves                    pages
 *   64      8       inner                     pages
 *   72      8       hash                      pages
 *   80      8       blocks of the filter
 *   88      8       root                      page; 0 without entries
 *   96      4       levels above the leaves
 *   100     4       segments
 *   104     8072    zeros
 *   8176    16      check
 */
#ifndef ENGINE_RUN_FORMAT_H
#define ENGINE_RUN_FORMAT_H

#include "engine/run.h"

#define RUN_PAGE	 8192u
#define RUN_CHECK	 16u
#define RUN_ROOM	 (RUN_PAGE - RUN_CHECK)
#define RUN_SALT	 16
#define RUN_CLEAR	 40u /* bytes of the header before what is sealed */
#define RUN_GROUP	 8u  /* slots of 8 bytes: a cache line */
#define RUN_GROUPS	 (RUN_ROOM / (8 * RUN_GROUP))
#define RUN_SLOTS	 (RUN_GROUPS * RUN_GROUP)
#define RUN_BLOCK	 64u
#define RUN_BLOCKS	 (RUN_ROOM / RUN_BLOCK)
#define RUN_IDS		 (RUN_ROOM / 8)
#define RUN_LEVELS_MAX	 40
#define RUN_SEGMENTS_MAX (1024u * 1024)
#define RUN_POSITION_MAX ((UINT64_C(1) << 48) - 1)
#define RUN_PAGES_MAX	 ((RUN_POSITION_MAX + 1) / RUN_PAGE)

struct run_layout {
	uint64_t id;
	bool sealed;
	uint8_t salt[RUN_SALT];
	uint64_t seed;
	uint64_t entries;
	uint64_t leaves, inner, hash; /* pages */
	uint64_t blocks;
	uint64_t root;
	uint32_t levels;
	uint32_t segments;
	/* What follows from it; run_layout_set makes these. */
	uint64_t inner_first, hash_first, filter_first, ids_first;
	uint64_t pages; /* of the file */
};

void run_layout_set(struct run_layout *layout);

void run_header_encode(const struct run_layout *layout, uint8_t page[RUN_PAGE]);
/* What stands before the sealed part; path for error texts. */
enum ouro_status run_header_clear(const char *path,
    const uint8_t page[RUN_PAGE], struct run_layout *out,
    struct ouro_error *err);
/* The rest, when the page's check fits; a file of so many bytes. */
enum ouro_status run_header_decode(const char *path,
    const uint8_t page[RUN_PAGE], uint64_t size, struct run_layout *out,
    struct ouro_error *err);

#endif
