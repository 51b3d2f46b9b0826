/*
 * library - the crypto library's objects, fetched once, and its failures.
 *
 * Private to this layer. Fetching an algorithm by name is slow and takes
 * locks, so it is done once per process; the objects are immutable, shared by
 * all threads and live as long as the process. A thread that hashes or
 * encrypts keeps one context of each kind until it ends.
 */
#ifndef CRYPT_LIBRARY_H
#define CRYPT_LIBRARY_H

#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "crypt/crypt.h"

struct library {
	EVP_MD *sha256;
	EVP_CIPHER *aes256_gcm;
	EVP_CIPHER *aes256_wrap;
	EVP_MAC *hmac;
	EVP_MAC *siphash;
	EVP_KDF *argon2id;
};

/* What one thread works with. A caller leaves no secret in the contexts. */
struct library_thread {
	EVP_MD_CTX *digest;
	EVP_CIPHER_CTX *cipher;
};

/* Static. OURO_CRYPTO when an algorithm is missing. */
enum ouro_status library_get(const struct library **out,
    struct ouro_error *err);

/* This thread's own, freed when it ends; library_get has succeeded. */
enum ouro_status library_thread(struct library_thread **out,
    struct ouro_error *err);

/* Empties the library's error queue of this thread; answers OURO_CRYPTO with
 * the newest reason in it. what is the failed operation, for the text. */
enum ouro_status library_failed(struct ouro_error *err, const char *what);

/* The same queue emptied, for an outcome that is not the library's fault. */
enum ouro_status library_refused(struct ouro_error *err,
    enum ouro_status status, const char *text);

#endif
