/*
 * member - a member's private key, and the file it lies in.
 *
 * The file is JSON, 0600, written atomically:
 *   {"format":"ouroboros-member-key","version":1,"public_key":BASE64,
 *    "seed":BASE64}
 * or with a passphrase, instead of "seed":
 *    "kdf":{"name":"argon2id","memory_kib":N,"passes":N,"lanes":N,
 *           "salt":BASE64},"nonce":BASE64,"sealed_seed":BASE64,"tag":BASE64
 * (AES-256-GCM under the Argon2id key; additional data = the public key).
 * The members may stand in any order; none may be missing, double or unknown.
 *
 * recovery.h has the printable recovery key.
 */
#ifndef SEAL_MEMBER_H
#define SEAL_MEMBER_H

#include "crypt/kdf.h"
#include "crypt/kem.h"

struct fs;

struct member_key {
	uint8_t seed[KEM_SEED_SIZE];
	uint8_t public_key[KEM_PUBLIC_SIZE];
};

enum ouro_status member_key_new(struct fs *fs, struct member_key *out,
    struct ouro_error *err);
void member_key_wipe(struct member_key *key);

/* passphrase NULL = none; an empty one is refused (OURO_INVALID). Replaces a
 * file; OURO_REFUSED for a symbolic link, whose file would keep the key as it
 * was while another takes the link's place. */
enum ouro_status member_key_write(struct fs *fs, const char *path,
    const struct member_key *key, const char *passphrase,
    struct ouro_error *err);
/* The same for a new file: OURO_EXISTS when anything has that name, which is
 * never replaced. */
enum ouro_status member_key_create(struct fs *fs, const char *path,
    const struct member_key *key, const char *passphrase,
    struct ouro_error *err);

/* OURO_NOT_FOUND; OURO_DAMAGED (truncated, not ours: names path and place);
 * OURO_UNSUPPORTED: a later version; OURO_WRONG_KEY: passphrase needed (when
 * NULL was given) or wrong. */
enum ouro_status member_key_read(struct fs *fs, const char *path,
    const char *passphrase, struct member_key *out, struct ouro_error *err);

/* Whether the file needs a passphrase, without opening it. */
enum ouro_status member_key_is_sealed(struct fs *fs, const char *path,
    bool *sealed, struct ouro_error *err);

/* ---- the same without a file ------------------------------------------- */

/*
 * 64 MiB and 3 passes, as RFC 9106 recommends second, but one lane: we fill
 * the memory with one thread anyway, so more lanes would shorten the work of
 * those only who guess with many.
 */
extern const struct argon2_cost member_cost_default;

/* What a file may ask of its reader, who does not trust it yet. */
#define MEMBER_MEMORY_KIB_MAX (1024u * 1024)
#define MEMBER_PASSES_MAX     64u
#define MEMBER_LANES_MAX      64u

/* Appends the file's content; wipe it. cost matters with a passphrase. */
enum ouro_status member_key_encode(struct fs *fs, const struct member_key *key,
    const char *passphrase, const struct argon2_cost *cost, struct buffer *out,
    struct ouro_error *err);

/* path is for the error text. Statuses as member_key_read. */
enum ouro_status member_key_decode(struct bytes text, const char *path,
    const char *passphrase, struct member_key *out, struct ouro_error *err);

#endif
