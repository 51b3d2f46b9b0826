/*
 * What is accepted can be walked to its end, written again, and read again
 * as the same; what is refused is refused at a place within the text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/json_writer.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void copy_value(struct json_writer *writer, struct json_value value);

static void
copy_object(struct json_writer *writer, struct json_value value)
{
	struct buffer key = { 0 };
	struct json_walk walk;
	struct json_value member;

	json_write_object_begin(writer);
	require(json_enter_object(value, &walk, NULL) == OURO_OK);
	while (json_next_member(&walk, &key, &member, NULL) == OURO_OK) {
		require(utf8_valid(buffer_bytes(&key)));
		json_write_key_bytes(writer, buffer_bytes(&key));
		copy_value(writer, member);
	}
	json_write_object_end(writer);
	(void)json_keys_unique(value, NULL);
	(void)json_find(value, "key", &member, NULL);
	buffer_release(&key);
}

static void
copy_array(struct json_writer *writer, struct json_value value)
{
	struct json_walk walk;
	struct json_value element;

	json_write_array_begin(writer);
	require(json_enter_array(value, &walk, NULL) == OURO_OK);
	while (json_next_element(&walk, &element))
		copy_value(writer, element);
	json_write_array_end(writer);
}

static void
copy_string(struct json_writer *writer, struct json_value value)
{
	struct buffer string = { 0 };

	require(json_string(value, &string, NULL) == OURO_OK);
	require(utf8_valid(buffer_bytes(&string)));
	json_write_string(writer, buffer_bytes(&string));
	buffer_release(&string);
}

/* As deep as the reader allows, which is not deep. */
static void
copy_value(struct json_writer *writer, struct json_value value)
{
	uint64_t number;
	bool truth;

	switch (json_kind(value)) {
	case JSON_OBJECT:
		copy_object(writer, value);
		return;
	case JSON_ARRAY:
		copy_array(writer, value);
		return;
	case JSON_STRING:
		copy_string(writer, value);
		return;
	case JSON_NUMBER:
		if (json_u64(value, &number, NULL) == OURO_OK)
			json_write_u64(writer, number);
		else
			json_write_raw(writer, value.raw);
		return;
	case JSON_BOOL:
		require(json_bool(value, &truth, NULL) == OURO_OK);
		json_write_bool(writer, truth);
		return;
	case JSON_NULL:
		json_write_null(writer);
		return;
	}
	abort();
}

static void
copy_text(struct json_value value, struct buffer *out)
{
	struct json_writer writer;

	json_writer_init(&writer, out);
	copy_value(&writer, value);
	require(json_writer_finish(&writer, NULL) == OURO_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer first = { 0 }, second = { 0 };
	struct json_value value;
	size_t wrong = SIZE_MAX;

	if (json_parse(bytes_of(data, size), &value, &wrong, NULL) != OURO_OK) {
		require(wrong <= size);
		return 0;
	}
	copy_text(value, &first);
	require(
	    json_parse(buffer_bytes(&first), &value, NULL, NULL) == OURO_OK);
	copy_text(value, &second);
	require(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	buffer_release(&first);
	buffer_release(&second);
	return 0;
}
