/*
 * Two people edit one note: versions of a name, the conflict between them, and
 * its merge.
 *
 *   cc versions.c $(pkg-config --cflags --libs ouroboros) -o versions
 *   ./versions DIRECTORY
 */
#include <ouroboros.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE "notes/party"

/* Writes the note on top of what its writer had read: base, count versions.
 * What somebody else wrote meanwhile is not overwritten. */
static enum ouro_status
note_write(struct ouro_vault *vault, const char *text,
    const uint8_t (*base)[OURO_ID_SIZE], size_t count,
    uint8_t version[OURO_ID_SIZE], struct ouro_error *err)
{
	struct ouro_put_options options = { .size = sizeof options,
		.name = NOTE,
		.base = OURO_BASE_GIVEN,
		.base_versions = base,
		.base_count = count };
	struct ouro_put_result result;
	struct ouro_put *put;
	enum ouro_status status = ouro_put_begin(vault, &options, &put, err);

	if (status != OURO_OK)
		return status;
	status = ouro_put_write(put, text, strlen(text), err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	status = ouro_put_finish(put, &result, err);
	if (status == OURO_OK)
		memcpy(version, result.version, OURO_ID_SIZE);
	return status;
}

/* What is to be merged. */
struct heads {
	struct ouro_vault *vault;
	uint8_t ids[8][OURO_ID_SIZE];
	size_t count;
};

static bool
head_add(void *context, const struct ouro_version *version)
{
	struct heads *heads = context;

	memcpy(heads->ids[heads->count++], version->id, OURO_ID_SIZE);
	return heads->count < 8;
}

/* Puts together what all heads say, and writes it in their place. */
static enum ouro_status
note_merge(struct ouro_vault *vault, struct ouro_error *err)
{
	struct heads heads = { .vault = vault };
	uint8_t version[OURO_ID_SIZE];
	char merged[1000] = ""; /* 8 of up to 100 bytes */
	size_t used = 0;
	enum ouro_status status = ouro_heads(vault, NULL, NOTE, head_add,
	    &heads, err);

	for (size_t i = 0; i < heads.count && status == OURO_OK; i++) {
		void *data;
		size_t size;

		status = ouro_get_whole(vault, heads.ids[i], 100, &data, &size,
		    err);
		if (status != OURO_OK)
			break;
		used += (size_t)snprintf(merged + used, sizeof merged - used,
		    "%s%s", i > 0 ? ", " : "", (const char *)data);
		free(data);
	}
	if (status == OURO_OK)
		status = note_write(vault, merged,
		    (const uint8_t(*)[OURO_ID_SIZE])heads.ids, heads.count,
		    version, err);
	return status;
}

static enum ouro_status
note_print(struct ouro_vault *vault, struct ouro_error *err)
{
	uint8_t content[OURO_ID_SIZE];
	void *data;
	size_t size;
	enum ouro_status status = ouro_name_read(vault, NULL, NOTE, content,
	    NULL, err);

	if (status == OURO_OK)
		status = ouro_get_whole(vault, content, 1000, &data, &size,
		    err);
	if (status != OURO_OK)
		return status;
	printf("now: %s\n", (const char *)data);
	free(data);
	return OURO_OK;
}

static bool
version_print(void *context, const struct ouro_version *version)
{
	struct ouro_vault *vault = context;
	void *data;
	size_t size;

	if (ouro_get_whole(vault, version->content, 1000, &data, &size, NULL) !=
	    OURO_OK)
		return false;
	printf("%s %s (replaces %zu)\n", version->head ? "*" : " ",
	    (const char *)data, version->previous_count);
	free(data);
	return true;
}

static enum ouro_status
run(struct ouro_vault *vault, struct ouro_error *err)
{
	uint8_t first[1][OURO_ID_SIZE], ada[OURO_ID_SIZE], bob[OURO_ID_SIZE];
	const uint8_t(
	    *base)[OURO_ID_SIZE] = (const uint8_t(*)[OURO_ID_SIZE])first;
	enum ouro_status status;

	status = note_write(vault, "bread", NULL, 0, first[0], err);
	/* Both have read the first version; neither saw the other's. */
	if (status == OURO_OK)
		status = note_write(vault, "bread, wine", base, 1, ada, err);
	if (status == OURO_OK)
		status = note_write(vault, "bread, salt", base, 1, bob, err);
	if (status == OURO_OK)
		status = note_merge(vault, err);
	if (status == OURO_OK)
		status = note_print(vault, err);
	/* Newest first; the one head is marked. */
	if (status == OURO_OK)
		status = ouro_history(vault, NULL, NOTE, version_print, vault,
		    err);
	return status;
}

int
main(int argc, char **argv)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_vault *vault;
	enum ouro_status status;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	status = ouro_vault_open(argv[1], NULL, &vault, &err);
	if (status == OURO_OK) {
		status = run(vault, &err);
		ouro_vault_close(vault);
	}
	if (status != OURO_OK)
		fprintf(stderr, "%s\n", err.text);
	return status == OURO_OK ? 0 : 1;
}
