/*
 * stripe_cipher - the encryption of a stripe, and what is bound to it.
 *
 * Private to stripe*.c. The additional data (little-endian):
 *
 *   offset  length      data
 *   0       1           version, 1
 *   1       32          chunk id
 *   33      4           k
 *   37      4           epoch
 *   41      16          salt
 *   57      4           sealed size
 */
#ifndef SEAL_STRIPE_CIPHER_H
#define SEAL_STRIPE_CIPHER_H

#include "seal/slice.h"

/* In front of the payload: codec u8, clear size u32. */
#define CLEAR_HEAD_SIZE 5

/* Encrypts sealed_size bytes in place and sets slice->tag. */
enum ouro_status stripe_encrypt(const uint8_t chunk_key[KEY_SIZE],
    struct slice *slice, uint8_t *data, struct ouro_error *err);

/* The reverse; OURO_WRONG_KEY when the tag does not fit (data is zeroed). */
enum ouro_status stripe_decrypt(const uint8_t chunk_key[KEY_SIZE],
    const struct slice *slice, uint8_t *data, struct ouro_error *err);

#endif
