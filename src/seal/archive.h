/*
 * archive - a stream of sealed frames that says itself what it is: the form
 * in which parts of a vault leave it, for a member (export) or for somebody
 * who holds a grant (a bundle).
 *
 * The header, in clear:
 *
 *   offset  length  data
 *   0       8       "OUROARCH"
 *   8       4       format, 1
 *   12      4       kind: 1 vault, 2 bundle
 *   16      16      vault id
 *   32      32      salt, random
 *   64      4       n, at most 64 MiB
 *   68      n       the opener. Vault: the keyring as it is stored, which
 *                   only a member opens. Bundle: fingerprint of a public key
 *                   (16), then a random key wrapped for it (crypt/wrap.h)
 *
 * Then frames, and beginnings among them (numbers little-endian):
 *
 *   frame:      0    4   n, 1 to ARCHIVE_FRAME_MAX
 *               4    n   sealed: type u8, content
 *               4+n  16  tag
 *   beginning:  0    4   0
 *               4    32  salt, random
 *
 * Sealing is AES-256-GCM; nonce = the frame's number (from 0) u64, 4 zero
 * bytes; additional data = SHA-256 of the header, n u32. The first key is
 * HKDF(secret, the header's salt, "ouroboros stream 1" header hash): secret =
 * the archive key of the vault (derive.h), or the random key of a bundle. A
 * beginning changes it: HKDF(key so far, the beginning's salt, the same info).
 * Whoever goes on with a stream that was cut writes one first: what was lost
 * of it may still be somewhere, and no key may seal two frames of one number.
 * Numbers go on over beginnings.
 *
 * So nothing can be changed, left out, added, exchanged, or mixed with
 * another stream, also one that goes on from the same place. The frame of
 * type 0 is the last; without it the stream is cut. No content is ever split:
 * the largest there is, a version that has seen 65,536 incarnations, has 2.1
 * MiB. So neither side needs more memory than a frame and the opener.
 */
#ifndef SEAL_ARCHIVE_H
#define SEAL_ARCHIVE_H

#include "crypt/wrap.h"
#include "seal/keyring.h"

struct archive_reader;
struct archive_writer;
struct fs;

#define ARCHIVE_FRAME_MAX   (3u * 1024 * 1024) /* type and content */
#define ARCHIVE_HEAD_SIZE   68		       /* in front of the opener */
#define ARCHIVE_OPENER_MAX  KEYRING_SIZE_MAX
#define ARCHIVE_BUNDLE_SIZE (FINGERPRINT_SIZE + WRAP_SIZE) /* its opener */

enum archive_kind { ARCHIVE_VAULT = 1, ARCHIVE_BUNDLE = 2 };

/* The type of the last frame. The others, to 255, are of the kind: vault:
 * vault/exchange.h. */
#define ARCHIVE_END 0

struct archive_head {
	enum archive_kind kind;
	uint8_t vault_id[VAULT_ID_SIZE];
	struct bytes opener;
};

/* ---- openers of bundles -------------------------------------------------- */

/* Draws the secret of a new bundle, and wraps it. */
enum ouro_status archive_bundle_lock(struct fs *fs,
    const uint8_t public_key[KEM_PUBLIC_SIZE], uint8_t secret[KEY_SIZE],
    uint8_t opener[ARCHIVE_BUNDLE_SIZE], struct ouro_error *err);
/* OURO_WRONG_KEY: it was locked for another key, whose fingerprint is told;
 * OURO_DAMAGED. */
enum ouro_status archive_bundle_unlock(struct bytes opener,
    const uint8_t seed[KEM_SEED_SIZE], uint8_t secret[KEY_SIZE],
    struct ouro_error *err);

/* ---- writing ------------------------------------------------------------- */

/* Draws a salt and gives the header to sink, which is called once for each
 * frame too. head is borrowed for the call. */
enum ouro_status archive_writer_new(struct fs *fs,
    const struct archive_head *head, const uint8_t secret[KEY_SIZE],
    ouro_sink *sink, void *context, struct archive_writer **out,
    struct ouro_error *err);
/* NULL ok. */
void archive_writer_free(struct archive_writer *writer);

/* One frame of the parts, one after the other. After a failure there is
 * nothing to be done but to free. OURO_TOO_LARGE. */
enum ouro_status archive_write(struct archive_writer *writer, uint8_t type,
    const struct bytes *parts, size_t count, struct ouro_error *err);
/* Bytes given to the sink so far. */
uint64_t archive_written(const struct archive_writer *writer);

/* ---- reading ------------------------------------------------------------- */

/* Nothing of the source is read yet. */
enum ouro_status archive_reader_new(ouro_source *source, void *context,
    struct archive_reader **out, struct ouro_error *err);
void archive_reader_free(struct archive_reader *reader); /* NULL ok */

/*
 * The header; the opener lives as long as the reader. Nothing vouches for any
 * of it before the first frame was read.
 *   OURO_DAMAGED      no stream of ours, or cut within the header
 *   OURO_UNSUPPORTED  of a later format
 */
enum ouro_status archive_read_head(struct archive_reader *reader,
    struct archive_head *head, struct ouro_error *err);
enum ouro_status archive_unlock(struct archive_reader *reader,
    const uint8_t secret[KEY_SIZE], struct ouro_error *err);

/*
 * The next frame. content is valid until the next call.
 *   OURO_END      the frame before was of type ARCHIVE_END
 *   OURO_DAMAGED  with the offset, also when the stream goes on behind its
 *                 last frame. Nothing more can be read then.
 */
enum ouro_status archive_read(struct archive_reader *reader, uint8_t *type,
    struct bytes *content, struct ouro_error *err);
/* Where the frame last read begins. */
uint64_t archive_offset(const struct archive_reader *reader);

/* OURO_DAMAGED, for what is wrong inside the frame last read: names its
 * offset. */
enum ouro_status archive_refuse(const struct archive_reader *reader,
    const char *what, struct ouro_error *err);

/* ---- going on with what was cut ------------------------------------------- */

/* A place between two frames. Holds a key: bytes_wipe it. */
struct archive_place {
	uint64_t offset; /* bytes before it */
	uint64_t number; /* frames before it */
	uint8_t header_hash[HASH_SIZE];
	uint8_t key[KEY_SIZE];
};

/* Behind the frame last read, or the header. */
void archive_here(const struct archive_reader *reader,
    struct archive_place *place);
/* The next frame read is the one at that place, from where the source gives
 * its bytes next. */
void archive_reader_move(struct archive_reader *reader,
    const struct archive_place *place);
/* A writer whose first bytes belong at place->offset. archive_written counts
 * from there. */
enum ouro_status archive_writer_at(struct fs *fs,
    const struct archive_place *place, ouro_sink *sink, void *context,
    struct archive_writer **out, struct ouro_error *err);

#endif
