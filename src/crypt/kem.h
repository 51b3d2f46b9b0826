/*
 * kem - a hybrid key encapsulation: ML-KEM-1024 (FIPS 203) and X25519
 * (RFC 7748). A pair is made from one 96-byte seed: 64 bytes d || z for
 * ML-KEM, 32 bytes for X25519; the seed is the private key.
 *
 * The shared key is HKDF-SHA-256(ML-KEM secret || X25519 secret, salt empty,
 * info = label || both ciphertexts || both public keys): it holds while
 * either of the two does, and is bound to the whole exchange.
 */
#ifndef CRYPT_KEM_H
#define CRYPT_KEM_H

#include "crypt/crypt.h"

#define KEM_SEED_SIZE	    96
#define KEM_MLKEM_SIZE	    1568 /* public key, and ciphertext */
#define KEM_X25519_SIZE	    32
#define KEM_PUBLIC_SIZE	    (KEM_MLKEM_SIZE + KEM_X25519_SIZE)
#define KEM_CIPHERTEXT_SIZE (KEM_MLKEM_SIZE + KEM_X25519_SIZE)

/* The public key that belongs to a private seed. */
enum ouro_status kem_public(const uint8_t seed[KEM_SEED_SIZE],
    uint8_t public_key[KEM_PUBLIC_SIZE], struct ouro_error *err);

/* OURO_INVALID for a public key that either scheme refuses. */
enum ouro_status kem_encapsulate(const uint8_t public_key[KEM_PUBLIC_SIZE],
    uint8_t ciphertext[KEM_CIPHERTEXT_SIZE], uint8_t shared[KEY_SIZE],
    struct ouro_error *err);

/* A ciphertext for another key gives another shared key, not an error. */
enum ouro_status kem_decapsulate(const uint8_t seed[KEM_SEED_SIZE],
    const uint8_t ciphertext[KEM_CIPHERTEXT_SIZE], uint8_t shared[KEY_SIZE],
    struct ouro_error *err);

#endif
