/*
 * mac - HMAC-SHA-256 (RFC 2104) and SipHash-2-4 under a prepared key.
 *
 * A prepared key is immutable and may be used from several threads.
 */
#ifndef CRYPT_MAC_H
#define CRYPT_MAC_H

#include "crypt/crypt.h"

struct mac_key;

enum ouro_status mac_key_new(struct bytes key, struct mac_key **out,
    struct ouro_error *err);
void mac_key_free(struct mac_key *key);

/* HMAC-SHA-256 over the concatenation of parts. */
enum ouro_status mac_compute(const struct mac_key *key,
    const struct bytes *parts, size_t count, uint8_t out[HASH_SIZE],
    struct ouro_error *err);

/* SipHash-2-4 with a 64-bit result, little-endian bytes read as u64. Not
 * thread-safe: one object per user, because it is called often. */
struct siphash;
#define SIPHASH_KEY_SIZE 16

enum ouro_status siphash_new(const uint8_t key[SIPHASH_KEY_SIZE],
    struct siphash **out, struct ouro_error *err);
void siphash_free(struct siphash *siphash);
enum ouro_status siphash_compute(struct siphash *siphash, struct bytes data,
    uint64_t *out, struct ouro_error *err);

#endif
