/*
 * crypt - sizes shared by the modules of this layer.
 *
 * This layer is the only user of the crypto library. Its functions take and
 * give plain bytes; failures of the library become OURO_CRYPTO, failed
 * authentication OURO_WRONG_KEY. Intermediate secrets are wiped.
 */
#ifndef CRYPT_CRYPT_H
#define CRYPT_CRYPT_H

#include "base/bytes.h"

#define KEY_SIZE  32 /* symmetric keys of every kind */
#define HASH_SIZE 32 /* SHA-256 and HMAC-SHA-256 */
#define TAG_SIZE  16 /* AES-GCM */

/* Constant time in the content; for secrets and tags. */
bool crypt_equal(const void *a, const void *b, size_t size);

#endif
