#include "crypt/library.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/error.h"

static struct library library;
static bool library_complete;
static pthread_key_t thread_key;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
thread_free(void *data)
{
	struct library_thread *thread = data;

	EVP_MD_CTX_free(thread->digest);
	EVP_CIPHER_CTX_free(thread->cipher);
	free(thread);
}

/*
 * Without the library's exit handler a thread that still works, or ends,
 * while the process exits never meets objects that are already gone.
 */
static void
library_fetch(void)
{
	bool has_key = pthread_key_create(&thread_key, thread_free) == 0;

	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	library = (struct library){
		.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
		.aes256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL),
		.aes256_wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL),
		.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL),
		.siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL),
		.argon2id = EVP_KDF_fetch(NULL, "ARGON2ID", NULL),
	};
	library_complete = has_key && library.sha256 != NULL &&
	    library.aes256_gcm != NULL && library.aes256_wrap != NULL &&
	    library.hmac != NULL && library.siphash != NULL &&
	    library.argon2id != NULL;
}

enum ouro_status
library_get(const struct library **out, struct ouro_error *err)
{
	pthread_once(&library_once, library_fetch);
	if (!library_complete)
		return library_failed(err, "loading the algorithms");
	*out = &library;
	return OURO_OK;
}

enum ouro_status
library_thread(struct library_thread **out, struct ouro_error *err)
{
	struct library_thread *thread = pthread_getspecific(thread_key);

	if (thread == NULL) {
		thread = calloc(1, sizeof(*thread));
		if (thread == NULL)
			return error_memory(err);
		thread->digest = EVP_MD_CTX_new();
		thread->cipher = EVP_CIPHER_CTX_new();
		if (thread->digest == NULL || thread->cipher == NULL ||
		    pthread_setspecific(thread_key, thread) != 0) {
			thread_free(thread);
			ERR_clear_error();
			return error_memory(err);
		}
	}
	*out = thread;
	return OURO_OK;
}

enum ouro_status
library_failed(struct ouro_error *err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return error_set(err, OURO_CRYPTO, "crypto library: %s failed: %s",
	    what, reason == NULL ? "no reason given" : reason);
}

enum ouro_status
library_refused(struct ouro_error *err, enum ouro_status status,
    const char *text)
{
	ERR_clear_error();
	return error_set(err, status, "%s", text);
}
