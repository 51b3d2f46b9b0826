#include "vault/store_file.h"

#include <assert.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/log.h"
#include "crypt/hash.h"
#include "seal/keyring.h"

static const char magic[8] = { 'O', 'U', 'R', 'O', 'F', 'I', 'L', 'E' };
#define MAGIC_SIZE     8
#define HEAD_SIZE      16 /* magic, kind, size */
#define FRAME_SIZE     (HEAD_SIZE + HASH_SIZE)
#define STORE_SIZE_MAX (2u * 1024 * 1024)

const char *
store_file_name(enum store_file_kind kind)
{
	return kind == STORE_FILE_KEYRING ? "keyring" : "OUROBOROS";
}

static size_t
content_max(enum store_file_kind kind)
{
	return kind == STORE_FILE_KEYRING ? KEYRING_SIZE_MAX : STORE_SIZE_MAX;
}

static enum ouro_status
file_path(char out[FS_PATH_MAX], const char *dir, enum store_file_kind kind,
    bool copy, struct ouro_error *err)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%s", store_file_name(kind),
	    copy ? ".copy" : "");
	return fs_join(out, dir, name, err);
}

/* ---- the frame ------------------------------------------------------------ */

static enum ouro_status
frame_encode(enum store_file_kind kind, struct bytes content,
    struct buffer *out, struct ouro_error *err)
{
	uint8_t head[HEAD_SIZE], hash[HASH_SIZE];
	enum ouro_status status;

	if (content.size > content_max(kind))
		return error_set(err, OURO_TOO_LARGE,
		    "%s would have %zu bytes, more than the %zu allowed",
		    store_file_name(kind), content.size, content_max(kind));
	memcpy(head, magic, MAGIC_SIZE);
	put_u32le(head + 8, (uint32_t)kind);
	put_u32le(head + 12, (uint32_t)content.size);
	status = buffer_append(out, bytes_of(head, HEAD_SIZE), err);
	if (status == OURO_OK)
		status = buffer_append(out, content, err);
	if (status == OURO_OK)
		status = hash_sha256(buffer_bytes(out), hash, err);
	if (status == OURO_OK)
		status = buffer_append(out, bytes_of(hash, HASH_SIZE), err);
	assert(status != OURO_OK || out->size == content.size + FRAME_SIZE);
	return status;
}

/* content is borrowed from frame. */
static enum ouro_status
frame_decode(struct bytes frame, const char *path, enum store_file_kind kind,
    struct bytes *content, struct ouro_error *err)
{
	uint8_t hash[HASH_SIZE];
	const char *fault = NULL;
	enum ouro_status status;

	if (frame.size < FRAME_SIZE)
		fault = "it is too short";
	else if (memcmp(frame.data, magic, MAGIC_SIZE) != 0)
		fault = "it does not begin as it must";
	else if (get_u32le(frame.data + 8) != (uint32_t)kind)
		fault = "it is of another kind";
	else if (get_u32le(frame.data + 12) != frame.size - FRAME_SIZE)
		fault = "its size is not the one it states";
	if (fault == NULL) {
		size_t hashed = frame.size - HASH_SIZE;

		status = hash_sha256(bytes_of(frame.data, hashed), hash, err);
		if (status != OURO_OK)
			return status;
		if (memcmp(hash, frame.data + hashed, HASH_SIZE) != 0)
			fault = "its hash does not fit";
	}
	if (fault != NULL)
		return error_set(err, OURO_DAMAGED, "%s is damaged: %s", path,
		    fault);
	*content = bytes_of(frame.data + HEAD_SIZE, frame.size - FRAME_SIZE);
	return OURO_OK;
}

/* ---- writing -------------------------------------------------------------- */

/* As before the writing, as far as the disk lets us: the first decides. */
static void
write_undo(struct fs *fs, char paths[2][FS_PATH_MAX],
    const struct buffer *previous, bool existed)
{
	if (existed) {
		(void)fs_write_file(fs, paths[0], buffer_bytes(previous), NULL);
		return;
	}
	(void)fs_unlink(fs, paths[1], NULL);
	(void)fs_unlink(fs, paths[0], NULL);
}

enum ouro_status
store_file_write(struct fs *fs, const char *dir, enum store_file_kind kind,
    struct bytes content, struct ouro_error *err)
{
	char paths[2][FS_PATH_MAX];
	struct buffer frame = { 0 }, previous = { 0 };
	enum ouro_status status, before;

	status = file_path(paths[0], dir, kind, false, err);
	if (status == OURO_OK)
		status = file_path(paths[1], dir, kind, true, err);
	if (status == OURO_OK)
		status = frame_encode(kind, content, &frame, err);
	if (status != OURO_OK)
		goto out;
	before = fs_read_file(fs, paths[0], content_max(kind) + FRAME_SIZE,
	    &previous, NULL);
	for (int i = 0; status == OURO_OK && i < 2; i++)
		status = fs_write_file(fs, paths[i], buffer_bytes(&frame), err);
	if (status != OURO_OK &&
	    (before == OURO_OK || before == OURO_NOT_FOUND))
		write_undo(fs, paths, &previous, before == OURO_OK);
out:
	buffer_release(&previous);
	buffer_release(&frame);
	return status;
}

/* ---- reading -------------------------------------------------------------- */

static enum ouro_status
file_read(struct fs *fs, const char *path, enum store_file_kind kind,
    struct buffer *content, struct ouro_error *err)
{
	struct buffer frame = { 0 };
	struct bytes inside = { 0 };
	enum ouro_status status;

	status = fs_read_file(fs, path, content_max(kind) + FRAME_SIZE, &frame,
	    err);
	if (status == OURO_TOO_LARGE)
		status = error_set(err, OURO_DAMAGED,
		    "%s is damaged: it is too large", path);
	if (status == OURO_OK)
		status = frame_decode(buffer_bytes(&frame), path, kind, &inside,
		    err);
	if (status == OURO_OK && content != NULL)
		status = buffer_set(content, inside, err);
	buffer_release(&frame);
	return status;
}

void
store_file_check(struct fs *fs, const char *dir, enum store_file_kind kind,
    bool copy, struct buffer *content, struct store_file_state *out)
{
	char path[FS_PATH_MAX];

	*out = (struct store_file_state){ 0 };
	out->status = file_path(path, dir, kind, copy, &out->error);
	if (out->status == OURO_OK)
		out->status = file_read(fs, path, kind, content, &out->error);
}

/* Is this one known to be wrong, so that nothing is lost with it? Of one that
 * cannot be read nobody knows: it may be whole, and newer than the other. */
static bool
state_is_wrong(const struct store_file_state *state)
{
	return state->status == OURO_NOT_FOUND || state->status == OURO_DAMAGED;
}

/* Wrong or not to be read: the other one may stand for it. */
static bool
state_is_bad(const struct store_file_state *state)
{
	return state_is_wrong(state) || state->status == OURO_IO;
}

/* The one answer for two files of which neither could be read. */
static enum ouro_status
neither_whole(const struct store_file_state state[2], struct ouro_error *err)
{
	int told = state[0].status == OURO_NOT_FOUND ? 1 : 0;
	bool unread = state[0].status == OURO_IO || state[1].status == OURO_IO;

	if (state_is_bad(&state[0]) && state_is_bad(&state[1]) &&
	    (state[0].status == OURO_DAMAGED ||
		state[1].status == OURO_DAMAGED))
		return error_set(err, unread ? OURO_IO : OURO_DAMAGED,
		    "%.240s; %.240s", state[0].error.text, state[1].error.text);
	if (err != NULL)
		*err = state[told].error;
	return state[told].status;
}

/* Writes one of the two again. A failure leaves the other, which is whole. */
static void
file_heal(struct fs *fs, const char *dir, enum store_file_kind kind, bool copy,
    struct bytes content, const struct log *log)
{
	char path[FS_PATH_MAX];
	struct buffer frame = { 0 };
	struct ouro_error error;
	enum ouro_status status;

	status = file_path(path, dir, kind, copy, &error);
	if (status == OURO_OK)
		status = frame_encode(kind, content, &frame, &error);
	if (status == OURO_OK)
		status = fs_write_file(fs, path, buffer_bytes(&frame), &error);
	if (status == OURO_OK)
		log_write(log, LOG_WARNING,
		    "%s was written again from its "
		    "second copy",
		    path);
	else
		log_write(log, LOG_ERROR, "%s could not be written again: %s",
		    store_file_name(kind), error.text);
	buffer_release(&frame);
}

/* A second try: what failed in passing must not decide which one is taken. */
static void
file_check(const struct store_file_choice *choice, bool copy,
    struct buffer *content, struct store_file_state *out)
{
	for (int i = 0; i < 2; i++) {
		store_file_check(choice->fs, choice->dir, choice->kind, copy,
		    content, out);
		if (out->status != OURO_IO)
			return;
	}
}

/* Reads both and hears the judge; equal ones are judged once. */
static void
both_check(const struct store_file_choice *choice, struct buffer found[2],
    struct store_file_state state[2], uint64_t rank[2])
{
	for (int i = 0; i < 2; i++) {
		file_check(choice, i == 1, &found[i], &state[i]);
		if (state[i].status != OURO_OK || choice->judge == NULL)
			continue;
		if (i == 1 && state[0].status == OURO_OK &&
		    bytes_equal(buffer_bytes(&found[0]),
			buffer_bytes(&found[1]))) {
			rank[1] = rank[0];
			continue;
		}
		state[i].status = choice->judge(choice->context,
		    buffer_bytes(&found[i]), &rank[i], &state[i].error);
	}
}

/* Writes again what is missing, wrong or different; what cannot be read is
 * left as it is, for a repair or the next writing. */
static void
both_heal(const struct store_file_choice *choice, const struct buffer found[2],
    const struct store_file_state state[2], int good)
{
	for (int i = 0; i < 2; i++) {
		bool heal = state[i].status == OURO_OK
		    ? !bytes_equal(buffer_bytes(&found[i]),
			  buffer_bytes(&found[good]))
		    : state_is_wrong(&state[i]);

		if (state[i].status != OURO_OK)
			log_write(choice->log, LOG_WARNING, "%s",
			    state[i].error.text);
		if (heal && !choice->read_only)
			file_heal(choice->fs, choice->dir, choice->kind, i == 1,
			    buffer_bytes(&found[good]), choice->log);
	}
}

enum ouro_status
store_file_choose(const struct store_file_choice *choice,
    struct buffer *content, struct ouro_error *err)
{
	struct store_file_state state[2];
	struct buffer found[2] = { { 0 }, { 0 } };
	uint64_t rank[2] = { 0, 0 };
	enum ouro_status status;
	int good;

	both_check(choice, found, state, rank);
	good = state[0].status != OURO_OK ||
	    (state[1].status == OURO_OK && rank[1] > rank[0]);
	if (state[good].status != OURO_OK ||
	    (state[0].status != OURO_OK && !state_is_bad(&state[0]))) {
		status = neither_whole(state, err);
	} else {
		both_heal(choice, found, state, good);
		status = buffer_set(content, buffer_bytes(&found[good]), err);
	}
	buffer_release(&found[0]);
	buffer_release(&found[1]);
	return status;
}

enum ouro_status
store_file_read(struct fs *fs, const char *dir, enum store_file_kind kind,
    bool read_only, const struct log *log, struct buffer *content,
    struct ouro_error *err)
{
	struct store_file_choice choice = { fs, dir, kind, read_only, log, NULL,
		NULL };

	return store_file_choose(&choice, content, err);
}
