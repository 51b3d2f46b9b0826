#include "vault/test_keys.h"

/* ---- tests ---------------------------------------------------------------- */

typedef enum ouro_status change(struct ouro_vault *vault);

static enum ouro_status
change_rotate(struct ouro_vault *vault)
{
	return ouro_keys_rotate(vault, NULL);
}

static enum ouro_status
change_export(struct ouro_vault *vault)
{
	char text[OURO_RECOVERY_TEXT] = "untouched";
	enum ouro_status status = ouro_keys_export(vault, text, NULL);

	if (status != OURO_OK)
		assert_string_equal(text, "untouched");
	return status;
}

static enum ouro_status
change_import(struct ouro_vault *vault)
{
	struct member_key before = vault->member;
	struct fs_info info;
	enum ouro_status status;

	vault->by_recovery_key = true; /* as far as import can see */
	status = ouro_keys_import(vault, DIR "/new.key", NULL, NULL);
	if (status != OURO_OK) {
		assert_memory_equal(&before, &vault->member, sizeof(before));
		assert_true(vault->by_recovery_key);
		fs_memory_fault(vault->fs, (struct fs_fault){ 0 });
		assert_int_equal(fs_stat(vault->fs, DIR "/new.key", &info,
				     NULL),
		    OURO_NOT_FOUND);
	}
	return status;
}

static change *const changes[] = { change_rotate, change_export,
	change_import };

/* Each call of the file system fails once: memory and disk stay together. */
static void
a_failed_change_changes_nothing(void **unused)
{
	(void)unused;
	for (int c = 0; c < 3; c++) {
		enum ouro_status status = OURO_IO;

		for (uint64_t n = 1; status != OURO_OK && n < 40; n++) {
			struct ouro_vault *vault = vault_new();

			fs_memory_fault(vault->fs,
			    (struct fs_fault){ .call = FS_CALL_WRITE,
				.nth = n,
				.errnum = EIO });
			status = changes[c](vault);
			fs_memory_fault(vault->fs, (struct fs_fault){ 0 });
			if (status != OURO_OK)
				check_keys(vault, 1, 1);
			else
				check_keys(vault, c == 0 ? 1 : 2,
				    c == 0 ? 2 : 1);
			vault_free(vault);
		}
		assert_int_equal(status, OURO_OK);
	}
}

static void
a_reader_changes_no_keys(void **unused)
{
	struct ouro_vault *vault = vault_new();

	(void)unused;
	for (int way = 0; way < 2; way++) {
		enum ouro_status expected = way ? OURO_NO_SPACE
						: OURO_READ_ONLY;

		vault->read_only = way == 0;
		full = way == 1;
		for (int c = 0; c < 3; c++)
			assert_int_equal(changes[c](vault), expected);
		assert_int_equal(ouro_keys_passphrase(vault, "open", NULL),
		    expected);
		assert_int_equal(ouro_keys_remove(vault, "0123", NULL),
		    expected);
	}
	full = false;
	check_keys(vault, 1, 1);
	vault_free(vault);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_change_changes_nothing),
		cmocka_unit_test(a_reader_changes_no_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
