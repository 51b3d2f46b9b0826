/*
 * derive - every key that comes from another key, by HKDF-SHA-256.
 *
 * No key is used for two purposes and no secret is used raw: each purpose
 * has a label of its own, and what the key is for (a chunk id, ...) follows
 * the label in HKDF's info. The labels end in a number that would change
 * with the meaning. No label is a prefix of another.
 *
 *   purpose        secret        salt   info
 *   chunk          epoch key     -      "ouroboros chunk 1" id
 *   page           epoch key     -      "ouroboros page 1" id
 *   content        epoch key     -      "ouroboros content 1" id
 *   stripe         chunk key     salt   "ouroboros stripe 1"
 *   engine         id key        -      "ouroboros engine 1"
 *   chunker        id key        -      "ouroboros chunker 1"
 *   keyring mac    id key        -      "ouroboros keyring 1"
 *   store mac      id key        -      "ouroboros store file 1"
 *   recovery       recovery key  -      "ouroboros recovery key 1", 96 bytes
 *   archive        id key        -      "ouroboros archive 1"
 *   stream         see archive.h salt   "ouroboros stream 1" header hash
 *   grant mac      epoch key     -      "ouroboros grant mac 1" id
 */
#ifndef SEAL_DERIVE_H
#define SEAL_DERIVE_H

#include "crypt/crypt.h"

#define DERIVE_STRIPE_SALT_SIZE 16
#define DERIVE_RECOVERY_SIZE	96
#define DERIVE_STREAM_SALT_SIZE 32

enum derive_purpose {
	DERIVE_CHUNK,
	DERIVE_PAGE,
	DERIVE_CONTENT,
	DERIVE_STRIPE,
	DERIVE_ENGINE,
	DERIVE_CHUNKER,
	DERIVE_KEYRING_MAC,
	DERIVE_STORE_MAC,
	DERIVE_RECOVERY,
	DERIVE_ARCHIVE,
	DERIVE_STREAM,
	DERIVE_GRANT_MAC,
	DERIVE_PURPOSES
};

/* Static. */
const char *derive_label(enum derive_purpose purpose);

enum ouro_status derive_chunk_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t chunk_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err);
enum ouro_status derive_page_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t page_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err);
enum ouro_status derive_content_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t content_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err);
enum ouro_status derive_stripe_key(const uint8_t chunk_key[KEY_SIZE],
    const uint8_t salt[DERIVE_STRIPE_SALT_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err);

enum ouro_status derive_engine_key(const uint8_t id_key[KEY_SIZE],
    uint8_t out[KEY_SIZE], struct ouro_error *err);
enum ouro_status derive_chunker_secret(const uint8_t id_key[KEY_SIZE],
    uint8_t out[KEY_SIZE], struct ouro_error *err);
enum ouro_status derive_keyring_mac_key(const uint8_t id_key[KEY_SIZE],
    uint8_t out[KEY_SIZE], struct ouro_error *err);
enum ouro_status derive_store_mac_key(const uint8_t id_key[KEY_SIZE],
    uint8_t out[KEY_SIZE], struct ouro_error *err);

/* What the streams of a vault are sealed under. */
enum ouro_status derive_archive_key(const uint8_t id_key[KEY_SIZE],
    uint8_t out[KEY_SIZE], struct ouro_error *err);
/* One part of one stream (archive.h). */
enum ouro_status derive_stream_key(const uint8_t secret[KEY_SIZE],
    const uint8_t salt[DERIVE_STREAM_SALT_SIZE],
    const uint8_t header_hash[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err);
/* Under which grants of a content are authenticated. */
enum ouro_status derive_grant_mac_key(const uint8_t epoch_key[KEY_SIZE],
    const uint8_t content_id[HASH_SIZE], uint8_t out[KEY_SIZE],
    struct ouro_error *err);

/* The member seed of a recovery key. */
enum ouro_status derive_recovery_seed(const uint8_t recovery_key[KEY_SIZE],
    uint8_t out[DERIVE_RECOVERY_SIZE], struct ouro_error *err);

#endif
