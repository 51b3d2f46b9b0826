/*
 * keyring - the vault's keys in memory, and their stored, wrapped form.
 *
 * A vault has one *id key*, which never changes (key 0), and random *epoch
 * keys* 1, 2, 3 ... Each is wrapped separately for each member's public key.
 * The stored form (proto/seal.proto, Keyring) is authenticated by a MAC under
 * a key derived from the id key, so that nobody can add a member who never
 * was one. The id key is never rotated: a former member who can write to the
 * disk can put a keyring of his own making in the place of this one, with
 * epoch keys that he knows. Opening cannot tell; keyrings are not yet bound to
 * the members of now.
 *
 * Thread-safe once open, as long as nobody changes it at the same time.
 */
#ifndef SEAL_KEYRING_H
#define SEAL_KEYRING_H

#include "crypt/kem.h"

struct fs;
struct keyring;

#define VAULT_ID_SIZE	 16
#define FINGERPRINT_SIZE 16 /* first bytes of SHA-256 of the public key */
#define MEMBER_LABEL_MAX 128
#define MEMBERS_MAX	 1024
#define EPOCHS_MAX	 65536
#define KEYRING_SIZE_MAX (64u * 1024 * 1024)

enum member_kind { MEMBER_NODE = 1, MEMBER_RECOVERY = 2 };

struct member {
	uint8_t public_key[KEM_PUBLIC_SIZE];
	uint8_t fingerprint[FINGERPRINT_SIZE];
	char label[MEMBER_LABEL_MAX + 1];
	enum member_kind kind;
	uint64_t added_ms;
};

/* New random vault id, id key and epoch 1; no member yet. */
enum ouro_status keyring_new(struct fs *fs, struct keyring **out,
    struct ouro_error *err);

/* Opens a stored keyring with a member's private seed.
 *   OURO_DAMAGED    not a keyring, or its MAC does not fit
 *   OURO_WRONG_KEY  the seed belongs to no member (says whose would do) */
enum ouro_status keyring_open(struct bytes stored,
    const uint8_t seed[KEM_SEED_SIZE], struct keyring **out,
    struct ouro_error *err);

/* The stored form. Refuses (OURO_INVALID) a keyring without members. */
enum ouro_status keyring_encode(const struct keyring *keyring,
    struct buffer *out, struct ouro_error *err);
void keyring_free(struct keyring *keyring); /* wipes */

const uint8_t *keyring_vault_id(const struct keyring *keyring);
const uint8_t *keyring_id_key(const struct keyring *keyring);
uint32_t keyring_epoch(const struct keyring *keyring); /* the newest */
/* OURO_NOT_FOUND names the epoch. Borrowed. */
enum ouro_status keyring_epoch_key(const struct keyring *keyring,
    uint32_t epoch, const uint8_t **out, struct ouro_error *err);
uint64_t keyring_epoch_created_ms(const struct keyring *keyring,
    uint32_t epoch);

/* Wraps all keys for one more member. OURO_EXISTS, OURO_INVALID. */
enum ouro_status keyring_add(struct keyring *keyring,
    const uint8_t public_key[KEM_PUBLIC_SIZE], const char *label,
    enum member_kind kind, uint64_t now_ms, struct ouro_error *err);
/* OURO_NOT_FOUND; OURO_REFUSED for the last one. The one removed still
 * knows the old epochs: rotate afterwards. */
enum ouro_status keyring_remove(struct keyring *keyring,
    const uint8_t fingerprint[FINGERPRINT_SIZE], struct ouro_error *err);
/* A new random epoch, wrapped for the members there are. */
enum ouro_status keyring_rotate(struct keyring *keyring, struct fs *fs,
    struct ouro_error *err);

size_t keyring_member_count(const struct keyring *keyring);
const struct member *keyring_member(const struct keyring *keyring, size_t i);

/* First bytes of SHA-256 of the public key. */
enum ouro_status member_fingerprint(const uint8_t public_key[KEM_PUBLIC_SIZE],
    uint8_t out[FINGERPRINT_SIZE], struct ouro_error *err);

#endif
