#include "vault/record.h"

#include "base/error.h"
#include "base/utf8.h"
#include "seal/canonical.h"
#include "vault/vault.h"

#define REF_VERSION   1
#define REF_TEXT_MAX  128 /* writer, owner, group */
#define REF_UUID_SIZE 16

static enum ouro_status
ref_id(struct ouro_vault *vault, struct bytes record, uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct bytes parts[] = { bytes_text("ouroboros ref 1"), record };

	return mac_compute(vault->mac, parts, 2, id, err);
}

enum ouro_status
ref_encode(struct ouro_vault *vault, const Ouro__RefRecord *ref,
    struct buffer *record, uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	enum ouro_status status = canonical_pack(&ref->base, record, err);

	if (status == OURO_OK)
		status = ref_id(vault, buffer_bytes(record), id, err);
	return status;
}

enum ouro_status
ref_name_check(const char *namespace_, const char *path, struct ouro_error *err)
{
	static const char *const namespaces[] = { "kv", "blobs", "objects",
		"auth", "sys" };
	const uint8_t *at = (const uint8_t *)path;
	size_t size = strlen(path), known = 0, length;

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++)
		known += strcmp(namespace_, namespaces[i]) == 0;
	if (known == 0)
		return error_set(err, OURO_INVALID, "no namespace \"%.32s\"",
		    namespace_);
	if (size == 0 || size > OURO_NAME_MAX)
		return error_set(err, OURO_INVALID,
		    "a name has 1 to %d bytes, not %zu", OURO_NAME_MAX, size);
	for (size_t i = 0; i < size; i += length) {
		length = utf8_sequence(bytes_of(at + i, size - i));
		if (length == 0)
			return error_set(err, OURO_INVALID,
			    "a name is UTF-8; byte %zu is not", i);
		if (utf8_control(bytes_of(at + i, size - i)))
			return error_set(err, OURO_INVALID,
			    "byte %zu of the name is a control character", i);
	}
	return OURO_OK;
}

static bool
dot_fits(const Ouro__Dot *dot)
{
	return dot != NULL && dot->incarnation.len == INCARNATION_SIZE &&
	    dot->number >= 1;
}

/* Fixed sizes, limits, and both lists strictly ascending. */
static const char *
ref_fault(const Ouro__RefRecord *ref)
{
	if (!dot_fits(ref->dot) || ref->uuid.len != REF_UUID_SIZE ||
	    (ref->target.len != 0 && ref->target.len != HASH_SIZE))
		return "a field has a wrong size";
	if (strlen(ref->writer) > REF_TEXT_MAX ||
	    strlen(ref->owner) > REF_TEXT_MAX ||
	    strlen(ref->group) > REF_TEXT_MAX || ref->mode > 0xfff ||
	    ref->n_previous > REF_PREVIOUS_MAX || ref->n_seen > REF_SEEN_MAX)
		return "a field is over its limit";
	if (!utf8_plain(bytes_text(ref->writer)) ||
	    !utf8_plain(bytes_text(ref->owner)) ||
	    !utf8_plain(bytes_text(ref->group)))
		return "a text is not UTF-8 or has control characters";
	for (size_t i = 0; i < ref->n_previous; i++)
		if (ref->previous[i].len != HASH_SIZE ||
		    (i > 0 &&
			memcmp(ref->previous[i - 1].data, ref->previous[i].data,
			    HASH_SIZE) >= 0))
			return "its predecessors are out of order";
	for (size_t i = 0; i < ref->n_seen; i++)
		if (!dot_fits(ref->seen[i]) ||
		    (i > 0 &&
			memcmp(ref->seen[i - 1]->incarnation.data,
			    ref->seen[i]->incarnation.data,
			    INCARNATION_SIZE) >= 0))
			return "what it has seen is out of order";
	for (size_t i = 0; i < ref->n_seen; i++)
		if (ref->seen[i]->number >= ref->dot->number &&
		    memcmp(ref->seen[i]->incarnation.data,
			ref->dot->incarnation.data, INCARNATION_SIZE) == 0)
			return "it has seen itself";
	return NULL;
}

enum ouro_status
ref_decode(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct bytes record, Ouro__RefRecord **out, struct ouro_error *err)
{
	ProtobufCMessage *message;
	Ouro__RefRecord *ref;
	uint8_t found[HASH_SIZE];
	const char *fault = NULL;
	char name[24];
	enum ouro_status status;

	status = ref_id(vault, record, found, err);
	if (status != OURO_OK)
		return status;
	if (memcmp(found, id, HASH_SIZE) != 0)
		return error_set(err, OURO_DAMAGED,
		    "version %s: its bytes have another id",
		    id_short(id, name));
	status = canonical_unpack(&ouro__ref_record__descriptor, record,
	    &message, "version", err);
	if (status != OURO_OK)
		return status;
	ref = (Ouro__RefRecord *)message;
	if (ref->version != REF_VERSION)
		status = error_set(err, OURO_UNSUPPORTED,
		    "version %s has format %u; this build knows %d",
		    id_short(id, name), ref->version, REF_VERSION);
	else if ((fault = ref_fault(ref)) != NULL)
		status = error_set(err, OURO_DAMAGED, "version %s: %s",
		    id_short(id, name), fault);
	else
		status = ref_name_check(ref->namespace_, ref->path, err);
	if (status != OURO_OK)
		canonical_free(message);
	else
		*out = ref;
	return status;
}
