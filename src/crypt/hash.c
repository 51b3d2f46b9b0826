#include "crypt/hash.h"

#include "crypt/library.h"

enum ouro_status
hash_sha256(struct bytes data, uint8_t out[HASH_SIZE], struct ouro_error *err)
{
	return hash_sha256_parts(&data, 1, out, err);
}

enum ouro_status
hash_sha256_parts(const struct bytes *parts, size_t count,
    uint8_t out[HASH_SIZE], struct ouro_error *err)
{
	const struct library *library;
	struct library_thread *thread;
	enum ouro_status status = library_get(&library, err);

	if (status == OURO_OK)
		status = library_thread(&thread, err);
	if (status != OURO_OK)
		return status;
	if (!EVP_DigestInit_ex2(thread->digest, library->sha256, NULL))
		return library_failed(err, "SHA-256");
	for (size_t i = 0; i < count; i++) {
		if (!EVP_DigestUpdate(thread->digest, parts[i].data,
			parts[i].size))
			return library_failed(err, "SHA-256");
	}
	if (!EVP_DigestFinal_ex(thread->digest, out, NULL))
		return library_failed(err, "SHA-256");
	return OURO_OK;
}
