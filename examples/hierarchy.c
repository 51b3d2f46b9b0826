/*
 * A value under a key of its own choosing, updated later, with children that
 * say themselves whose they are.
 *
 *   cc hierarchy.c $(pkg-config --cflags --libs ouroboros) -o hierarchy
 *   ./hierarchy DIRECTORY
 */
#include <ouroboros.h>

#include <stdio.h>
#include <string.h>

/* Stores text under a name; parent may be NULL. */
static enum ouro_status
value_put(struct ouro_vault *vault, const char *name, const uint8_t *parent,
    const char *text, uint8_t content[OURO_ID_SIZE], struct ouro_error *err)
{
	struct ouro_put_options options = { .size = sizeof options,
		.name = name,
		.parent = parent,
		.type = "text/plain" };
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
		memcpy(content, result.content, OURO_ID_SIZE);
	return status;
}

/* One line for a content, indented by its depth. */
static bool
line_print(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    uint64_t depth)
{
	struct ouro_info info;
	struct ouro_get *get;
	char text[100];
	size_t size = 0;

	if (ouro_info(vault, id, &info, NULL) != OURO_OK)
		return false;
	if (ouro_get_open(vault, id, &get, NULL) == OURO_OK) {
		(void)ouro_get_read(get, text, sizeof text, &size, NULL);
		ouro_get_close(get);
	}
	printf("%*s%s: %.*s\n", (int)depth * 2, "", info.name, (int)size, text);
	ouro_info_release(&info);
	return true;
}

static bool
node_print(void *context, const uint8_t id[OURO_ID_SIZE],
    const uint8_t parent[OURO_ID_SIZE], uint64_t depth)
{
	(void)parent;
	return line_print(context, id, depth);
}

static bool
ancestor_print(void *context, const uint8_t id[OURO_ID_SIZE])
{
	return line_print(context, id, 0);
}

static void
kept_print(void *context, const struct ouro_kept *kept)
{
	(void)context;
	if (kept->reason == OURO_LIVE_DESCENDANT)
		printf("its content stays: it has a descendant\n");
}

/* Removes a name. What is above something that lives stays reachable. */
static enum ouro_status
name_remove(struct ouro_vault *vault, const char *name, struct ouro_error *err)
{
	struct ouro_remove_result result;
	struct ouro_target target;
	enum ouro_status status = ouro_resolve(vault, name, &target, err);

	return status == OURO_OK
	    ? ouro_remove(vault, &target, NULL, kept_print, NULL, &result, err)
	    : status;
}

static enum ouro_status
run(struct ouro_vault *vault, struct ouro_error *err)
{
	uint8_t root[OURO_ID_SIZE], child[OURO_ID_SIZE], leaf[OURO_ID_SIZE];
	uint8_t other[OURO_ID_SIZE];
	enum ouro_status status;

	/* The key is a name; the hash of the content comes from the library.
	 * Children are declared by themselves: each names its parent. */
	status = value_put(vault, "my-key", NULL, "my value", root, err);
	if (status == OURO_OK)
		status = value_put(vault, "my-key/child", root, "its child",
		    child, err);
	if (status == OURO_OK)
		status = value_put(vault, "my-key/child/leaf", child,
		    "a grandchild", leaf, err);
	if (status == OURO_OK)
		line_print(vault, root, 0);
	if (status == OURO_OK)
		status = ouro_descendants(vault, root, node_print, vault, err);
	if (status == OURO_OK) {
		printf("above the leaf:\n");
		status = ouro_ancestors(vault, leaf, ancestor_print, vault,
		    err);
	}
	/* An update is a new version of the name; the first one, whose
	 * children these are, stays. */
	if (status == OURO_OK)
		status = value_put(vault, "my-key", NULL, "another value",
		    other, err);
	if (status == OURO_OK)
		line_print(vault, other, 0);

	if (status == OURO_OK)
		status = name_remove(vault, "my-key/child", err);
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
