#include "reply.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/utf8.h"
#include "text.h"

#define PENDING_MAX ((size_t)64 << 10)

static void
write_key(struct reply *reply, const char *key)
{
	if (key != NULL)
		json_write_key(&reply->writer, key);
}

static void
drain(struct reply *reply)
{
	if (reply->text.size > 0)
		fwrite(reply->text.data, 1, reply->text.size, stdout);
	reply->text.size = 0;
}

static void
nest(struct reply *reply, const char *key, bool is_array)
{
	assert(reply->depth < REPLY_DEPTH_MAX);
	if (reply->depth == 0)
		json_writer_init(&reply->writer, &reply->text);
	write_key(reply, key);
	if (is_array)
		json_write_array_begin(&reply->writer);
	else
		json_write_object_begin(&reply->writer);
	reply->is_array[reply->depth++] = is_array;
}

void
reply_object(struct reply *reply, const char *key)
{
	nest(reply, key, false);
}

void
reply_array(struct reply *reply, const char *key)
{
	nest(reply, key, true);
}

void
reply_end(struct reply *reply)
{
	assert(reply->depth > 0);
	if (reply->is_array[--reply->depth])
		json_write_array_end(&reply->writer);
	else
		json_write_object_end(&reply->writer);
	if (reply->depth > 0 && reply->text.size < PENDING_MAX)
		return;
	drain(reply);
	if (reply->depth == 0) {
		if (json_writer_finish(&reply->writer, NULL) != OURO_OK)
			fputs("ouroboros: out of memory\n", stderr);
		putchar('\n');
		buffer_release(&reply->text);
	}
}

void
reply_rewind(struct reply *reply)
{
	while (reply->depth > 1)
		reply_end(reply);
	if (reply->depth == 0)
		reply_object(reply, NULL);
}

void
reply_text(struct reply *reply, const char *key, const char *value)
{
	write_key(reply, key);
	if (value == NULL)
		json_write_null(&reply->writer);
	else
		json_write_text(&reply->writer, value);
}

void
reply_bytes(struct reply *reply, const char *key, const void *data, size_t size)
{
	char name[64], *text;

	if (utf8_valid(bytes_of(data, size))) {
		write_key(reply, key);
		json_write_string(&reply->writer, bytes_of(data, size));
		return;
	}
	snprintf(name, sizeof name, "%s_base64", key);
	text = malloc(BASE64_LENGTH(size) + 1);
	if (text != NULL)
		base64_encode(bytes_of(data, size), text);
	reply_text(reply, name, text);
	free(text);
}

void
reply_uint(struct reply *reply, const char *key, uint64_t value)
{
	write_key(reply, key);
	json_write_u64(&reply->writer, value);
}

void
reply_bool(struct reply *reply, const char *key, bool value)
{
	write_key(reply, key);
	json_write_bool(&reply->writer, value);
}

void
reply_ratio(struct reply *reply, const char *key, uint64_t over, uint64_t under)
{
	write_key(reply, key);
	if (under == 0)
		json_write_null(&reply->writer);
	else
		json_write_double(&reply->writer, (double)over / (double)under,
		    4);
}

void
reply_id(struct reply *reply, const char *key, const uint8_t *id)
{
	char text[OURO_ID_TEXT];

	ouro_id_text(id, text);
	reply_text(reply, key, text);
}

void
reply_time(struct reply *reply, const char *key, uint64_t unix_ms)
{
	char text[TEXT_TIME_SIZE];

	reply_text(reply, key,
	    unix_ms == 0 ? NULL : text_time_ms(unix_ms, text));
}
