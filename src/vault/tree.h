/*
 * tree - the chunk list of a stream as a tree of pages.
 *
 * A single chunk is its own tree (level 0). Otherwise pages of up to 1,024
 * entries, the lowest level listing chunks; written as the stream goes, so
 * that memory is bounded by one page per level. Everything listed in an open
 * page is pinned until the page is written; then the page is.
 */
#ifndef VAULT_TREE_H
#define VAULT_TREE_H

#include "vault/pins.h"
#include "vault/record.h"

struct ouro_vault;

/* ---- writing ------------------------------------------------------------------ */

struct tree_writer {
	struct ouro_vault *vault;
	unsigned height; /* levels in use */
	uint64_t chunks;
	struct page levels[TREE_LEVEL_MAX]; /* [0] lists chunks: level 1 */
	struct pin_list pins[TREE_LEVEL_MAX];
};

void tree_writer_init(struct tree_writer *writer, struct ouro_vault *vault);
/* Drops pins, wipes keys. */
void tree_writer_release(struct tree_writer *writer);
/* entry's pin passes to the writer, also on failure. */
enum ouro_status tree_add(struct tree_writer *writer,
    const struct tree_entry *entry, struct ouro_error *err);
/* Writes what is open and frees the pages. root stays pinned until the writer
 * is released. At least one entry was added. */
enum ouro_status tree_finish(struct tree_writer *writer,
    struct tree_entry *root, unsigned *level, struct ouro_error *err);

/* ---- reading ------------------------------------------------------------------- */

struct tree_reader {
	struct ouro_vault *vault;
	struct tree_entry root;
	unsigned level;
	struct page pages[TREE_LEVEL_MAX]; /* [i] has level i + 1 */
	size_t next[TREE_LEVEL_MAX];	   /* entry to go to */
	bool at_root;			   /* level 0: not yet given */
};

void tree_reader_init(struct tree_reader *reader, struct ouro_vault *vault,
    const struct tree_entry *root, unsigned level);
void tree_reader_release(struct tree_reader *reader);
/* The next tree_next gives the chunk that holds position (< root.size);
 * *skip = position's offset in it. */
enum ouro_status tree_seek(struct tree_reader *reader, uint64_t position,
    uint64_t *skip, struct ouro_error *err);
/* The next chunk in order; OURO_END. */
enum ouro_status tree_next(struct tree_reader *reader, struct tree_entry *out,
    struct ouro_error *err);

/* ---- walking without keys -------------------------------------------------------- */

/* What tree_walk meets: pages before what they list. level 0 = a chunk. A
 * page that cannot be read is reported with its status and not entered. */
typedef enum ouro_status tree_visit(void *context, const uint8_t id[HASH_SIZE],
    unsigned level, enum ouro_status status, struct ouro_error *err);

/* Visits every page and chunk below (and with) a root, repeated ones again;
 * stops at the first visit that is not OURO_OK. */
enum ouro_status tree_walk(struct ouro_vault *vault,
    const uint8_t root[HASH_SIZE], unsigned level, tree_visit *visit,
    void *context, struct ouro_error *err);

#endif
