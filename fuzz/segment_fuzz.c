/*
 * Any bytes as a segment file: opening, reading, verifying, repairing and
 * compacting it must answer with statuses. The first byte chooses: bit 0 a
 * sealed store; bit 1 the rest follows a valid header with a fixed salt, so
 * that the fuzzer need not find one; bit 2 every record's checksum is made
 * right first, and every sub-record's; bit 3 what is written is packed.
 */
#include <stdlib.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "engine/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seal_key[KEY_SIZE] = { 1, 2, 3 };
static const uint8_t salt[RECORD_SALT] = { 4, 5, 6 };

static void
header_append(bool sealed, struct buffer *out)
{
	struct header header = { .id = 1,
		.first = 1,
		.flags = sealed ? HEADER_SEALED : 0 };

	memcpy(header.salt, salt, RECORD_SALT);
	if (sealed)
		(void)header_check(&header, seal_key, "", header.check, NULL);
	(void)header_encode(&header, out, NULL);
}

/* Makes the checksums of a batch's sub-records fit. */
static void
subs_fix(const struct record_frame *frame, uint8_t *data, size_t size)
{
	struct record batch, sub;
	size_t head = record_head(frame), at = 0;

	if (!record_batch_head(frame, data, size, &batch))
		return;
	batch.value = bytes_of(data + head, size - head - RECORD_CRC);
	for (uint32_t i = 0; i < batch.count; i++) {
		uint8_t *from = data + head + at;

		(void)record_sub_decode(frame, &batch, i, at, &sub);
		if (sub.size == 0)
			return;
		put_u32le(from + sub.size - RECORD_CRC,
		    record_crc(record_sub_crc(frame, sub.sequence),
			bytes_of(from, (size_t)sub.size - RECORD_CRC)));
		at += (size_t)sub.size;
	}
}

/* Makes the checksums of records that follow one another fit. */
static void
checksums_fix(bool sealed, uint8_t *data, size_t size)
{
	struct record_frame frame;

	(void)record_frame_init(&frame, salt, sealed ? seal_key : NULL, NULL);
	while (size > 0) {
		uint64_t claim = record_claim(&frame, data, size);

		if (claim == 0 || claim > size)
			break;
		subs_fix(&frame, data, (size_t)claim);
		put_u32le(data + claim - RECORD_CRC,
		    record_crc(frame.salt_crc,
			bytes_of(data + 2, (size_t)claim - 2 - RECORD_CRC)));
		data += claim;
		size -= (size_t)claim;
	}
	record_frame_release(&frame);
}

/* False when records that claim the last sequences leave none to write. */
static bool
store_use(struct engine *engine)
{
	static const uint8_t zeros[100];
	struct engine_op op = { .key = bytes_text("k"),
		.value = bytes_of(zeros, sizeof zeros) };
	struct engine_range range = { 0 };
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status;

	if (engine_scan_open(engine, &range, &scan, NULL) == OURO_OK) {
		do {
			status = engine_scan_next(scan, &key, &value, NULL);
		} while (status == OURO_OK || status == OURO_DAMAGED);
		engine_scan_close(scan);
	}
	(void)engine_verify(engine, NULL, NULL, NULL);
	status = engine_apply(engine, &op, 1, ENGINE_SYNC_NEVER, NULL);
	if (status == OURO_UNSUPPORTED)
		return false;
	if (status != OURO_OK ||
	    engine_compact(engine, 0, NULL, NULL) == OURO_INVALID)
		abort();
	(void)engine_repair(engine, NULL, NULL, NULL);
	return true;
}

static void
store_run(struct fs *fs, bool sealed, bool packed)
{
	struct engine_options options = { .fs = fs,
		.segment_size = 4096,
		.level = packed ? 1 : 0,
		.seal_key = sealed ? seal_key : NULL };
	struct engine *engine;

	if (executor_open_manual(1, fs, &options.executor, NULL) != OURO_OK)
		return;
	if (engine_log_open("/store", &options, &engine, NULL) == OURO_OK) {
		bool whole = store_use(engine);

		engine_close(engine);
		if (engine_log_open("/store", &options, &engine, NULL) !=
			OURO_OK ||
		    (whole &&
			engine_verify(engine, NULL, NULL, NULL) != OURO_OK))
			abort(); /* what was repaired is clean */
		engine_close(engine);
	}
	executor_close(options.executor);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer content = { 0 };
	bool sealed, ours;
	struct fs *fs;

	if (size == 0 || size > 65536)
		return 0;
	sealed = (data[0] & 1) != 0;
	ours = (data[0] & 2) != 0;
	fs = fs_memory_new(1);
	if (fs == NULL)
		return 0;
	if (ours)
		header_append(sealed, &content);
	(void)buffer_append(&content, bytes_of(data + 1, size - 1), NULL);
	if (ours && (data[0] & 4) != 0)
		checksums_fix(sealed, content.data + HEADER_SIZE(0),
		    content.size - HEADER_SIZE(0));
	if (fs_mkdir(fs, "/store", NULL) == OURO_OK &&
	    fs_write_file(fs, "/store/segment-00000001.dat",
		buffer_bytes(&content), NULL) == OURO_OK)
		store_run(fs, sealed, (data[0] & 8) != 0);
	buffer_release(&content);
	fs_memory_free(fs);
	return 0;
}
