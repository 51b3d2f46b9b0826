#include "crypt/kem.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/error.h"
#include "crypt/kdf.h"
#include "crypt/library.h"

#define MLKEM_SEED_SIZE	  64
#define MLKEM_SECRET_SIZE 32
#define SECRET_SIZE	  (MLKEM_SECRET_SIZE + KEM_X25519_SIZE)
#define LABEL		  "ouroboros hybrid kem 1"
#define LABEL_SIZE	  (sizeof(LABEL) - 1)
#define INFO_SIZE	  (LABEL_SIZE + KEM_CIPHERTEXT_SIZE + KEM_PUBLIC_SIZE)

_Static_assert(MLKEM_SEED_SIZE + KEM_X25519_SIZE == KEM_SEED_SIZE,
    "a seed is the two private keys");

/* Either both keys or none. */
struct pair {
	EVP_PKEY *mlkem;
	EVP_PKEY *x25519;
};

static void
pair_release(struct pair *pair)
{
	EVP_PKEY_free(pair->mlkem);
	EVP_PKEY_free(pair->x25519);
	*pair = (struct pair){ 0 };
}

static EVP_PKEY *
mlkem_from_seed(const uint8_t *seed)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "ML-KEM-1024",
	    NULL);
	uint8_t copy[MLKEM_SEED_SIZE];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_KEM_SEED,
		    copy, sizeof(copy)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	memcpy(copy, seed, sizeof(copy));
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	bytes_wipe(copy, sizeof(copy));
	EVP_PKEY_CTX_free(context);
	return key;
}

static enum ouro_status
pair_from_seed(const uint8_t seed[KEM_SEED_SIZE], struct pair *out,
    struct ouro_error *err)
{
	out->mlkem = mlkem_from_seed(seed);
	out->x25519 = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL,
	    seed + MLKEM_SEED_SIZE, KEM_X25519_SIZE);
	if (out->mlkem != NULL && out->x25519 != NULL)
		return OURO_OK;
	pair_release(out);
	return library_failed(err, "private key from its seed");
}

static enum ouro_status
pair_from_public(const uint8_t public_key[KEM_PUBLIC_SIZE], struct pair *out,
    struct ouro_error *err)
{
	out->mlkem = EVP_PKEY_new_raw_public_key_ex(NULL, "ML-KEM-1024", NULL,
	    public_key, KEM_MLKEM_SIZE);
	out->x25519 = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL,
	    public_key + KEM_MLKEM_SIZE, KEM_X25519_SIZE);
	if (out->mlkem != NULL && out->x25519 != NULL)
		return OURO_OK;
	pair_release(out);
	return library_refused(err, OURO_INVALID, "malformed public key");
}

static enum ouro_status
pair_public(const struct pair *pair, uint8_t public_key[KEM_PUBLIC_SIZE],
    struct ouro_error *err)
{
	size_t mlkem_size = KEM_MLKEM_SIZE, x25519_size = KEM_X25519_SIZE;

	if (!EVP_PKEY_get_raw_public_key(pair->mlkem, public_key,
		&mlkem_size) ||
	    mlkem_size != KEM_MLKEM_SIZE ||
	    !EVP_PKEY_get_raw_public_key(pair->x25519,
		public_key + KEM_MLKEM_SIZE, &x25519_size) ||
	    x25519_size != KEM_X25519_SIZE)
		return library_failed(err, "public key");
	return OURO_OK;
}

/* The u-coordinates, below 2^255, whose multiples are all zero in X25519. */
static const uint8_t small_order[][KEM_X25519_SIZE] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	    0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	    0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	    0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	    0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
};

/* 0, 1, both points of order 8, and p - 1, p, p + 1. The top bit counts for
 * nothing. */
static bool
is_small_order(EVP_PKEY *peer)
{
	uint8_t point[KEM_X25519_SIZE], middle = 0xff;
	size_t size = sizeof(point);

	if (!EVP_PKEY_get_raw_public_key(peer, point, &size) ||
	    size != sizeof(point))
		return false;
	point[KEM_X25519_SIZE - 1] &= 0x7f;
	for (size_t i = 0; i < sizeof(small_order) / sizeof(*small_order); i++)
		if (memcmp(point, small_order[i], sizeof(point)) == 0)
			return true;
	for (size_t i = 1; i < KEM_X25519_SIZE - 1; i++)
		middle &= point[i];
	return point[0] >= 0xec && point[0] <= 0xee && middle == 0xff &&
	    point[KEM_X25519_SIZE - 1] == 0x7f;
}

/* OURO_INVALID when the result is all zeros, which peer alone decides: the
 * library refuses that by itself, but does not say so apart. */
static enum ouro_status
x25519_agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t secret[KEM_X25519_SIZE],
    struct ouro_error *err)
{
	static const uint8_t zeros[KEM_X25519_SIZE];
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t size = KEM_X25519_SIZE;
	enum ouro_status status = OURO_OK;

	if (context == NULL || EVP_PKEY_derive_init(context) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(context, peer, 0) != 1)
		status = library_failed(err, "X25519");
	else if (is_small_order(peer))
		status = library_refused(err, OURO_INVALID,
		    "X25519 public key of small order");
	else if (EVP_PKEY_derive(context, secret, &size) != 1 ||
	    size != KEM_X25519_SIZE ||
	    crypt_equal(secret, zeros, sizeof(zeros)))
		status = library_failed(err, "X25519");
	EVP_PKEY_CTX_free(context);
	return status;
}

static enum ouro_status
combine(const uint8_t secret[SECRET_SIZE],
    const uint8_t ciphertext[KEM_CIPHERTEXT_SIZE],
    const uint8_t public_key[KEM_PUBLIC_SIZE], uint8_t shared[KEY_SIZE],
    struct ouro_error *err)
{
	uint8_t info[INFO_SIZE];

	memcpy(info, LABEL, LABEL_SIZE);
	memcpy(info + LABEL_SIZE, ciphertext, KEM_CIPHERTEXT_SIZE);
	memcpy(info + LABEL_SIZE + KEM_CIPHERTEXT_SIZE, public_key,
	    KEM_PUBLIC_SIZE);
	return kdf_hkdf(bytes_of(secret, SECRET_SIZE), bytes_of(NULL, 0),
	    bytes_of(info, sizeof(info)), shared, KEY_SIZE, err);
}

enum ouro_status
kem_public(const uint8_t seed[KEM_SEED_SIZE],
    uint8_t public_key[KEM_PUBLIC_SIZE], struct ouro_error *err)
{
	struct pair pair;
	enum ouro_status status = pair_from_seed(seed, &pair, err);

	if (status != OURO_OK)
		return status;
	status = pair_public(&pair, public_key, err);
	pair_release(&pair);
	return status;
}

static enum ouro_status
mlkem_encapsulate(EVP_PKEY *peer, uint8_t ciphertext[KEM_MLKEM_SIZE],
    uint8_t secret[MLKEM_SECRET_SIZE], struct ouro_error *err)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL);
	size_t ciphertext_size = KEM_MLKEM_SIZE;
	size_t secret_size = MLKEM_SECRET_SIZE;
	enum ouro_status status = OURO_OK;

	if (context == NULL || EVP_PKEY_encapsulate_init(context, NULL) != 1 ||
	    EVP_PKEY_encapsulate(context, ciphertext, &ciphertext_size, secret,
		&secret_size) != 1 ||
	    ciphertext_size != KEM_MLKEM_SIZE ||
	    secret_size != MLKEM_SECRET_SIZE)
		status = library_failed(err, "ML-KEM-1024 encapsulation");
	EVP_PKEY_CTX_free(context);
	return status;
}

static enum ouro_status
x25519_encapsulate(EVP_PKEY *peer, uint8_t ciphertext[KEM_X25519_SIZE],
    uint8_t secret[KEM_X25519_SIZE], struct ouro_error *err)
{
	EVP_PKEY *ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	size_t size = KEM_X25519_SIZE;
	enum ouro_status status;

	if (ephemeral == NULL ||
	    !EVP_PKEY_get_raw_public_key(ephemeral, ciphertext, &size) ||
	    size != KEM_X25519_SIZE)
		status = library_failed(err, "X25519 key generation");
	else
		status = x25519_agree(ephemeral, peer, secret, err);
	EVP_PKEY_free(ephemeral);
	return status;
}

enum ouro_status
kem_encapsulate(const uint8_t public_key[KEM_PUBLIC_SIZE],
    uint8_t ciphertext[KEM_CIPHERTEXT_SIZE], uint8_t shared[KEY_SIZE],
    struct ouro_error *err)
{
	struct pair peer;
	uint8_t secret[SECRET_SIZE];
	enum ouro_status status = pair_from_public(public_key, &peer, err);

	if (status != OURO_OK)
		return status;
	status = mlkem_encapsulate(peer.mlkem, ciphertext, secret, err);
	if (status == OURO_OK)
		status = x25519_encapsulate(peer.x25519,
		    ciphertext + KEM_MLKEM_SIZE, secret + MLKEM_SECRET_SIZE,
		    err);
	if (status == OURO_OK)
		status = combine(secret, ciphertext, public_key, shared, err);
	bytes_wipe(secret, sizeof(secret));
	pair_release(&peer);
	return status;
}

static enum ouro_status
mlkem_decapsulate(EVP_PKEY *own, const uint8_t ciphertext[KEM_MLKEM_SIZE],
    uint8_t secret[MLKEM_SECRET_SIZE], struct ouro_error *err)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t size = MLKEM_SECRET_SIZE;
	enum ouro_status status = OURO_OK;

	if (context == NULL || EVP_PKEY_decapsulate_init(context, NULL) != 1 ||
	    EVP_PKEY_decapsulate(context, secret, &size, ciphertext,
		KEM_MLKEM_SIZE) != 1 ||
	    size != MLKEM_SECRET_SIZE)
		status = library_failed(err, "ML-KEM-1024 decapsulation");
	EVP_PKEY_CTX_free(context);
	return status;
}

static enum ouro_status
x25519_decapsulate(EVP_PKEY *own, const uint8_t ciphertext[KEM_X25519_SIZE],
    uint8_t secret[KEM_X25519_SIZE], struct ouro_error *err)
{
	EVP_PKEY *ephemeral = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519",
	    NULL, ciphertext, KEM_X25519_SIZE);
	enum ouro_status status;

	if (ephemeral == NULL)
		return library_failed(err, "X25519 public key");
	status = x25519_agree(own, ephemeral, secret, err);
	EVP_PKEY_free(ephemeral);
	return status;
}

enum ouro_status
kem_decapsulate(const uint8_t seed[KEM_SEED_SIZE],
    const uint8_t ciphertext[KEM_CIPHERTEXT_SIZE], uint8_t shared[KEY_SIZE],
    struct ouro_error *err)
{
	struct pair own;
	uint8_t secret[SECRET_SIZE], public_key[KEM_PUBLIC_SIZE];
	enum ouro_status status = pair_from_seed(seed, &own, err);

	if (status != OURO_OK)
		return status;
	status = pair_public(&own, public_key, err);
	if (status == OURO_OK)
		status = mlkem_decapsulate(own.mlkem, ciphertext, secret, err);
	if (status == OURO_OK)
		status = x25519_decapsulate(own.x25519,
		    ciphertext + KEM_MLKEM_SIZE, secret + MLKEM_SECRET_SIZE,
		    err);
	if (status == OURO_OK)
		status = combine(secret, ciphertext, public_key, shared, err);
	bytes_wipe(secret, sizeof(secret));
	pair_release(&own);
	return status;
}
