/*
 * keywrap - AES-256 key wrap (RFC 3394) of one 32-byte key. Private to this
 * layer: members' keys are wrapped with wrap.h.
 */
#ifndef CRYPT_KEYWRAP_H
#define CRYPT_KEYWRAP_H

#include "crypt/crypt.h"

#define KEYWRAP_SIZE (KEY_SIZE + 8)

enum ouro_status keywrap_seal(const uint8_t wrapping[KEY_SIZE],
    const uint8_t key[KEY_SIZE], uint8_t out[KEYWRAP_SIZE],
    struct ouro_error *err);

/* OURO_WRONG_KEY when the integrity check does not fit; key is then zeroed. */
enum ouro_status keywrap_open(const uint8_t wrapping[KEY_SIZE],
    const uint8_t wrapped[KEYWRAP_SIZE], uint8_t key[KEY_SIZE],
    struct ouro_error *err);

#endif
