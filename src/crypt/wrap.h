/*
 * wrap - a 32-byte key for one member: hybrid KEM, then AES key wrap
 * (RFC 3394, AES-256).
 *
 *   offset  length  data
 *   0       1568    ML-KEM-1024 ciphertext
 *   1568    32      X25519 ephemeral public key
 *   1600    40      wrapped key
 *
 * A key may be wrapped for a purpose, so that it opens for no other: the key
 * wrap's key is then HKDF(shared key, salt empty, info = context).
 */
#ifndef CRYPT_WRAP_H
#define CRYPT_WRAP_H

#include "crypt/kem.h"

#define WRAP_SIZE (KEM_CIPHERTEXT_SIZE + KEY_SIZE + 8)

enum ouro_status wrap_key(const uint8_t public_key[KEM_PUBLIC_SIZE],
    const uint8_t key[KEY_SIZE], uint8_t out[WRAP_SIZE],
    struct ouro_error *err);

/* OURO_WRONG_KEY when it was wrapped for somebody else, or damaged. */
enum ouro_status wrap_open(const uint8_t seed[KEM_SEED_SIZE],
    const uint8_t wrapped[WRAP_SIZE], uint8_t key[KEY_SIZE],
    struct ouro_error *err);

/* The same for a purpose; context is at least one byte. */
enum ouro_status wrap_key_for(const uint8_t public_key[KEM_PUBLIC_SIZE],
    struct bytes context, const uint8_t key[KEY_SIZE], uint8_t out[WRAP_SIZE],
    struct ouro_error *err);
enum ouro_status wrap_open_for(const uint8_t seed[KEM_SEED_SIZE],
    struct bytes context, const uint8_t wrapped[WRAP_SIZE],
    uint8_t key[KEY_SIZE], struct ouro_error *err);

#endif
