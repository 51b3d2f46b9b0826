#include "meta.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

bool
meta_make(const char *path, bool has_size, uint64_t size, struct buffer *out)
{
	struct json_writer writer;

	json_writer_init(&writer, out);
	json_write_object_begin(&writer);
	json_write_key(&writer, "fileName");
	json_write_text(&writer, base_name(path));
	if (has_size) {
		json_write_key(&writer, "fileSizeBytes");
		json_write_u64(&writer, size);
	}
	json_write_object_end(&writer);
	return json_writer_finish(&writer, NULL) == OURO_OK;
}

char *
meta_file_name(const void *meta, size_t size)
{
	struct json_value value, member;
	struct buffer text = { 0 };
	char *name = NULL;

	if (meta != NULL &&
	    json_parse(bytes_of(meta, size), &value, NULL, NULL) == OURO_OK &&
	    json_kind(value) == JSON_OBJECT &&
	    json_find(value, "fileName", &member, NULL) == OURO_OK &&
	    json_string(member, &text, NULL) == OURO_OK && text.size > 0)
		name = strndup((const char *)text.data, text.size);
	buffer_release(&text);
	return name;
}
