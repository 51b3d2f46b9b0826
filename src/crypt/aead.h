/*
 * aead - AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and 128-bit tag.
 *
 * The caller never uses a (key, nonce) pair for two different messages.
 */
#ifndef CRYPT_AEAD_H
#define CRYPT_AEAD_H

#include "crypt/crypt.h"

#define NONCE_SIZE 12

/* out has clear.size bytes and may be clear.data itself. */
enum ouro_status aead_seal(const uint8_t key[KEY_SIZE],
    const uint8_t nonce[NONCE_SIZE], struct bytes additional,
    struct bytes clear, uint8_t *out, uint8_t tag[TAG_SIZE],
    struct ouro_error *err);

/* OURO_WRONG_KEY when the tag does not fit; out is then zeroed. out has
 * sealed.size bytes and may be sealed.data itself. */
enum ouro_status aead_open(const uint8_t key[KEY_SIZE],
    const uint8_t nonce[NONCE_SIZE], struct bytes additional,
    struct bytes sealed, const uint8_t tag[TAG_SIZE], uint8_t *out,
    struct ouro_error *err);

#endif
