/*
 * The files that are kept twice. First byte: 1 = put the right hash behind the
 * rest, which gets the decoder past it; then the file as it lies on disk.
 */
#include <stdlib.h>

#include "base/fs.h"
#include "base/fs_memory.h"
#include "crypt/hash.h"
#include "vault/store_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
frame_make(const uint8_t *data, size_t size, struct buffer *out)
{
	uint8_t hash[HASH_SIZE];

	if (buffer_append(out, bytes_of(data + 1, size - 1), NULL) != OURO_OK)
		abort();
	if (data[0] != 1)
		return;
	if (hash_sha256(buffer_bytes(out), hash, NULL) != OURO_OK ||
	    buffer_append(out, bytes_of(hash, HASH_SIZE), NULL) != OURO_OK)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fs *fs;
	struct buffer frame = { 0 }, content = { 0 };
	enum ouro_status status;

	if (size == 0)
		return 0;
	fs = fs_memory_new(1);
	frame_make(data, size, &frame);
	if (fs == NULL || fs_mkdir(fs, "/s", NULL) != OURO_OK ||
	    fs_write_file(fs, "/s/keyring.copy", buffer_bytes(&frame), NULL) !=
		OURO_OK)
		abort();
	status = store_file_read(fs, "/s", STORE_FILE_KEYRING, false, NULL,
	    &content, NULL);
	if (status != OURO_OK && status != OURO_DAMAGED)
		abort();
	if (status == OURO_OK) {
		struct buffer healed = { 0 };

		if (content.size + 48 != frame.size ||
		    fs_read_file(fs, "/s/keyring", frame.size, &healed, NULL) !=
			OURO_OK ||
		    !bytes_equal(buffer_bytes(&healed), buffer_bytes(&frame)))
			abort();
		buffer_release(&healed);
	}
	buffer_release(&content);
	buffer_release(&frame);
	fs_memory_free(fs);
	return 0;
}
