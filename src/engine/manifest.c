/*
 * manifest - the file INDEX.
 *
 *   offset  length  data
 *   0       8       OUROINDX
 *   8       4       format, 1
 *   12      4       flags: 1 sealed
 *   16      8       length n of the body
 *   24      16      salt, random            only sealed
 *   ..      n       body (manifest_body.h)
 *   ..      16      tag                     only sealed
 *   ..      4       CRC-32 over all before
 *
 * Sealed: the body is AES-256-GCM under HKDF of the store's seal key with the
 * salt over a label and the engine's name; nonce = zeros; additional data =
 * the first 24 bytes.
 */
#include "engine/manifest.h"

#include <assert.h>
#include <inttypes.h>

#include "base/error.h"
#include "crypt/aead.h"
#include "crypt/kdf.h"
#include "engine/manifest_body.h"
#include "engine/old_snapshot.h"
#include "engine/record.h"

#define HEAD	      24u
#define SALT	      16u
#define CRC	      4u
#define FORMAT	      1u
#define FLAG_SEALED   1u
#define SIZE_MAX_FILE (256u * 1024 * 1024)

static const uint8_t magic[8] = { 'O', 'U', 'R', 'O', 'I', 'N', 'D', 'X' };
static const char label_key[] = "ouroboros index manifest 1";

/* ---- encoding ------------------------------------------------------------------- */

static void
head_put(uint8_t *at, bool sealed, uint64_t size)
{
	memcpy(at, magic, sizeof magic);
	put_u32le(at + 8, FORMAT);
	put_u32le(at + 12, sealed ? FLAG_SEALED : 0);
	put_u64le(at + 16, size);
}

/* Appends head, room for the salt, body, and room for tag and CRC. */
static enum ouro_status
frame_put(const struct manifest *manifest, bool sealed, struct buffer *out,
    struct ouro_error *err)
{
	uint64_t size = manifest_body_size(manifest);
	size_t around = HEAD + CRC + (sealed ? SALT + TAG_SIZE : 0);
	size_t begin = out->size;
	enum ouro_status status;
	uint8_t *at;

	if (size > SIZE_MAX_FILE - around)
		return error_set(err, OURO_TOO_LARGE,
		    "an index of %zu files and %zu segments",
		    manifest->run_count, manifest->segment_count);
	status = buffer_resize(out, begin + around + (size_t)size, err);
	if (status != OURO_OK)
		return status;
	at = out->data + begin;
	head_put(at, sealed, size);
	at = manifest_body_put(at + HEAD + (sealed ? SALT : 0), manifest);
	assert(at + (sealed ? TAG_SIZE : 0) + CRC == out->data + out->size);
	return OURO_OK;
}

static void
crc_put(uint8_t *data, size_t size)
{
	put_u32le(data + size - CRC, record_crc(0, bytes_of(data, size - CRC)));
}

enum ouro_status
manifest_encode(const struct manifest *manifest, struct buffer *out,
    struct ouro_error *err)
{
	size_t begin = out->size;
	enum ouro_status status = frame_put(manifest, false, out, err);

	if (status == OURO_OK)
		crc_put(out->data + begin, out->size - begin);
	return status;
}

/* ---- the seal ------------------------------------------------------------------- */

static enum ouro_status
key_derive(const struct run_store *store, const uint8_t *salt,
    uint8_t key[KEY_SIZE], struct ouro_error *err)
{
	struct buffer info = { 0 };
	enum ouro_status status;

	status = buffer_append(&info, bytes_text(label_key), err);
	if (status == OURO_OK)
		status = buffer_append(&info, bytes_text(store->name), err);
	if (status == OURO_OK)
		status = kdf_hkdf(bytes_of(store->seal_key, KEY_SIZE),
		    bytes_of(salt, SALT), buffer_bytes(&info), key, KEY_SIZE,
		    err);
	buffer_release(&info);
	return status;
}

static const uint8_t nonce[NONCE_SIZE];

static enum ouro_status
frame_seal(const struct run_store *store, struct buffer *frame,
    struct ouro_error *err)
{
	uint8_t *at = frame->data, key[KEY_SIZE];
	size_t size = frame->size - HEAD - SALT - TAG_SIZE - CRC;
	enum ouro_status status = fs_random(store->fs, at + HEAD, SALT, err);

	if (status == OURO_OK)
		status = key_derive(store, at + HEAD, key, err);
	if (status != OURO_OK)
		return status;
	at += HEAD + SALT;
	status = aead_seal(key, nonce, bytes_of(frame->data, HEAD),
	    bytes_of(at, size), at, at + size, err);
	bytes_wipe(key, sizeof key);
	return status;
}

enum ouro_status
manifest_write(const struct run_store *store, const struct manifest *manifest,
    struct ouro_error *err)
{
	bool sealed = store->seal_key != NULL;
	struct buffer frame = { 0 };
	char path[FS_PATH_MAX];
	enum ouro_status status = fs_join(path, store->dir, MANIFEST_NAME, err);

	if (status == OURO_OK)
		status = frame_put(manifest, sealed, &frame, err);
	if (status == OURO_OK && sealed)
		status = frame_seal(store, &frame, err);
	if (status == OURO_OK) {
		crc_put(frame.data, frame.size);
		status = fs_write_file(store->fs, path, buffer_bytes(&frame),
		    err);
	}
	buffer_wipe(&frame);
	return status;
}

/* ---- decoding ------------------------------------------------------------------- */

static enum ouro_status
frame_damaged(const char *path, const char *what, struct ouro_error *err)
{
	return error_set(err, OURO_DAMAGED, "%s: %s", path, what);
}

/* Head, length and CRC; *body: what is between. */
static enum ouro_status
frame_check(const char *path, struct bytes frame, bool sealed,
    struct bytes *body, struct ouro_error *err)
{
	size_t before = HEAD + (sealed ? SALT : 0);
	size_t around = before + CRC + (sealed ? TAG_SIZE : 0);
	uint32_t format, flags;

	if (frame.size < HEAD + CRC ||
	    memcmp(frame.data, magic, sizeof magic) != 0 ||
	    record_crc(0, bytes_of(frame.data, frame.size - CRC)) !=
		get_u32le(frame.data + frame.size - CRC))
		return frame_damaged(path, "is not whole", err);
	format = get_u32le(frame.data + 8);
	flags = get_u32le(frame.data + 12);
	if (format != FORMAT || (flags & ~FLAG_SEALED) != 0)
		return error_set(err, OURO_UNSUPPORTED,
		    "%s has format %" PRIu32 " with flags %#" PRIx32
		    "; this version knows %u",
		    path, format, flags, FORMAT);
	if (sealed != (flags == FLAG_SEALED))
		return frame_damaged(path,
		    sealed ? "is not sealed" : "is sealed", err);
	if (frame.size < around ||
	    get_u64le(frame.data + 16) != frame.size - around)
		return frame_damaged(path, "has another size than it tells",
		    err);
	*body = bytes_of(frame.data + before, frame.size - around);
	return OURO_OK;
}

enum ouro_status
manifest_decode(const char *path, struct bytes bytes, struct manifest *out,
    struct ouro_error *err)
{
	struct bytes body;
	enum ouro_status status = frame_check(path, bytes, false, &body, err);

	*out = (struct manifest){ 0 };
	return status == OURO_OK ? manifest_body_get(path, body, out, err)
				 : status;
}

enum ouro_status
manifest_copy(const struct manifest *from, struct manifest *to,
    struct ouro_error *err)
{
	struct buffer bytes = { 0 };
	enum ouro_status status = manifest_encode(from, &bytes, err);

	*to = (struct manifest){ 0 };
	if (status == OURO_OK)
		status = manifest_decode(MANIFEST_NAME, buffer_bytes(&bytes),
		    to, err);
	buffer_wipe(&bytes);
	return status;
}

/* ---- reading -------------------------------------------------------------------- */

static enum ouro_status
sealed_decode(const struct run_store *store, const char *path,
    struct bytes frame, struct manifest *out, struct ouro_error *err)
{
	struct bytes body;
	enum ouro_status status = frame_check(path, frame, true, &body, err);
	uint8_t key[KEY_SIZE], *clear;

	if (status == OURO_OK)
		status = key_derive(store, frame.data + HEAD, key, err);
	if (status != OURO_OK)
		return status;
	clear = (uint8_t *)(uintptr_t)body.data;
	status = aead_open(key, nonce, bytes_of(frame.data, HEAD), body,
	    clear + body.size, clear, err);
	bytes_wipe(key, sizeof key);
	if (status == OURO_WRONG_KEY)
		return frame_damaged(path, "is not sealed under the key", err);
	return status == OURO_OK ? manifest_body_get(path, body, out, err)
				 : status;
}

enum ouro_status
manifest_read(const struct run_store *store, struct manifest *out,
    struct ouro_error *err)
{
	struct buffer frame = { 0 };
	char path[FS_PATH_MAX];
	enum ouro_status status = fs_join(path, store->dir, MANIFEST_NAME, err);

	*out = (struct manifest){ 0 };
	if (status == OURO_OK)
		status = fs_read_file(store->fs, path, SIZE_MAX_FILE, &frame,
		    err);
	if (status == OURO_TOO_LARGE)
		status = frame_damaged(path, "is larger than any can be", err);
	if (status == OURO_OK)
		status = store->seal_key != NULL
		    ? sealed_decode(store, path, buffer_bytes(&frame), out, err)
		    : manifest_decode(path, buffer_bytes(&frame), out, err);
	buffer_wipe(&frame);
	if (status == OURO_DAMAGED && old_snapshot_is(store->fs, path))
		return error_set(err, OURO_NOT_FOUND,
		    "%s is one of the older system", path);
	return status;
}
