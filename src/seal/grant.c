#include "seal/grant.h"

#include "base/error.h"
#include "crypt/mac.h"
#include "proto/vault.pb-c.h"
#include "seal/canonical.h"
#include "seal/derive.h"

#define VERSION	     1
#define LABEL	     "ouroboros grant 1"
#define LABEL_SIZE   (sizeof(LABEL) - 1)
#define CONTEXT_SIZE (LABEL_SIZE + HASH_SIZE + 4)

static void
context_write(const struct grant *grant, uint8_t out[CONTEXT_SIZE])
{
	memcpy(out, LABEL, LABEL_SIZE);
	memcpy(out + LABEL_SIZE, grant->content, HASH_SIZE);
	put_u32le(out + LABEL_SIZE + HASH_SIZE, grant->epoch);
}

static ProtobufCBinaryData
binary(const void *data, size_t size)
{
	return (ProtobufCBinaryData){ size, (uint8_t *)(uintptr_t)data };
}

/* mac NULL = without. */
static enum ouro_status
grant_pack(const struct grant *grant, const uint8_t *mac, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__Grant message = OURO__GRANT__INIT;

	message.version = VERSION;
	message.content = binary(grant->content, HASH_SIZE);
	message.epoch = grant->epoch;
	message.public_key = binary(grant->public_key, KEM_PUBLIC_SIZE);
	message.wrapped = binary(grant->wrapped, WRAP_SIZE);
	message.mac = binary(mac, mac != NULL ? HASH_SIZE : 0);
	return canonical_pack(&message.base, out, err);
}

/* ---- authentication ------------------------------------------------------ */

static enum ouro_status
mac_with(const struct mac_key *key, const struct grant *grant,
    uint8_t mac[HASH_SIZE], struct ouro_error *err)
{
	struct buffer packed = { 0 };
	enum ouro_status status = grant_pack(grant, NULL, &packed, err);

	if (status == OURO_OK) {
		struct bytes parts[] = { bytes_text(LABEL),
			buffer_bytes(&packed) };

		status = mac_compute(key, parts, 2, mac, err);
	}
	buffer_release(&packed);
	return status;
}

static enum ouro_status
grant_mac(const uint8_t epoch_key[KEY_SIZE], const struct grant *grant,
    uint8_t mac[HASH_SIZE], struct ouro_error *err)
{
	uint8_t key[KEY_SIZE];
	struct mac_key *prepared = NULL;
	enum ouro_status status = derive_grant_mac_key(epoch_key,
	    grant->content, key, err);

	if (status == OURO_OK)
		status = mac_key_new(bytes_of(key, KEY_SIZE), &prepared, err);
	if (status == OURO_OK)
		status = mac_with(prepared, grant, mac, err);
	mac_key_free(prepared);
	bytes_wipe(key, sizeof(key));
	return status;
}

enum ouro_status
grant_check(const uint8_t epoch_key[KEY_SIZE], const struct grant *grant,
    struct ouro_error *err)
{
	uint8_t mac[HASH_SIZE];
	enum ouro_status status = grant_mac(epoch_key, grant, mac, err);

	if (status == OURO_OK && !crypt_equal(mac, grant->mac, HASH_SIZE))
		status = error_set(err, OURO_DAMAGED,
		    "a grant was not made with the vault's keys");
	return status;
}

/* ---- wrapping -------------------------------------------------------------- */

enum ouro_status
grant_seal(const uint8_t epoch_key[KEY_SIZE], struct grant *grant,
    struct ouro_error *err)
{
	uint8_t key[KEY_SIZE], context[CONTEXT_SIZE];
	enum ouro_status status = derive_content_key(epoch_key, grant->content,
	    key, err);

	context_write(grant, context);
	if (status == OURO_OK)
		status = wrap_key_for(grant->public_key,
		    bytes_of(context, sizeof(context)), key, grant->wrapped,
		    err);
	if (status == OURO_OK)
		status = grant_mac(epoch_key, grant, grant->mac, err);
	bytes_wipe(key, sizeof(key));
	return status;
}

enum ouro_status
grant_open(const struct grant *grant, const uint8_t seed[KEM_SEED_SIZE],
    uint8_t content_key[KEY_SIZE], struct ouro_error *err)
{
	uint8_t context[CONTEXT_SIZE];

	context_write(grant, context);
	return wrap_open_for(seed, bytes_of(context, sizeof(context)),
	    grant->wrapped, content_key, err);
}

/* ---- encoding ---------------------------------------------------------------- */

enum ouro_status
grant_encode(const struct grant *grant, struct buffer *out,
    struct ouro_error *err)
{
	return grant_pack(grant, grant->mac, out, err);
}

static enum ouro_status
grant_fill(const Ouro__Grant *message, struct grant *out,
    struct ouro_error *err)
{
	if (message->version != VERSION)
		return error_set(err, OURO_UNSUPPORTED,
		    "a grant has version %u; this build knows %d",
		    message->version, VERSION);
	if (message->content.len != HASH_SIZE || message->epoch < 1 ||
	    message->public_key.len != KEM_PUBLIC_SIZE ||
	    message->wrapped.len != WRAP_SIZE || message->mac.len != HASH_SIZE)
		return error_set(err, OURO_DAMAGED,
		    "a field of a grant is out of range");
	memcpy(out->content, message->content.data, HASH_SIZE);
	out->epoch = message->epoch;
	memcpy(out->public_key, message->public_key.data, KEM_PUBLIC_SIZE);
	memcpy(out->wrapped, message->wrapped.data, WRAP_SIZE);
	memcpy(out->mac, message->mac.data, HASH_SIZE);
	return OURO_OK;
}

enum ouro_status
grant_decode(struct bytes encoded, struct grant *out, struct ouro_error *err)
{
	ProtobufCMessage *message;
	enum ouro_status status;

	if (encoded.size > GRANT_SIZE_MAX)
		return error_set(err, OURO_DAMAGED,
		    "a grant has at most %d bytes, not %zu", GRANT_SIZE_MAX,
		    encoded.size);
	status = canonical_unpack(&ouro__grant__descriptor, encoded, &message,
	    "grant", err);
	if (status != OURO_OK)
		return status;
	status = grant_fill((Ouro__Grant *)message, out, err);
	canonical_free(message);
	return status;
}
