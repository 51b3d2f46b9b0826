/*
 * row - the keys of the records engine: one letter, then ids or names.
 *
 *   the replicated set, kept twice
 *     c content id                     ContentRecord
 *     p page id                        Page
 *     r ref id                         RefRecord
 *     x incarnation                    ContextEntry
 *   derived from it, kept once, made anew by a rebuild
 *     k chunk id                       ChunkRow
 *     u used id, user id               (empty)   chunk or page by a page or
 *                                      content; content by a ref
 *     d parent id, child id            (empty)   contents
 *     o content id                     (empty)   has no parent that is there
 *     w parent id, child id            (empty)   the parent is not there
 *     h namespace 0 path 0             HeadsRow
 *     n namespace 0 path 0 stamp, ref  (empty)   stamp big-endian
 *     e expires, ref id                (empty)   big-endian Unix ms
 *   about this directory
 *     t ref id                         TrashRow  see vault/trash.h; kept twice
 *     i ...                            see vault/unite_stage.h
 *     s "closed", "restore"            see vault/copies.h
 *     s "rebuild"                      see vault/rebuild.h
 *     s "forget"                       see vault/forget.h
 *     s "epoch"                        see vault/epoch.h; in the copies too
 */
#ifndef VAULT_ROW_H
#define VAULT_ROW_H

#include "crypt/crypt.h"

enum row_table {
	ROW_CONTENT = 'c',
	ROW_PAGE = 'p',
	ROW_REF = 'r',
	ROW_CONTEXT = 'x',
	ROW_CHUNK = 'k',
	ROW_USE = 'u',
	ROW_CHILD = 'd',
	ROW_ROOT = 'o',
	ROW_AWAITED = 'w',
	ROW_HEADS = 'h',
	ROW_NAME = 'n',
	ROW_EXPIRY = 'e',
	ROW_TRASH = 't',
	ROW_STAGED = 'i',
	ROW_STATE = 's',
};

/* Namespace and path together; the names are checked at the door. */
#define ROW_NAME_MAX (16 + 1 + 1024 + 1)
#define ROW_KEY_MAX  (1 + ROW_NAME_MAX + 8 + HASH_SIZE)

struct row_key {
	uint8_t data[ROW_KEY_MAX];
	size_t size;
};

static inline struct bytes
row_bytes(const struct row_key *key)
{
	return bytes_of(key->data, key->size);
}

/* The table alone: the prefix of all its rows. */
struct row_key row_table(enum row_table table);
/* A table and an id of the given size (ids, incarnations). */
struct row_key row_id(enum row_table table, const void *id, size_t size);
/* Two ids: ROW_USE, ROW_CHILD, ROW_AWAITED. */
struct row_key row_pair(enum row_table table, const uint8_t first[HASH_SIZE],
    const uint8_t second[HASH_SIZE]);
/* ROW_HEADS: the row of one name. ROW_NAME: all its versions. */
struct row_key row_name(enum row_table table, const char *namespace_,
    const char *path);
/* All names of a namespace that begin with prefix. */
struct row_key row_name_prefix(enum row_table table, const char *namespace_,
    const char *prefix);
/* One version of a name. */
struct row_key row_version(const char *namespace_, const char *path,
    uint64_t stamp, const uint8_t ref[HASH_SIZE]);
struct row_key row_expiry(uint64_t expires_ms, const uint8_t ref[HASH_SIZE]);

/* The second id of a pair's key, the ref id at the end of a version's key;
 * NULL when the key is too short to have one. Borrowed. */
const uint8_t *row_last_id(struct bytes key);
/* The part of a version's key before stamp and ref: equal for all versions
 * of a name. Empty when the key is malformed. */
struct bytes row_name_part(struct bytes key);
/* The stamp in a version's key; the key has a row_name_part. */
uint64_t row_stamp(struct bytes key);

#endif
