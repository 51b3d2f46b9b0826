#include "engine/run_writer.h"

#include <stdlib.h>

#include "base/error.h"

enum ouro_status
run_writer_init(struct run_writer *writer, struct fs_file *file,
    const struct run_check *check, uint64_t next, struct ouro_error *err)
{
	*writer = (struct run_writer){ .file = file,
		.check = check,
		.next = next,
		.pages = malloc((size_t)RUN_WRITER_PAGES * RUN_PAGE) };
	return writer->pages != NULL ? OURO_OK : error_memory(err);
}

void
run_writer_release(struct run_writer *writer)
{
	free(writer->pages);
	*writer = (struct run_writer){ 0 };
}

enum ouro_status
run_writer_flush(struct run_writer *writer, struct ouro_error *err)
{
	size_t size = (size_t)writer->count * RUN_PAGE;
	struct bytes part = bytes_of(writer->pages, size);
	uint64_t offset = (writer->next - writer->count) * RUN_PAGE;
	enum ouro_status status;

	if (writer->count == 0)
		return OURO_OK;
	status = fs_write(writer->file, offset, &part, 1, err);
	if (status != OURO_OK)
		return status;
	fs_flush_start(writer->file, offset, size);
	writer->count = 0;
	return OURO_OK;
}

enum ouro_status
run_writer_put(struct run_writer *writer, const uint8_t page[RUN_PAGE],
    struct ouro_error *err)
{
	uint8_t *at = writer->pages + (size_t)writer->count * RUN_PAGE;
	enum ouro_status status;

	if (writer->next >= RUN_PAGES_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "%s: an index file of more than 256 TiB",
		    fs_path(writer->file));
	memcpy(at, page, RUN_PAGE);
	status = run_page_make(writer->check, writer->next, at, err);
	if (status != OURO_OK)
		return status;
	writer->next++;
	writer->count++;
	return writer->count < RUN_WRITER_PAGES ? OURO_OK
						: run_writer_flush(writer, err);
}
