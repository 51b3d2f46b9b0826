#include "seal/archive.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/fs_memory.h"
#include "seal/member.h"

#define HEAD_SIZE  68
#define BEGIN_SIZE 36

static const uint8_t secret[KEY_SIZE] = { 1, 2, 3 };
static struct fs *fs;
static struct ouro_error err;

static int
setup(void **state)
{
	(void)state;
	fs = fs_memory_new(5);
	return fs == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	fs_memory_free(fs);
	return 0;
}

/* ---- sources and sinks ---------------------------------------------------- */

static enum ouro_status
sink_append(void *context, const void *data, size_t size,
    struct ouro_error *error)
{
	return buffer_append(context, bytes_of(data, size), error);
}

struct giving {
	struct bytes rest;
	size_t most; /* at once; 0 = all */
	bool fails;  /* at the end */
};

static enum ouro_status
source_give(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *error)
{
	struct giving *giving = context;
	size_t part = giving->rest.size < size ? giving->rest.size : size;

	if (giving->most != 0 && part > giving->most)
		part = giving->most;
	if (part == 0 && giving->fails)
		return error_set(error, OURO_IO, "the pipe broke");
	if (part > 0)
		memcpy(data, giving->rest.data, part);
	giving->rest = bytes_of(giving->rest.data + part,
	    giving->rest.size - part);
	*got = part;
	return OURO_OK;
}

/* ---- streams -------------------------------------------------------------- */

static void
write_text(struct archive_writer *writer, uint8_t type, const char *text)
{
	struct bytes parts[] = { bytes_of(text, strlen(text) / 2),
		bytes_of(NULL, 0), bytes_text(text + strlen(text) / 2) };

	assert_int_equal(archive_write(writer, type, parts, 3, &err), OURO_OK);
}

/* Frames "frame first" to "frame last", and an end after that. */
static void
write_frames(struct archive_writer *writer, unsigned first, unsigned last,
    bool end)
{
	char text[32];

	for (unsigned i = first; i <= last; i++) {
		snprintf(text, sizeof text, "frame %u", i);
		write_text(writer, (uint8_t)(i + 1), text);
	}
	if (end)
		write_text(writer, ARCHIVE_END, "bye");
}

static void
stream_make(struct buffer *out, unsigned frames)
{
	struct archive_head head = { .kind = ARCHIVE_VAULT,
		.vault_id = { 7 },
		.opener = bytes_text("opener") };
	struct archive_writer *writer;

	assert_int_equal(archive_writer_new(fs, &head, secret, sink_append, out,
			     &writer, &err),
	    OURO_OK);
	write_frames(writer, 0, frames - 1, true);
	assert_int_equal(archive_written(writer), out->size);
	archive_writer_free(writer);
}

/* What reading all of it gives: the status of the first call that fails, with
 * OURO_END for a whole stream. Counts the frames before. */
static enum ouro_status
stream_read(struct giving giving, unsigned *frames)
{
	struct archive_reader *reader;
	struct archive_head head;
	struct bytes content;
	uint8_t type;
	char text[32];
	enum ouro_status status;

	*frames = 0;
	err.text[0] = '\0';
	assert_int_equal(archive_reader_new(source_give, &giving, &reader,
			     &err),
	    OURO_OK);
	status = archive_read_head(reader, &head, &err);
	if (status == OURO_OK)
		status = archive_unlock(reader, secret, &err);
	while (status == OURO_OK) {
		status = archive_read(reader, &type, &content, &err);
		if (status != OURO_OK)
			break;
		snprintf(text, sizeof text, "frame %u", *frames);
		if (type == ARCHIVE_END)
			assert_true(bytes_equal(content, bytes_text("bye")));
		else
			assert_true(bytes_equal(content, bytes_text(text)));
		assert_true(type == ARCHIVE_END || type == *frames + 1);
		++*frames;
	}
	archive_reader_free(reader);
	return status;
}

static void
a_stream_reads_as_it_was_written(void **state)
{
	struct buffer stream = { 0 };
	unsigned frames;

	(void)state;
	stream_make(&stream, 5);
	for (size_t most = 0; most < 4; most++) {
		struct giving giving = { buffer_bytes(&stream), most, false };

		assert_int_equal(stream_read(giving, &frames), OURO_END);
		assert_int_equal(frames, 6);
	}
	buffer_release(&stream);
}

static void
every_flipped_bit_is_damage(void **state)
{
	struct buffer stream = { 0 };
	unsigned frames;

	(void)state;
	stream_make(&stream, 3);
	for (size_t at = 0; at < stream.size; at++) {
		struct giving giving = { buffer_bytes(&stream), 0, false };
		enum ouro_status status;

		stream.data[at] ^= 0x10;
		status = stream_read(giving, &frames);
		stream.data[at] ^= 0x10;
		if (at >= 8 && at < 12)
			assert_int_equal(status, OURO_UNSUPPORTED);
		else
			assert_int_equal(status, OURO_DAMAGED);
		if (status == OURO_DAMAGED)
			assert_non_null(strstr(err.text, "at byte "));
	}
	buffer_release(&stream);
}

static void
every_cut_is_told(void **state)
{
	struct buffer stream = { 0 };
	unsigned frames;
	char place[64];

	(void)state;
	stream_make(&stream, 3);
	for (size_t size = 0; size < stream.size; size++) {
		struct giving giving = { bytes_of(stream.data, size), 0,
			false };

		assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
		assert_true(frames < 4);
		snprintf(place, sizeof place, "ends at byte %zu", size);
		assert_non_null(strstr(err.text, place));
	}
	buffer_release(&stream);
}

static void
what_follows_the_end_is_damage(void **state)
{
	struct buffer stream = { 0 };
	struct giving giving;
	char place[64];
	unsigned frames;

	(void)state;
	stream_make(&stream, 1);
	snprintf(place, sizeof place, "at byte %zu", stream.size);
	assert_int_equal(buffer_append(&stream, bytes_text("x"), &err),
	    OURO_OK);
	giving = (struct giving){ buffer_bytes(&stream), 0, false };
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_non_null(strstr(err.text, place));
	buffer_release(&stream);
}

/* Where frame i of a stream of this test begins. */
static size_t
frame_at(const struct buffer *stream, unsigned i)
{
	size_t at = HEAD_SIZE + strlen("opener");

	while (i-- > 0) {
		uint32_t n = get_u32le(stream->data + at);

		at += n == 0 ? BEGIN_SIZE : 4 + n + TAG_SIZE;
	}
	return at;
}

static void
frames_cannot_be_left_out_or_exchanged(void **state)
{
	struct buffer stream = { 0 }, other = { 0 };
	size_t first, second, third;
	struct giving giving;
	unsigned frames;

	(void)state;
	stream_make(&stream, 3);
	first = frame_at(&stream, 0);
	second = frame_at(&stream, 1);
	third = frame_at(&stream, 2);
	assert_int_equal(second - first, third - second);

	/* without the second */
	assert_int_equal(buffer_append(&other, bytes_of(stream.data, second),
			     &err),
	    OURO_OK);
	assert_int_equal(buffer_append(&other,
			     bytes_of(stream.data + third, stream.size - third),
			     &err),
	    OURO_OK);
	giving = (struct giving){ buffer_bytes(&other), 0, false };
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_int_equal(frames, 1);

	/* first and second exchanged */
	assert_int_equal(buffer_set(&other, buffer_bytes(&stream), &err),
	    OURO_OK);
	memcpy(other.data + first, stream.data + second, third - second);
	memcpy(other.data + second, stream.data + first, second - first);
	giving = (struct giving){ buffer_bytes(&other), 0, false };
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_int_equal(frames, 0);

	/* a frame of another stream in its place */
	other.size = 0;
	stream_make(&other, 3);
	memcpy(other.data + second, stream.data + second, third - second);
	giving = (struct giving){ buffer_bytes(&other), 0, false };
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_int_equal(frames, 1);
	buffer_release(&stream);
	buffer_release(&other);
}

/* ---- going on --------------------------------------------------------------- */

/* Reads the frames that are whole in the first `size` bytes and goes on behind
 * them; out gets the whole. */
static void
stream_go_on(const struct buffer *stream, size_t size, unsigned frames,
    struct buffer *out)
{
	struct giving giving = { bytes_of(stream->data, size), 0, false };
	struct archive_place place;
	struct archive_reader *reader;
	struct archive_writer *writer;
	struct archive_head head;
	struct bytes content;
	unsigned there = 0;
	uint8_t type;

	assert_int_equal(archive_reader_new(source_give, &giving, &reader,
			     &err),
	    OURO_OK);
	assert_int_equal(archive_read_head(reader, &head, &err), OURO_OK);
	assert_int_equal(archive_unlock(reader, secret, &err), OURO_OK);
	archive_here(reader, &place);
	while (archive_read(reader, &type, &content, &err) == OURO_OK) {
		archive_here(reader, &place);
		there++;
	}
	archive_reader_free(reader);
	out->size = 0;
	assert_int_equal(buffer_append(out,
			     bytes_of(stream->data, (size_t)place.offset),
			     &err),
	    OURO_OK);
	assert_int_equal(archive_writer_at(fs, &place, sink_append, out,
			     &writer, &err),
	    OURO_OK);
	write_frames(writer, there, frames - 1, true);
	assert_int_equal(archive_written(writer), out->size - place.offset);
	archive_writer_free(writer);
}

static void
a_cut_stream_is_gone_on_with(void **state)
{
	struct buffer stream = { 0 }, whole = { 0 }, again = { 0 };
	unsigned frames;

	(void)state;
	stream_make(&stream, 4);
	for (size_t size = frame_at(&stream, 0); size < stream.size; size++) {
		struct giving giving;

		stream_go_on(&stream, size, 4, &whole);
		giving = (struct giving){ buffer_bytes(&whole), 0, false };
		assert_int_equal(stream_read(giving, &frames), OURO_END);
		assert_int_equal(frames, 5);
		/* and cut once more */
		stream_go_on(&whole, whole.size - 1, 4, &again);
		giving = (struct giving){ buffer_bytes(&again), 0, false };
		assert_int_equal(stream_read(giving, &frames), OURO_END);
		assert_int_equal(frames, 5);
	}
	buffer_release(&stream);
	buffer_release(&whole);
	buffer_release(&again);
}

/* No key seals two frames of one number: the same frame, written again after
 * a cut, has other bytes. */
static void
no_frame_is_sealed_twice_under_one_key(void **state)
{
	struct buffer stream = { 0 }, whole = { 0 };
	size_t last;

	(void)state;
	stream_make(&stream, 2);
	last = frame_at(&stream, 1);
	stream_go_on(&stream, last + 5, 2, &whole);
	assert_int_equal(get_u32le(whole.data + last), 0);
	assert_memory_equal(whole.data + last + BEGIN_SIZE, stream.data + last,
	    4);
	assert_memory_not_equal(whole.data + last + BEGIN_SIZE + 4,
	    stream.data + last + 4, 8);
	buffer_release(&stream);
	buffer_release(&whole);
}

/* Two that go on from one place cannot be mixed, nor can a beginning be moved,
 * added or left out. */
static void
continuations_cannot_be_mixed(void **state)
{
	struct buffer stream = { 0 }, a = { 0 }, b = { 0 };
	struct giving giving;
	unsigned frames;
	size_t cut;

	(void)state;
	stream_make(&stream, 4);
	cut = frame_at(&stream, 1);
	stream_go_on(&stream, cut, 4, &a);
	stream_go_on(&stream, cut, 4, &b);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, cut);

	/* the second half of b's continuation behind the first of a's */
	memcpy(a.data + frame_at(&a, 3), b.data + frame_at(&b, 3),
	    a.size - frame_at(&a, 3));
	giving = (struct giving){ buffer_bytes(&a), 0, false };
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_int_equal(frames, 2);

	/* without its beginning */
	memmove(b.data + cut, b.data + cut + BEGIN_SIZE,
	    b.size - cut - BEGIN_SIZE);
	b.size -= BEGIN_SIZE;
	giving = (struct giving){ buffer_bytes(&b), 0, false };
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_int_equal(frames, 1);

	/* a continuation of one place at another */
	stream_go_on(&stream, cut, 4, &a);
	b.size = 0;
	assert_int_equal(buffer_append(&b,
			     bytes_of(stream.data, frame_at(&stream, 2)), &err),
	    OURO_OK);
	assert_int_equal(buffer_append(&b, bytes_of(a.data + cut, a.size - cut),
			     &err),
	    OURO_OK);
	giving = (struct giving){ buffer_bytes(&b), 0, false };
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_int_equal(frames, 2);
	buffer_release(&stream);
	buffer_release(&a);
	buffer_release(&b);
}

/* ---- limits and failures ------------------------------------------------------ */

static void
lengths_are_not_trusted(void **state)
{
	struct buffer stream = { 0 };
	struct giving giving;
	unsigned frames;

	(void)state;
	stream_make(&stream, 1);
	giving = (struct giving){ buffer_bytes(&stream), 0, false };
	put_u32le(stream.data + 64, ARCHIVE_OPENER_MAX + 1);
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_non_null(strstr(err.text, "at byte 64"));
	put_u32le(stream.data + 64, ARCHIVE_OPENER_MAX);
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_non_null(strstr(err.text, "ends at byte"));
	put_u32le(stream.data + 64, 6);
	put_u32le(stream.data + frame_at(&stream, 0), ARCHIVE_FRAME_MAX + 1);
	assert_int_equal(stream_read(giving, &frames), OURO_DAMAGED);
	assert_non_null(strstr(err.text, "too long"));
	buffer_release(&stream);
}

static void
the_largest_frame(void **state)
{
	struct archive_head head = { .kind = ARCHIVE_BUNDLE };
	struct buffer stream = { 0 }, large = { 0 };
	struct archive_writer *writer;
	struct archive_reader *reader;
	struct giving giving;
	struct bytes part;
	uint8_t type;

	(void)state;
	assert_int_equal(buffer_resize(&large, ARCHIVE_FRAME_MAX, &err),
	    OURO_OK);
	memset(large.data, 9, large.size);
	assert_int_equal(archive_writer_new(fs, &head, secret, sink_append,
			     &stream, &writer, &err),
	    OURO_OK);
	part = buffer_bytes(&large);
	assert_int_equal(archive_write(writer, 1, &part, 1, &err),
	    OURO_TOO_LARGE);
	part.size--;
	assert_int_equal(archive_write(writer, 1, &part, 1, &err), OURO_OK);
	archive_writer_free(writer);
	giving = (struct giving){ buffer_bytes(&stream), 0, false };
	assert_int_equal(archive_reader_new(source_give, &giving, &reader,
			     &err),
	    OURO_OK);
	assert_int_equal(archive_read_head(reader, &head, &err), OURO_OK);
	assert_int_equal(archive_unlock(reader, secret, &err), OURO_OK);
	assert_int_equal(archive_read(reader, &type, &part, &err), OURO_OK);
	assert_true(
	    bytes_equal(part, bytes_of(large.data, ARCHIVE_FRAME_MAX - 1)));
	assert_int_equal(archive_offset(reader), HEAD_SIZE);
	archive_reader_free(reader);
	buffer_release(&stream);
	buffer_release(&large);
}

static enum ouro_status
sink_fail(void *context, const void *data, size_t size,
    struct ouro_error *error)
{
	unsigned *left = context;

	(void)data;
	(void)size;
	if ((*left)-- == 0)
		return error_set(error, OURO_NO_SPACE, "full");
	return OURO_OK;
}

static void
failures_of_source_and_sink_are_passed_on(void **state)
{
	struct archive_head head = { .kind = ARCHIVE_VAULT };
	struct buffer stream = { 0 };
	struct archive_writer *writer;
	struct giving giving;
	unsigned frames, left = 0;

	(void)state;
	assert_int_equal(archive_writer_new(fs, &head, secret, sink_fail, &left,
			     &writer, &err),
	    OURO_NO_SPACE);
	left = 1;
	assert_int_equal(archive_writer_new(fs, &head, secret, sink_fail, &left,
			     &writer, &err),
	    OURO_OK);
	assert_int_equal(archive_write(writer, 1, NULL, 0, &err),
	    OURO_NO_SPACE);
	archive_writer_free(writer);
	stream_make(&stream, 2);
	for (size_t size = 0; size <= stream.size; size++) {
		giving = (struct giving){ bytes_of(stream.data, size), 0,
			true };
		assert_int_equal(stream_read(giving, &frames), OURO_IO);
		assert_string_equal(err.text, "the pipe broke");
	}
	buffer_release(&stream);
}

/* ---- bundles -------------------------------------------------------------------- */

static void
only_its_key_unlocks_a_bundle(void **state)
{
	uint8_t opener[ARCHIVE_BUNDLE_SIZE], key[KEY_SIZE], found[KEY_SIZE];
	struct member_key member, other;

	(void)state;
	assert_int_equal(member_key_new(fs, &member, &err), OURO_OK);
	assert_int_equal(member_key_new(fs, &other, &err), OURO_OK);
	assert_int_equal(archive_bundle_lock(fs, member.public_key, key, opener,
			     &err),
	    OURO_OK);
	assert_int_equal(archive_bundle_unlock(bytes_of(opener, sizeof opener),
			     member.seed, found, &err),
	    OURO_OK);
	assert_memory_equal(key, found, KEY_SIZE);
	assert_int_equal(archive_bundle_unlock(bytes_of(opener, sizeof opener),
			     other.seed, found, &err),
	    OURO_WRONG_KEY);
	assert_int_equal(archive_bundle_unlock(bytes_of(opener,
						   sizeof opener - 1),
			     member.seed, found, &err),
	    OURO_DAMAGED);
	for (size_t at = FINGERPRINT_SIZE; at < sizeof opener; at += 97) {
		opener[at] ^= 1;
		assert_int_equal(archive_bundle_unlock(bytes_of(opener,
							   sizeof opener),
				     member.seed, found, &err),
		    OURO_DAMAGED);
		opener[at] ^= 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_reads_as_it_was_written),
		cmocka_unit_test(every_flipped_bit_is_damage),
		cmocka_unit_test(every_cut_is_told),
		cmocka_unit_test(what_follows_the_end_is_damage),
		cmocka_unit_test(frames_cannot_be_left_out_or_exchanged),
		cmocka_unit_test(a_cut_stream_is_gone_on_with),
		cmocka_unit_test(no_frame_is_sealed_twice_under_one_key),
		cmocka_unit_test(continuations_cannot_be_mixed),
		cmocka_unit_test(lengths_are_not_trusted),
		cmocka_unit_test(the_largest_frame),
		cmocka_unit_test(failures_of_source_and_sink_are_passed_on),
		cmocka_unit_test(only_its_key_unlocks_a_bundle),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
