/*
 * A backup of files: what a program needs to keep content in a vault, and to
 * see that equal parts are stored once.
 *
 *   cc files.c $(pkg-config --cflags --libs ouroboros) -o files
 *   ./files DIRECTORY FILE...
 */
#include <ouroboros.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int
fail(const struct ouro_error *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

/* Streams a file in, under its own name. Whatever its size, memory is bounded
 * by a few chunks. */
static enum ouro_status
file_put(struct ouro_vault *vault, const char *path,
    struct ouro_put_result *result, struct ouro_error *err)
{
	struct ouro_put_options options = { .size = sizeof options,
		.name = path };
	struct ouro_put *put;
	char buffer[65536];
	size_t got;
	FILE *file = fopen(path, "rb");
	enum ouro_status status;

	if (file == NULL) {
		snprintf(err->text, sizeof err->text, "cannot open %s", path);
		return OURO_IO;
	}
	status = ouro_put_begin(vault, &options, &put, err);
	while (status == OURO_OK &&
	    (got = fread(buffer, 1, sizeof buffer, file)) > 0) {
		status = ouro_put_write(put, buffer, got, err);
		if (status != OURO_OK)
			ouro_put_abort(put); /* nothing of it is visible */
	}
	fclose(file);
	/* Durable when it returns. */
	return status == OURO_OK ? ouro_put_finish(put, result, err) : status;
}

/* Its last bytes: reading begins anywhere. */
static enum ouro_status
tail_print(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    struct ouro_error *err)
{
	struct ouro_get *get;
	char buffer[6] = "";
	size_t got = 0;
	uint64_t size;
	enum ouro_status status = ouro_get_open(vault, id, &get, err);

	if (status != OURO_OK)
		return status;
	size = ouro_get_size(get);
	status = ouro_get_seek(get, size < 5 ? 0 : size - 5, err);
	if (status == OURO_OK)
		status = ouro_get_read(get, buffer, 5, &got, err);
	ouro_get_close(get);
	printf(", ends with \"%.*s\"\n", (int)strcspn(buffer, "\n"), buffer);
	return status;
}

static enum ouro_status
backup(struct ouro_vault *vault, const char *path, struct ouro_error *err)
{
	struct ouro_put_result result;
	enum ouro_status status = file_put(vault, path, &result, err);

	if (status != OURO_OK)
		return status;
	/* Files that differ in one place share all their other chunks. */
	printf("%s: %" PRIu64 " bytes, %s", path, result.bytes,
	    result.bytes_new == 0		  ? "nothing new"
		: result.bytes_new < result.bytes ? "part of it new"
						  : "all of it new");
	return tail_print(vault, result.content, err);
}

int
main(int argc, char **argv)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_vault *vault;
	enum ouro_status status = OURO_OK;

	if (argc < 3) {
		fprintf(stderr, "usage: %s DIRECTORY FILE...\n", argv[0]);
		return 2;
	}
	/* Made, with its keys, when it is missing. */
	if (ouro_vault_open(argv[1], NULL, &vault, &err) != OURO_OK)
		return fail(&err);
	for (int i = 2; i < argc && status == OURO_OK; i++)
		status = backup(vault, argv[i], &err);
	ouro_vault_close(vault);
	return status == OURO_OK ? 0 : fail(&err);
}
