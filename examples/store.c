/*
 * An address book: what a program needs to keep its data in a store.
 *
 *   cc store.c $(pkg-config --cflags --libs ouroboros) -o store
 *   ./store DIRECTORY
 */
#include <ouroboros.h>

#include <stdio.h>
#include <string.h>

static int
fail(const struct ouro_error *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

/* Two keys that belong together are written together: in a batch. */
static enum ouro_status
person_add(struct ouro_store *store, const char *name, const char *phone,
    struct ouro_error *err)
{
	struct ouro_store_batch *batch = ouro_store_batch_new();
	enum ouro_status status;
	char by_name[64], by_phone[64];
	int name_size, phone_size;

	name_size = snprintf(by_name, sizeof by_name, "name/%.50s", name);
	phone_size = snprintf(by_phone, sizeof by_phone, "phone/%.50s", phone);
	status = ouro_store_batch_put_if_absent(batch, by_name,
	    (size_t)name_size, phone, strlen(phone), err);
	if (status == OURO_OK)
		status = ouro_store_batch_put(batch, by_phone,
		    (size_t)phone_size, name, strlen(name), err);
	/* Durable when it returns; OURO_CONFLICT if the name is taken. */
	if (status == OURO_OK)
		status = ouro_store_write(store, batch, OURO_SYNC_DEFAULT, err);
	ouro_store_batch_free(batch);
	return status;
}

/* A range is a prefix: all names, in order. */
static enum ouro_status
people_print(struct ouro_store *store, struct ouro_error *err)
{
	struct ouro_range range = { .size = sizeof range,
		.prefix = "name/",
		.prefix_size = 5 };
	struct ouro_scan *scan;
	struct ouro_item item;
	enum ouro_status status = ouro_scan_open(store, &range, &scan, err);

	if (status != OURO_OK)
		return status;
	while ((status = ouro_scan_next(scan, &item, err)) == OURO_OK)
		printf("%.*s: %.*s\n", (int)item.key_size - 5,
		    (const char *)item.key + 5, (int)item.value_size,
		    (const char *)item.value);
	ouro_scan_close(scan);
	return status == OURO_END ? OURO_OK : status;
}

int
main(int argc, char **argv)
{
	struct ouro_error err;
	struct ouro_store *store;
	struct ouro_value value;
	enum ouro_status status;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	if (ouro_store_open(argv[1], NULL, &store, &err) != OURO_OK)
		return fail(&err);

	status = person_add(store, "Ada", "0815", &err);
	if (status == OURO_OK || status == OURO_CONFLICT)
		status = person_add(store, "Grace", "4711", &err);
	if (status == OURO_OK || status == OURO_CONFLICT)
		status = people_print(store, &err);

	/* A value is borrowed where it lies, until it is released. */
	if (status == OURO_OK)
		status = ouro_store_get(store, "phone/0815", 10, &value, &err);
	if (status == OURO_OK) {
		printf("0815 is %.*s\n", (int)value.size,
		    (const char *)value.data);
		ouro_value_release(&value);
	}

	ouro_store_close(store);
	return status == OURO_OK ? 0 : fail(&err);
}
