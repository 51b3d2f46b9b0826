#include "data.h"

#include <stdio.h>
#include <stdlib.h>

#include "folder.h"

#define KIB		((uint64_t)1024)
#define MIB		(1024 * KIB)
#define CORPUS_MAX	(192 * MIB)
#define CORPUS_FILE_MAX (16 * MIB)
#define MIDDLE_MIN	(256 * KIB)
#define MIDDLE_MAX	(4 * MIB)
#define LARGE_MIN	(8 * MIB) /* what an edit takes for a large file */
#define PATCH_SIZE	(64 * KIB)
#define PATCH_SHARE	100 /* one of so many bytes */
#define INSERT_MAX	4096
#define SEED		UINT64_C(20240229)

enum kind { KIND_TEXT, KIND_PROGRAM, KIND_RANDOM, KINDS };

static const struct {
	const char *name;
	const char *sources[3];
	/* Shorter than any program's shortest chunk: so that nothing repeats
	 * in a way that deduplication would find. */
	uint64_t fragment_min, fragment_max;
} kinds[KINDS] = {
	{ "text", { "/usr/share/doc", "/usr/include", "/usr/share/perl" },
	    4 * KIB, 64 * KIB },
	{ "program", { "/usr/bin", "/usr/lib" }, 16 * KIB, 96 * KIB },
	{ "random", { NULL }, 0, 0 },
};

/* ---- drawing ----------------------------------------------------------------- */

/* SplitMix64. */
static uint64_t
draw(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* least to most, both included. */
static uint64_t
draw_between(uint64_t *seed, uint64_t least, uint64_t most)
{
	return least + draw(seed) % (most - least + 1);
}

static void
draw_bytes(uint64_t *seed, uint8_t *out, size_t size)
{
	while (size >= 8) {
		put_u64le(out, draw(seed));
		out += 8;
		size -= 8;
	}
	while (size-- > 0)
		*out++ = (uint8_t)draw(seed);
}

/* ---- what the fragments come from ---------------------------------------------- */

static bool
fits_kind(enum kind kind, struct bytes file)
{
	if (kind == KIND_PROGRAM)
		return bytes_has_prefix(file, bytes_text("\177ELF"));
	return file.size > 0 && memchr(file.data, 0, file.size) == NULL &&
	    memchr(file.data, 0xff, file.size) == NULL;
}

static bool
corpus_add(enum kind kind, const char *source, struct buffer *corpus)
{
	struct buffer file = { 0 };
	struct folder folder;
	bool fine = folder_open(source, &folder);

	for (size_t i = 0; fine && i < folder.count; i++) {
		char *path = path_join(source, folder.files[i].path);

		if (corpus->size >= CORPUS_MAX) {
			free(path);
			break;
		}
		if (file_load(path, CORPUS_FILE_MAX, &file) &&
		    fits_kind(kind, buffer_bytes(&file)))
			fine = buffer_append(corpus, buffer_bytes(&file),
				   NULL) == OURO_OK;
		free(path);
	}
	folder_close(&folder);
	buffer_release(&file);
	return fine;
}

static bool
corpus_load(enum kind kind, struct buffer *corpus)
{
	for (size_t i = 0; i < 3 && kinds[kind].sources[i] != NULL; i++)
		if (!corpus_add(kind, kinds[kind].sources[i], corpus))
			return false;
	if (corpus->size >= 8 * MIB)
		return true;
	fprintf(stderr, "bench: too few files of the kind \"%s\" below %s\n",
	    kinds[kind].name, kinds[kind].sources[0]);
	return false;
}

/* ---- making ------------------------------------------------------------------------ */

struct making {
	const char *directory;
	enum kind kind;
	uint64_t seed;
	struct buffer corpus;
	struct buffer file;
};

static void
fill(struct making *making, size_t size)
{
	uint8_t *out = making->file.data;

	if (making->kind == KIND_RANDOM) {
		draw_bytes(&making->seed, out, size);
		return;
	}
	for (size_t at = 0; at < size;) {
		uint64_t length = draw_between(&making->seed,
		    kinds[making->kind].fragment_min,
		    kinds[making->kind].fragment_max);
		uint64_t from = draw_between(&making->seed, 0,
		    making->corpus.size - length);

		if (length > size - at)
			length = size - at;
		memcpy(out + at, making->corpus.data + from, (size_t)length);
		at += (size_t)length;
	}
}

static bool
make_file(struct making *making, unsigned number, uint64_t size)
{
	char name[64];
	char *path;
	bool fine;

	if (buffer_resize(&making->file, (size_t)size, NULL) != OURO_OK)
		return complain("memory");
	fill(making, (size_t)size);
	snprintf(name, sizeof name, "%s/%03u", kinds[making->kind].name,
	    number);
	path = path_join(making->directory, name);
	fine = file_save(path, buffer_bytes(&making->file));
	free(path);
	return fine;
}

static bool
make_kind(struct making *making, uint64_t size)
{
	unsigned number = 0;
	bool fine = making->kind == KIND_RANDOM ||
	    corpus_load(making->kind, &making->corpus);
	uint64_t left = size - size / 2;

	if (fine)
		fine = make_file(making, number++, size / 2);
	while (fine && left > 0) {
		uint64_t part = draw_between(&making->seed, MIDDLE_MIN,
		    MIDDLE_MAX);

		if (part > left)
			part = left;
		fine = make_file(making, number++, part);
		left -= part;
	}
	buffer_release(&making->corpus);
	buffer_release(&making->file);
	return fine;
}

bool
data_make(const char *directory, uint64_t size)
{
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct making making = { .directory = directory,
			.kind = kind,
			.seed = SEED + kind };

		if (!make_kind(&making, size / KINDS))
			return false;
	}
	return true;
}

/* ---- editing -------------------------------------------------------------------------- */

/* Blocks are overwritten with others of the same file: as compressible as
 * what was there. */
static void
edit_patch(struct buffer *file, uint64_t *seed)
{
	uint64_t spots = file->size / PATCH_SHARE;
	uint64_t room;

	if (file->size < 2 * PATCH_SIZE)
		return;
	room = file->size - PATCH_SIZE;
	/* The part of a block that is left over becomes one by chance. */
	spots = (spots + draw(seed) % PATCH_SIZE) / PATCH_SIZE;
	while (spots-- > 0) {
		uint64_t to = draw_between(seed, 0, room);
		uint64_t from = draw_between(seed, 0, room);

		memmove(file->data + to, file->data + from, PATCH_SIZE);
	}
}

static bool
edit_insert(struct buffer *file, uint64_t *seed)
{
	uint8_t fresh[INSERT_MAX];
	size_t length = (size_t)draw_between(seed, 1, INSERT_MAX);
	size_t before = file->size;
	size_t at = (size_t)draw_between(seed, 0, before);

	draw_bytes(seed, fresh, length);
	if (buffer_resize(file, before + length, NULL) != OURO_OK)
		return complain("memory");
	memmove(file->data + at + length, file->data + at, before - at);
	memcpy(file->data + at, fresh, length);
	return true;
}

static bool
edit_file(const char *from, const char *to, uint64_t *seed)
{
	struct buffer file = { 0 };
	bool fine = file_load(from, UINT64_MAX, &file);
	unsigned inserts;

	if (fine) {
		edit_patch(&file, seed);
		inserts = file.size >= LARGE_MIN ? 3 : draw(seed) % 8 == 0;
		while (fine && inserts-- > 0)
			fine = edit_insert(&file, seed);
	}
	if (fine)
		fine = file_save(to, buffer_bytes(&file));
	buffer_release(&file);
	return fine;
}

bool
data_edit(const char *from, const char *to)
{
	uint64_t seed = SEED + KINDS;
	struct folder folder;
	bool fine = folder_open(from, &folder);

	for (size_t i = 0; fine && i < folder.count; i++) {
		char *old = path_join(from, folder.files[i].path);
		char *new = path_join(to, folder.files[i].path);

		fine = edit_file(old, new, &seed);
		free(old);
		free(new);
	}
	folder_close(&folder);
	return fine;
}
