/*
 * recovery - the printable recovery key, itself a member of the vault.
 *
 * A recovery key is 32 random bytes; its member seed is HKDF of them with
 * info "ouroboros recovery key 1". Printed as "OURO1-" and 11 groups of five
 * characters of Crockford's base 32: the 32 bytes and the first 2 of their
 * SHA-256 as a check, 272 bits in 55 characters, high bit first, the last 3
 * bits zero. Read without regard to case, hyphens and white space; O is read
 * as 0, I and L as 1.
 */
#ifndef SEAL_RECOVERY_H
#define SEAL_RECOVERY_H

#include "seal/member.h"

#define RECOVERY_SIZE	   32
#define RECOVERY_TEXT_SIZE (6 + 55 + 10 + 1) /* with the terminator */

enum ouro_status recovery_new(struct fs *fs, uint8_t out[RECOVERY_SIZE],
    struct ouro_error *err);
enum ouro_status recovery_encode(const uint8_t key[RECOVERY_SIZE],
    char out[RECOVERY_TEXT_SIZE], struct ouro_error *err);
/* OURO_INVALID: says which group holds a character that cannot be, or that
 * the check does not fit (a typing error). */
enum ouro_status recovery_decode(const char *text, uint8_t out[RECOVERY_SIZE],
    struct ouro_error *err);
enum ouro_status recovery_member(const uint8_t key[RECOVERY_SIZE],
    struct member_key *out, struct ouro_error *err);

#endif
