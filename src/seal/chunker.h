/*
 * chunker - cuts a stream where its content says so.
 *
 * A chunk has 128 to 512 KiB, about 250 KiB in the mean for random bytes;
 * only the last one of a stream may be shorter. Where it ends is a function
 * of its own bytes and a secret alone: with the chunk starting at 0, position
 * p (first CHUNK_MIN, then every one below CHUNK_MAX) is looked at with the
 * window of the 32 bytes before it, and the chunk is those p bytes if
 *   - the Buzhash of the window has its low 13 bits zero, and
 *   - SipHash-2-4 of the window has its low 4 bits zero;
 * it is CHUNK_MAX bytes if no position is. So a chunk never depends on the
 * pieces in which the input came, and a change touches only the chunks
 * around it. A run of one byte value is cut at 128 or at 512 KiB.
 *
 * From the 32-byte secret HKDF-SHA-256 (no salt) derives the 256 Buzhash
 * terms, little-endian ("ouroboros buzhash table 1", 1,024 bytes), and the
 * SipHash key ("ouroboros chunk siphash 1", 16 bytes): chunk lengths then do
 * not let an outsider recognise a file.
 */
#ifndef SEAL_CHUNKER_H
#define SEAL_CHUNKER_H

#include "crypt/crypt.h"

#define CHUNK_MIN ((size_t)128 * 1024)
#define CHUNK_MAX ((size_t)512 * 1024)

/* What follows from the secret; immutable, shared between threads. */
struct chunker_table;

enum ouro_status chunker_table_new(const uint8_t secret[KEY_SIZE],
    struct chunker_table **out, struct ouro_error *err);
/* After all its chunkers. Wipes; NULL is fine. */
void chunker_table_free(struct chunker_table *table);

/* For one thread at a time; keeps nothing between calls that changes an
 * answer, so it may serve any number of streams. Borrows table. */
struct chunker;

enum ouro_status chunker_new(const struct chunker_table *table,
    struct chunker **out, struct ouro_error *err);
void chunker_free(struct chunker *chunker);

/*
 * The length of the chunk that data begins with. 0 when it cannot be told
 * yet: fewer than CHUNK_MAX bytes, and more will come (last is false); or
 * there are no bytes. The caller keeps the bytes of an unfinished chunk.
 */
enum ouro_status chunker_cut(struct chunker *chunker, struct bytes data,
    bool last, size_t *size, struct ouro_error *err);

#endif
