/*
 * sign - Ed25519 (RFC 8032) from a 32-byte seed.
 */
#ifndef CRYPT_SIGN_H
#define CRYPT_SIGN_H

#include "crypt/crypt.h"

#define SIGN_SEED_SIZE	 32
#define SIGN_PUBLIC_SIZE 32
#define SIGNATURE_SIZE	 64

enum ouro_status sign_public(const uint8_t seed[SIGN_SEED_SIZE],
    uint8_t public_key[SIGN_PUBLIC_SIZE], struct ouro_error *err);
enum ouro_status sign_message(const uint8_t seed[SIGN_SEED_SIZE],
    struct bytes message, uint8_t signature[SIGNATURE_SIZE],
    struct ouro_error *err);
/* OURO_WRONG_KEY when the signature does not fit. */
enum ouro_status sign_verify(const uint8_t public_key[SIGN_PUBLIC_SIZE],
    struct bytes message, const uint8_t signature[SIGNATURE_SIZE],
    struct ouro_error *err);

#endif
