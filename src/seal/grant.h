/*
 * grant - the key of one content, wrapped for somebody who is no member.
 *
 * The content key of an epoch opens the content's body, and that the keys of
 * all that is below: one wrap shares a content of any size, and nothing else.
 *
 *   wrapped = wrap_key_for(public key, context, content key), where
 *   context = "ouroboros grant 1" || content id || epoch, u32 little-endian
 *   mac     = HMAC-SHA-256(HKDF(epoch key, info = "ouroboros grant mac 1" ||
 *             content id), "ouroboros grant 1" || Grant without its mac)
 *
 * The context lets a wrap open as the key of no other content or epoch. The
 * mac says that somebody with the vault's keys wished this key to have this
 * content: whoever can merely write names cannot make a grant, and nobody
 * makes one out of another.
 */
#ifndef SEAL_GRANT_H
#define SEAL_GRANT_H

#include "crypt/wrap.h"

#define GRANT_SIZE_MAX 4096 /* encoded: it lies in its content's record */

struct grant {
	uint8_t content[HASH_SIZE];
	uint32_t epoch;
	uint8_t public_key[KEM_PUBLIC_SIZE];
	uint8_t wrapped[WRAP_SIZE];
	uint8_t mac[HASH_SIZE];
};

/* content, epoch and public_key are set: wraps the content key, authenticates.
 * epoch_key is that epoch's. OURO_INVALID: no public key to wrap for. */
enum ouro_status grant_seal(const uint8_t epoch_key[KEY_SIZE],
    struct grant *grant, struct ouro_error *err);
/* OURO_DAMAGED unless it was made with this epoch key. */
enum ouro_status grant_check(const uint8_t epoch_key[KEY_SIZE],
    const struct grant *grant, struct ouro_error *err);

/* For the recipient: public_key and mac are not looked at. OURO_WRONG_KEY. */
enum ouro_status grant_open(const struct grant *grant,
    const uint8_t seed[KEM_SEED_SIZE], uint8_t content_key[KEY_SIZE],
    struct ouro_error *err);

/* Appends. */
enum ouro_status grant_encode(const struct grant *grant, struct buffer *out,
    struct ouro_error *err);
/* OURO_DAMAGED, OURO_UNSUPPORTED; does not check the mac. */
enum ouro_status grant_decode(struct bytes encoded, struct grant *out,
    struct ouro_error *err);

#endif
