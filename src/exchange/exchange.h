/*
 * exchange - what a stream of kind vault (seal/archive.h) is made of, and in
 * which order.
 *
 *   type  content of the frame
 *   1     scope, once, first: u8 0 whole; 1 one name, then namespace, 0, path;
 *         2 a subtree, then the id of its root
 *   2     chunk: a stripe of it (seal/carried.h)
 *   3     page: id, Page
 *   4     content: id, ContentRecord
 *   5     version: id, RefRecord
 *   6     context: incarnation, ContextEntry
 *   0     the last: versions, contents, pages, chunks, contexts, u64 each
 *
 * Chunks, pages and contents come first, each behind what it lists, each once;
 * then the versions, then the contexts. A stream of the whole vault has its
 * contexts when the vault may claim to show all it has: only then a version
 * that the contexts have and the stream lacks was removed.
 */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "crypt/crypt.h"

enum exchange_part {
	EXCHANGE_SCOPE = 1,
	EXCHANGE_CHUNK = 2,
	EXCHANGE_PAGE = 3,
	EXCHANGE_CONTENT = 4,
	EXCHANGE_VERSION = 5,
	EXCHANGE_CONTEXT = 6
};

enum exchange_scope {
	EXCHANGE_WHOLE = 0,
	EXCHANGE_NAME = 1,
	EXCHANGE_TREE = 2
};

struct exchange_counts {
	uint64_t versions, contents, pages, chunks, contexts;
};

#define EXCHANGE_END_SIZE 40
void exchange_end_encode(const struct exchange_counts *counts,
    uint8_t out[EXCHANGE_END_SIZE]);
/* Whether the bytes are those of these counts. */
bool exchange_end_fits(const struct exchange_counts *counts,
    struct bytes content);

#endif
