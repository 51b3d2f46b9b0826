#include "pipeline_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypt/aead.h"
#include "crypt/hash.h"
#include "seal/derive.h"
#include "seal/padding.h"

#define HEADER_SIZE 5 /* codec and clear size, as a stripe has them */
/* The disk gets work early, so that the sync at the end finds little. */
#define FLUSH_SIZE ((uint64_t)8 * 1024 * 1024)

static const uint8_t nonce[NONCE_SIZE];

/* A chunk key from the id, then a stripe key from that. */
static bool
piece_key(struct worker *worker, struct piece *piece)
{
	uint8_t chunk_key[KEY_SIZE];

	return derive_chunk_key(worker->pipeline->secret, piece->id, chunk_key,
		   NULL) == OURO_OK &&
	    derive_stripe_key(chunk_key, piece->id, piece->key, NULL) ==
	    OURO_OK;
}

static bool
piece_pack(struct worker *worker, struct piece *piece)
{
	uint8_t header[HEADER_SIZE] = { 0 };
	struct buffer *sealed = &worker->sealed;
	enum compress_codec codec;
	size_t padded;

	sealed->size = 0;
	if (buffer_append(sealed, bytes_of(header, sizeof header), NULL) !=
		OURO_OK ||
	    compress_chunk(worker->compressor, COMPRESS_LEVEL_DEFAULT,
		buffer_bytes(&worker->clear), sealed, &codec, NULL) != OURO_OK)
		return false;
	sealed->data[0] = piece->codec = (uint8_t)codec;
	put_u32le(sealed->data + 1, piece->clear_size);
	piece->payload_size = (uint32_t)(sealed->size - HEADER_SIZE);
	padded = (size_t)padme(sealed->size);
	piece->sealed_size = (uint32_t)padded;
	/* Room for the zeros that fill up the last slice. */
	if (buffer_reserve(sealed, padded + LANES_MAX - sealed->size, NULL) !=
	    OURO_OK)
		return false;
	memset(sealed->data + sealed->size, 0,
	    padded + LANES_MAX - sealed->size);
	sealed->size = padded;
	return true;
}

static bool
slice_write(int lane, const uint8_t *slice, size_t size, uint64_t at)
{
	uint64_t window = at / FLUSH_SIZE;

	if (pwrite(lane, slice, size, (off_t)at) != (ssize_t)size)
		return complain("slices");
	if ((at + size) / FLUSH_SIZE != window)
		sync_file_range(lane, (off_t)(window * FLUSH_SIZE),
		    (off_t)FLUSH_SIZE, SYNC_FILE_RANGE_WRITE);
	return true;
}

static bool
slices_write(struct worker *worker, struct piece *piece,
    uint8_t *const slices[], size_t size)
{
	struct pipeline *pipeline = worker->pipeline;
	uint8_t hash[HASH_SIZE];

	for (unsigned i = 0; i < pipeline->k + pipeline->m; i++)
		if (hash_sha256(bytes_of(slices[i], size), hash, NULL) !=
		    OURO_OK)
			return false;
	worker_book(worker, STAGE_HASH);
	pthread_mutex_lock(&pipeline->state_lock);
	piece->lane_at = pipeline->lane_end;
	pipeline->lane_end += size;
	pthread_mutex_unlock(&pipeline->state_lock);
	for (unsigned i = 0; i < pipeline->k + pipeline->m; i++)
		if (!slice_write(pipeline->lanes[i], slices[i], size,
			piece->lane_at))
			return false;
	worker_book(worker, STAGE_WRITE);
	return true;
}

bool
piece_seal(struct worker *worker, struct piece *piece)
{
	struct pipeline *pipeline = worker->pipeline;
	uint8_t *slices[LANES_MAX];
	struct buffer *sealed = &worker->sealed;
	size_t size;

	if (!piece_pack(worker, piece))
		return false;
	worker_book(worker, STAGE_COMPRESS);
	if (!piece_key(worker, piece) ||
	    aead_seal(piece->key, nonce, bytes_of(piece->id, HASH_SIZE),
		buffer_bytes(sealed), sealed->data, piece->tag,
		NULL) != OURO_OK)
		return false;
	worker_book(worker, STAGE_SEAL);
	size = erasure_slice_size(sealed->size, pipeline->k);
	if (buffer_resize(&worker->parity, size * pipeline->m + 1, NULL) !=
	    OURO_OK)
		return false;
	for (unsigned i = 0; i < pipeline->k; i++)
		slices[i] = sealed->data + i * size;
	for (unsigned i = 0; i < pipeline->m; i++)
		slices[pipeline->k + i] = worker->parity.data + i * size;
	if (pipeline->m > 0)
		erasure_encode(pipeline->erasure,
		    (const uint8_t *const *)slices, slices + pipeline->k, size);
	worker_book(worker, STAGE_ENCODE);
	return slices_write(worker, piece, slices, size);
}

/* ---- and back ---------------------------------------------------------------- */

static bool
piece_fetch(struct worker *worker, const struct piece *stored)
{
	struct pipeline *pipeline = worker->pipeline;
	size_t size = erasure_slice_size(stored->sealed_size, pipeline->k);

	if (buffer_resize(&worker->sealed, size * pipeline->k, NULL) != OURO_OK)
		return false;
	for (unsigned i = 0; i < pipeline->k; i++)
		if (pread(pipeline->lanes[i], worker->sealed.data + i * size,
			size, (off_t)stored->lane_at) != (ssize_t)size)
			return complain("slices");
	worker->sealed.size = stored->sealed_size;
	return true;
}

static bool
piece_out(struct worker *worker, const struct piece *piece)
{
	struct pipeline *pipeline = worker->pipeline;
	char *path = path_join(pipeline->target,
	    pipeline->folder->files[piece->file].path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ssize_t put = -1;

	if (fd >= 0)
		put = pwrite(fd, worker->clear.data, worker->clear.size,
		    (off_t)piece->at);
	if (put != (ssize_t)worker->clear.size)
		complain(path);
	if (fd >= 0)
		close(fd);
	free(path);
	return put == (ssize_t)worker->clear.size;
}

bool
piece_restore(struct worker *worker, const struct piece *piece)
{
	struct pipeline *pipeline = worker->pipeline;
	const struct piece *stored = &pipeline->pieces[piece->stored_as];
	struct buffer *sealed = &worker->sealed;
	struct compressed packed;
	struct bytes clear;
	uint8_t id[HASH_SIZE];

	worker_mark(worker);
	if (!piece_fetch(worker, stored))
		return false;
	worker_book(worker, STAGE_FETCH);
	if (aead_open(stored->key, nonce, bytes_of(stored->id, HASH_SIZE),
		buffer_bytes(sealed), stored->tag, sealed->data,
		NULL) != OURO_OK)
		return false;
	worker_book(worker, STAGE_OPEN);
	packed = (struct compressed){ .codec = stored->codec,
		.data = bytes_of(sealed->data + HEADER_SIZE,
		    stored->payload_size),
		.clear_size = stored->clear_size };
	worker->clear.size = 0;
	if (decompress_chunk(worker->compressor, &packed, CHUNK_MAX,
		&worker->clear, NULL) != OURO_OK)
		return false;
	worker_book(worker, STAGE_DECOMPRESS);
	clear = buffer_bytes(&worker->clear);
	if (mac_compute(pipeline->mac, &clear, 1, id, NULL) != OURO_OK ||
	    memcmp(id, piece->id, HASH_SIZE) != 0)
		return false;
	worker_book(worker, STAGE_ID);
	if (!piece_out(worker, piece))
		return false;
	worker_book(worker, STAGE_OUT);
	return true;
}
