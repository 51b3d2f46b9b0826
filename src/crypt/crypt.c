#include "crypt/crypt.h"

#include <openssl/crypto.h>

bool
crypt_equal(const void *a, const void *b, size_t size)
{
	return size == 0 || CRYPTO_memcmp(a, b, size) == 0;
}
