/*
 * bundle - a bundle that is read, without any vault: the whole file is checked
 * when it is opened, and what is looked up later is found through its index.
 *
 * Memory does not grow with the contents: 48 bytes for each 256 objects, one
 * page of each level, one frame. One thread at a time.
 *
 * A frame's seal proves that it belongs to this bundle and to its place; the
 * seals within, under keys that come from the wrapped one, that an object is
 * the one that was meant. The ids are keyed with a secret of the vault, so the
 * recipient takes them as names, and cannot recompute them.
 */
#ifndef EXCHANGE_BUNDLE_H
#define EXCHANGE_BUNDLE_H

#include "exchange/bundle_format.h"
#include "vault/record.h"

struct compressor;
struct fs;
struct ouro_bundle;

/* As ouro_bundle_open, with a file system and a key of the caller's. */
enum ouro_status bundle_open(struct fs *fs, const char *file,
    const uint8_t seed[KEM_SEED_SIZE], struct ouro_bundle **out,
    struct ouro_error *err);

/* ---- for bundle*.c ----------------------------------------------------------- */

/* Where an index frame lies, and the first key in it. */
struct bundle_block {
	uint64_t number, offset;
	uint8_t first[BUNDLE_KEY_SIZE];
};

struct ouro_bundle {
	struct fs_file *file;
	uint64_t position; /* of the source */
	struct archive_reader *reader;
	struct archive_place start; /* behind the header: the key */
	uint8_t seed[KEM_SEED_SIZE];
	struct bundle_block *blocks;
	size_t block_count;
	uint64_t entry_count;
	struct buffer block; /* entries of the block last used */
	size_t block_loaded; /* its number + 1; 0 = none */
	struct compressor *compressor;
	struct buffer clear; /* of the chunk last opened */
	struct tree_entry clear_of;
	bool clear_valid;
};

/* The first entry that is not before the key. OURO_NOT_FOUND behind the
 * last. */
enum ouro_status bundle_find(struct ouro_bundle *bundle,
    const struct bundle_entry *key, struct bundle_entry *out,
    struct ouro_error *err);
/* The object's frame; content is borrowed until the next call. */
enum ouro_status bundle_frame(struct ouro_bundle *bundle,
    const struct bundle_entry *entry, struct bytes *content,
    struct ouro_error *err);

#endif
