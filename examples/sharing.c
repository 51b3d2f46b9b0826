/*
 * A content for somebody who has no access to the vault: a grant wraps its one
 * key for their public key, a bundle carries it to them, and they read it with
 * nothing but their key file.
 *
 *   cc sharing.c $(pkg-config --cflags --libs ouroboros) -o sharing
 *   ./sharing DIRECTORY BUNDLE FRIENDS_KEY
 */
#include <ouroboros.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A bundle is written to wherever bytes can go. */
static enum ouro_status
file_write(void *context, const void *data, size_t size, struct ouro_error *err)
{
	(void)err;
	return fwrite(data, 1, size, context) == size ? OURO_OK : OURO_IO;
}

static enum ouro_status
text_put(struct ouro_vault *vault, const char *text,
    uint8_t content[OURO_ID_SIZE], struct ouro_error *err)
{
	struct ouro_put_result result;
	struct ouro_put *put;
	enum ouro_status status = ouro_put_begin(vault, NULL, &put, err);

	if (status != OURO_OK)
		return status;
	status = ouro_put_write(put, text, strlen(text), err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	status = ouro_put_finish(put, &result, err);
	if (status == OURO_OK)
		memcpy(content, result.content, OURO_ID_SIZE);
	return status;
}

/* The owner's side: `friend` is all that is known of the other one. */
static enum ouro_status
hand_out(struct ouro_vault *vault, const char *friend, const char *path,
    struct ouro_error *err)
{
	struct ouro_share_result result;
	uint8_t letter[OURO_ID_SIZE], diary[OURO_ID_SIZE];
	FILE *file;
	enum ouro_status status;

	status = text_put(vault, "Dear friend\n", letter, err);
	if (status == OURO_OK)
		status = text_put(vault, "Dear diary\n", diary, err);
	if (status == OURO_OK)
		status = ouro_share(vault, letter, friend, NULL, &result, err);
	if (status != OURO_OK)
		return status;
	file = fopen(path, "wb");
	if (file == NULL)
		return OURO_IO;
	status = ouro_bundle_write(vault, NULL, result.fingerprint, file_write,
	    file, err);
	if (fclose(file) != 0 && status == OURO_OK)
		status = OURO_IO;
	return status;
}

struct reading {
	struct ouro_bundle *bundle;
	enum ouro_status status;
};

static bool
item_read(void *context, const struct ouro_bundle_item *item)
{
	struct reading *reading = context;

	printf("%" PRIu64 " bytes: ", item->bytes);
	reading->status = ouro_bundle_read(reading->bundle, item->content,
	    file_write, stdout, NULL);
	return reading->status == OURO_OK;
}

/* The friend's side: a bundle and a key file, no vault. */
static enum ouro_status
take(const char *path, const char *key_file, struct ouro_error *err)
{
	struct reading reading = { .status = OURO_OK };
	enum ouro_status status = ouro_bundle_open(path, key_file, NULL,
	    &reading.bundle, err);

	if (status == OURO_OK)
		status = ouro_bundle_list(reading.bundle, item_read, &reading,
		    err);
	ouro_bundle_close(reading.bundle);
	return status == OURO_OK ? reading.status : status;
}

static enum ouro_status
run(char **arguments, struct ouro_error *err)
{
	struct ouro_vault *vault = NULL;
	char *friend = NULL;
	enum ouro_status status;

	/* The friend makes a key once, and gives away its public half. */
	status = ouro_key_make(arguments[3], NULL, err);
	if (status == OURO_OK || status == OURO_EXISTS)
		status = ouro_key_public(arguments[3], NULL, &friend, err);
	if (status == OURO_OK)
		status = ouro_vault_open(arguments[1], NULL, &vault, err);
	if (status == OURO_OK)
		status = hand_out(vault, friend, arguments[2], err);
	ouro_vault_close(vault);
	free(friend);
	return status == OURO_OK ? take(arguments[2], arguments[3], err)
				 : status;
}

int
main(int argc, char **argv)
{
	struct ouro_error err = { .text = "a file cannot be written" };

	if (argc != 4) {
		fprintf(stderr, "usage: %s DIRECTORY BUNDLE FRIENDS_KEY\n",
		    argv[0]);
		return 2;
	}
	if (run(argv, &err) != OURO_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	return 0;
}
