/*
 * public_key - a member's public key as text that may be handed out.
 *
 *   "ouroboros-key-1:" and base64url, without padding, of
 *
 *   offset  length      data
 *   0       1600        public key, see crypt/kem.h
 *   1600    8           first bytes of SHA-256("ouroboros public key 1" ||
 *                       public key)
 *
 * The check notices a copy that was cut or mistyped. It is no signature: who
 * hands the text on can replace it, so that people compare fingerprints.
 */
#ifndef SEAL_PUBLIC_KEY_H
#define SEAL_PUBLIC_KEY_H

#include "base/encoding.h"
#include "crypt/kem.h"

#define PUBLIC_KEY_PREFIX     "ouroboros-key-1:"
#define PUBLIC_KEY_CHECK_SIZE 8
#define PUBLIC_KEY_SIZE	      (KEM_PUBLIC_SIZE + PUBLIC_KEY_CHECK_SIZE)
/* With the terminator; the size is a multiple of 3. */
#define PUBLIC_KEY_TEXT_SIZE \
	(sizeof(PUBLIC_KEY_PREFIX) + BASE64_LENGTH(PUBLIC_KEY_SIZE))

enum ouro_status public_key_encode(const uint8_t public_key[KEM_PUBLIC_SIZE],
    char out[PUBLIC_KEY_TEXT_SIZE], struct ouro_error *err);

/* White space around the text is passed over. OURO_INVALID says what is wrong
 * with it; whether the key is one to wrap for, only wrapping tells. */
enum ouro_status public_key_decode(const char *text,
    uint8_t public_key[KEM_PUBLIC_SIZE], struct ouro_error *err);

#endif
