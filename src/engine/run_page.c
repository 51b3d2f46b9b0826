#include "engine/run_page.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "crypt/aead.h"
#include "crypt/kdf.h"
#include "engine/record.h"

#define CRC_AT (RUN_PAGE - RECORD_CRC)

static const char label_key[] = "ouroboros index run 1";

static enum ouro_status
key_derive(struct run_check *check, const struct run_store *store,
    const uint8_t *salt, struct ouro_error *err)
{
	struct buffer info = { 0 };
	enum ouro_status status;

	status = buffer_append(&info, bytes_text(label_key), err);
	if (status == OURO_OK)
		status = buffer_append(&info, bytes_text(store->name), err);
	if (status == OURO_OK)
		status = kdf_hkdf(bytes_of(store->seal_key, KEY_SIZE),
		    bytes_of(salt, RUN_SALT), buffer_bytes(&info), check->key,
		    KEY_SIZE, err);
	buffer_release(&info);
	return status;
}

enum ouro_status
run_check_init(struct run_check *check, const struct run_store *store,
    const uint8_t header[RUN_CLEAR], struct ouro_error *err)
{
	const uint8_t *salt = header + RUN_BOUND;

	_Static_assert(RUN_BOUND + RUN_SALT == RUN_CLEAR, "as in the header");
	*check = (struct run_check){ .sealed = store->seal_key != NULL };
	check->salt_crc = record_crc(0, bytes_of(salt, RUN_SALT));
	memcpy(check->bound, header, RUN_BOUND);
	return check->sealed ? key_derive(check, store, salt, err) : OURO_OK;
}

void
run_check_release(struct run_check *check)
{
	bytes_wipe(check->key, sizeof check->key);
}

static uint32_t
page_crc(const struct run_check *check, uint64_t number, const uint8_t *page)
{
	uint8_t order[8];
	uint32_t crc;

	put_u64le(order, number);
	crc = record_crc(check->salt_crc, bytes_of(order, sizeof order));
	return record_crc(crc, bytes_of(page, CRC_AT));
}

/* What is sealed of a page, with what it is sealed under. */
struct page_seal {
	uint8_t nonce[NONCE_SIZE];
	uint8_t additional[RUN_BOUND + 8];
	struct bytes body;
	uint8_t *at;
};

static void
page_seal_set(struct page_seal *seal, const struct run_check *check,
    uint64_t number, uint8_t *page)
{
	size_t first = number == 0 ? RUN_CLEAR : 0;

	put_u64le(seal->nonce, number);
	put_u32le(seal->nonce + 8, 0);
	memcpy(seal->additional, check->bound, RUN_BOUND);
	put_u64le(seal->additional + RUN_BOUND, number);
	seal->at = page + first;
	seal->body = bytes_of(page + first, RUN_ROOM - first);
}

enum ouro_status
run_page_make(const struct run_check *check, uint64_t number,
    uint8_t page[RUN_PAGE], struct ouro_error *err)
{
	struct page_seal seal;

	_Static_assert(TAG_SIZE == RUN_CHECK, "the tag is the check");
	if (!check->sealed) {
		put_u32le(page + CRC_AT, page_crc(check, number, page));
		return OURO_OK;
	}
	page_seal_set(&seal, check, number, page);
	return aead_seal(check->key, seal.nonce,
	    bytes_of(seal.additional, sizeof seal.additional), seal.body,
	    seal.at, page + RUN_ROOM, err);
}

enum ouro_status
run_page_take(const struct run_check *check, uint64_t number,
    uint8_t page[RUN_PAGE], struct ouro_error *err)
{
	struct page_seal seal;
	enum ouro_status status;

	if (!check->sealed)
		return get_u32le(page + CRC_AT) == page_crc(check, number, page)
		    ? OURO_OK
		    : OURO_DAMAGED;
	page_seal_set(&seal, check, number, page);
	status = aead_open(check->key, seal.nonce,
	    bytes_of(seal.additional, sizeof seal.additional), seal.body,
	    page + RUN_ROOM, seal.at, err);
	return status == OURO_WRONG_KEY ? OURO_DAMAGED : status;
}

enum ouro_status
run_page_damaged(const struct fs_file *file, uint64_t number,
    struct ouro_error *err)
{
	return error_set(err, OURO_DAMAGED,
	    "%s: the page of the index at %" PRIu64
	    " is damaged; repair makes it anew",
	    fs_path(file), number * RUN_PAGE);
}

enum ouro_status
run_page_read(const struct run_check *check, struct fs_file *file,
    uint64_t number, uint8_t page[RUN_PAGE], struct ouro_error *err)
{
	enum ouro_status status;
	size_t got = 0;

	status = fs_read(file, number * RUN_PAGE, page, RUN_PAGE, &got, err);
	if (status != OURO_OK)
		return status;
	status = got < RUN_PAGE ? OURO_DAMAGED
				: run_page_take(check, number, page, err);
	return status == OURO_DAMAGED ? run_page_damaged(file, number, err)
				      : status;
}
