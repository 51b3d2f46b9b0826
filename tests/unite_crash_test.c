/*
 * Crash enumeration over uniting: two copies that diverged are brought together
 * and the power goes at every call that changes the disk of the one that takes;
 * from there every policy makes disks as they could look. Each is opened: what
 * was acknowledged is there, what it shows is whole, and uniting again ends as
 * if nothing had happened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_crash.h"
#include "vault/name.h"
#include "vault/row_each.h"
#include "vault/unite.h"
#include "vault/vault.h"

#define DIR	   "/taker"
#define STATES_MIN 800
#define GONE	   10 /* names that the giver removed */
#define MANY	   90 /* names that it wrote three times: more than a batch takes */
#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct side {
	struct fs *fs;
	struct executor *executor;
	struct ouro_vault *vault;
};

/* The giver is never interrupted; its file system holds the taker's first
 * state too, of which each run gets a copy. */
static struct side giver;
static struct ouro_error err;

static void
must(enum ouro_status status)
{
	if (status != OURO_OK)
		fail_msg("%s: %s", ouro_status_text(status), err.text);
}

static bool
side_open(struct side *side, const char *dir)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 1,
		.no_parity = true,
		.segment_size = 300000 };

	return vault_open(dir, &options, side->fs, side->executor, &side->vault,
		   &err) == OURO_OK;
}

static void
side_close(struct side *side)
{
	ouro_vault_close(side->vault);
	side->vault = NULL;
}

/* ---- directories -------------------------------------------------------------- */

struct place {
	struct fs *from_fs, *to_fs;
	const char *from, *to;
};

static void tree_copy(const struct place *place);

static enum ouro_status
entry_copy(void *context, const char *name, struct ouro_error *error)
{
	const struct place *place = context;
	char from[FS_PATH_MAX], to[FS_PATH_MAX];
	struct place below = { place->from_fs, place->to_fs, from, to };
	struct buffer data = { 0 };
	struct fs_info info;

	must(fs_join(from, place->from, name, error));
	must(fs_join(to, place->to, name, error));
	must(fs_stat(place->from_fs, from, &info, error));
	if (info.directory) {
		tree_copy(&below);
		return OURO_OK;
	}
	must(fs_read_file(place->from_fs, from, (size_t)1 << 30, &data, error));
	must(fs_write_file(place->to_fs, to, buffer_bytes(&data), error));
	buffer_release(&data);
	return OURO_OK;
}

static void
tree_copy(const struct place *place)
{
	must(fs_mkdir(place->to_fs, place->to, &err));
	must(fs_list(place->from_fs, place->from, entry_copy,
	    (void *)(uintptr_t)place, &err));
}

/* ---- both copies ------------------------------------------------------------------ */

static void
put(struct ouro_vault *vault, const char *name, const char *text)
{
	struct ouro_put_options options = { .size = sizeof(options),
		.name = name };
	struct ouro_put *one;

	must(ouro_put_begin(vault, &options, &one, &err));
	must(ouro_put_write(one, text, strlen(text), &err));
	must(ouro_put_finish(one, NULL, &err));
}

static const char *
name_of(const char *kind, unsigned number)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s%u", kind, number);
	return name;
}

static void
remove_name(struct ouro_vault *vault, const char *name)
{
	struct ouro_remove_options options = { .size = sizeof(options) };
	struct ouro_target target;

	must(ouro_resolve(vault, name, &target, &err));
	must(ouro_remove(vault, &target, &options, NULL, NULL, NULL, &err));
}

/* Both have "kept" and "gone"; the giver removed "gone" and wrote on, the taker
 * wrote beside. */
static void
copies_make(void)
{
	struct place place = { .from = "/giver", .to = DIR };
	struct side taker;

	giver.fs = fs_crash_new(3);
	must(executor_open_manual(1, giver.fs, &giver.executor, &err));
	assert_true(side_open(&giver, "/giver"));
	put(giver.vault, "kept", "1");
	for (unsigned i = 0; i < GONE; i++)
		put(giver.vault, name_of("gone", i), "to the trash");
	put(giver.vault, "both", "1");
	side_close(&giver);
	place.from_fs = place.to_fs = giver.fs;
	tree_copy(&place);
	taker = giver;
	assert_true(side_open(&taker, DIR));
	put(taker.vault, "both", "of the taker");
	put(taker.vault, "own", "1");
	remove_name(taker.vault, "kept");
	side_close(&taker);
	assert_true(side_open(&giver, "/giver"));
	for (unsigned i = 0; i < GONE; i++)
		remove_name(giver.vault, name_of("gone", i));
	for (unsigned i = 0; i < 3 * MANY; i++)
		put(giver.vault, name_of("many", i % MANY), "1");
	put(giver.vault, "both", "of the giver");
	put(giver.vault, "new", "1");
	put(giver.vault, "new", "2");
}

/* ---- the work ------------------------------------------------------------------------ */

struct sending {
	struct ouro_vault *to;
	struct unite *unite;
};

static enum ouro_status
content_send(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *error)
{
	struct sending *sending = context;
	struct commit_content content = { .existed = false };
	struct commit_change change = { .contents = &content,
		.content_count = 1 };
	enum ouro_status status;

	memcpy(content.id, key.data + 1, HASH_SIZE);
	must(buffer_set(&content.record, *value, error));
	status = commit(sending->to, &change, error);
	buffer_release(&content.record);
	return status;
}

static enum ouro_status
ref_send(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *error)
{
	struct sending *sending = context;

	return unite_offer(sending->unite, key.data + 1, *value, error);
}

static enum ouro_status
context_send(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *error)
{
	struct sending *sending = context;

	return unite_context(sending->unite, key.data + 1, *value, error);
}

static enum ouro_status
table_send(struct sending *sending, enum row_table table, row_visit *visit)
{
	struct row_key prefix = row_table(table);

	return row_each(giver.vault->records, &prefix, visit, sending, &err);
}

/* False: the power went. */
static bool
work(struct side *side)
{
	struct sending sending = { .to = side->vault };
	struct unite_result result;
	enum ouro_status status = unite_open(side->vault, &sending.unite, &err);

	if (status != OURO_OK)
		return false;
	status = table_send(&sending, ROW_CONTENT, content_send);
	if (status == OURO_OK)
		status = table_send(&sending, ROW_REF, ref_send);
	if (status == OURO_OK)
		status = table_send(&sending, ROW_CONTEXT, context_send);
	if (status == OURO_OK)
		status = unite_apply(sending.unite, NULL, &result, &err);
	unite_close(sending.unite);
	return status == OURO_OK;
}

/* ---- what must hold ---------------------------------------------------------------- */

/* Whatever a name answers can be read, and is one of these, of which the last
 * is NULL; missing: it may not be there. */
static void
answers(struct ouro_vault *vault, const char *name, bool missing,
    const char *const *texts)
{
	uint8_t version[OURO_ID_SIZE];
	char text[64];
	struct ouro_get *get;
	size_t got;
	enum ouro_status status = ouro_name_read(vault, NULL, name, NULL,
	    version, &err);

	if (status == OURO_NOT_FOUND && missing)
		return;
	must(status);
	must(ouro_get_open(vault, version, &get, &err));
	must(ouro_get_read(get, text, sizeof(text) - 1, &got, &err));
	ouro_get_close(get);
	text[got] = '\0';
	while (*texts != NULL && strcmp(text, *texts) != 0)
		texts++;
	if (*texts == NULL)
		fail_msg("%s answers \"%s\"", name, text);
}

/* Which of the names "gone" are in the trash. */
static bool
trash_see(void *context, const struct ouro_trashed *trashed)
{
	bool *in = context;
	unsigned number;

	assert_int_equal(sscanf(trashed->version.path, "gone%u", &number), 1);
	assert_true(number < GONE && !in[number]);
	in[number] = true;
	return true;
}

static void
verified(struct ouro_vault *vault)
{
	struct ouro_care_options options = { .size = sizeof(options) };
	struct ouro_care_result result;

	must(ouro_verify(vault, &options, &result, &err));
}

/* A name that they removed is as before, or it left and is in the trash:
 * nothing between. ended: everything was done. */
static void
state_whole(struct ouro_vault *vault, bool ended)
{
	bool in[GONE] = { false };

	must(ouro_trash_list(vault, trash_see, in, &err));
	for (unsigned i = 0; i < GONE; i++) {
		assert_true(in[i] || !ended);
		answers(vault, name_of("gone", i), in[i],
		    in[i] ? TEXTS(NULL) : TEXTS("to the trash"));
	}
	for (unsigned i = 0; i < MANY; i++)
		answers(vault, name_of("many", i), !ended, TEXTS("1"));
	answers(vault, "own", false, TEXTS("1"));
	answers(vault, "kept", true, TEXTS(NULL));
	answers(vault, "both", false, TEXTS("of the taker", "of the giver"));
	if (ended)
		answers(vault, "new", false, TEXTS("2"));
	else
		answers(vault, "new", true, TEXTS("1", "2"));
}

/* The versions and contexts of a vault, in one number. */
static enum ouro_status
row_sum(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *error)
{
	uint64_t *sum = context;

	(void)error;
	for (size_t i = 0; i < key.size; i++)
		*sum = (*sum ^ key.data[i]) * 1099511628211u;
	for (size_t i = 0; value != NULL && i < value->size; i++)
		*sum = (*sum ^ value->data[i]) * 1099511628211u;
	return OURO_OK;
}

static uint64_t
set_sum(struct ouro_vault *vault)
{
	static const enum row_table tables[] = { ROW_REF, ROW_CONTEXT, ROW_NAME,
		ROW_HEADS, ROW_USE };
	uint64_t sum = 14695981039346656037u;

	for (unsigned i = 0; i < 5; i++) {
		struct row_key prefix = row_table(tables[i]);

		must(row_each(vault->records, &prefix, row_sum, &sum, &err));
	}
	return sum;
}

static uint64_t sum_expected;

static void
state_check(struct fs *fs, bool verify)
{
	struct side side = { .fs = fs };

	must(executor_open_manual(1, fs, &side.executor, &err));
	if (!side_open(&side, DIR))
		fail_msg("open: %s", err.text);
	state_whole(side.vault, false);
	if (verify)
		verified(side.vault);
	if (!work(&side))
		fail_msg("again: %s", err.text);
	state_whole(side.vault, true);
	assert_int_equal(set_sum(side.vault), sum_expected);
	if (verify)
		verified(side.vault);
	side_close(&side);
	executor_close(side.executor);
}

static struct fs *
taker_fs(void)
{
	struct fs *fs = fs_crash_new(11);
	struct place place = { giver.fs, fs, DIR, DIR };

	tree_copy(&place);
	return fs;
}

/* Runs it until its n-th change of the disk; false when the power went. */
static bool
run(struct side *side, uint64_t changes)
{
	bool ended;

	side->fs = taker_fs();
	must(executor_open_manual(1, side->fs, &side->executor, &err));
	fs_crash_stop_at(side->fs, fs_crash_clock(side->fs) + changes);
	ended = side_open(side, DIR) && work(side);
	if (ended && changes == UINT32_MAX)
		sum_expected = set_sum(side->vault);
	side_close(side);
	executor_close(side->executor);
	return ended;
}

static void
a_unite_may_be_interrupted_anywhere(void **state)
{
	struct side side = { .fs = NULL };
	size_t states = 0;
	bool ended = false;

	(void)state;
	copies_make();
	assert_true(run(&side, UINT32_MAX));
	fs_crash_free(side.fs);
	for (uint64_t changes = 1; !ended; changes++) {
		ended = run(&side, changes);
		for (unsigned policy = 0; policy < FS_CRASH_POLICIES;
		     policy++) {
			bool drawn = policy != FS_CRASH_KEEP_ALL &&
			    policy != FS_CRASH_LOSE_ALL;

			for (unsigned seed = 0; seed < (drawn ? 6 : 1);
			     seed++) {
				struct fs *fs = fs_crash_state(side.fs, policy,
				    changes * 1000 + seed);

				state_check(fs, seed == 0);
				fs_crash_free(fs);
				states++;
			}
		}
		fs_crash_free(side.fs);
	}
	printf("%zu states\n", states);
	assert_true(states >= STATES_MIN);
	side_close(&giver);
	executor_close(giver.executor);
	fs_crash_free(giver.fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unite_may_be_interrupted_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
