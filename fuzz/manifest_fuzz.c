/*
 * Any bytes as the file INDEX: what is read is written again as the same
 * bytes. When the first byte is odd the checksum is made right first.
 */
#include <stdlib.h>

#include "engine/manifest.h"
#include "engine/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer file = { 0 }, again = { 0 };
	struct manifest manifest;
	enum ouro_status status;

	if (size == 0 ||
	    buffer_append(&file, bytes_of(data + 1, size - 1), NULL) != OURO_OK)
		return 0;
	if ((data[0] & 1) != 0 && file.size >= RECORD_CRC)
		put_u32le(file.data + file.size - RECORD_CRC,
		    record_crc(0, bytes_of(file.data, file.size - RECORD_CRC)));
	status = manifest_decode("INDEX", buffer_bytes(&file), &manifest, NULL);
	if (status == OURO_OK) {
		if (manifest_encode(&manifest, &again, NULL) != OURO_OK ||
		    !bytes_equal(buffer_bytes(&file), buffer_bytes(&again)))
			abort();
		manifest_release(&manifest);
	} else if (status != OURO_DAMAGED && status != OURO_UNSUPPORTED) {
		abort();
	}
	buffer_release(&file);
	buffer_release(&again);
	return 0;
}
