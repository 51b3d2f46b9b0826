/*
 * Every call of the vault that takes options looks at their size.
 */
#include "exchange/test_exchange.h"

static struct test_vault test;

static void
refused(enum ouro_status status)
{
	assert_int_equal(status, OURO_INVALID);
	assert_non_null(strstr(test.err.text, "set it to sizeof(struct "));
	test.err.text[0] = '\0';
}

static void
options_without_a_size_are_refused(void **state)
{
	static const struct ouro_version_options version = { .path = "name" };
	struct ouro_put_options put = { .name = "name" };
	struct ouro_list_options list = { .detail = true };
	struct ouro_remove_options removal = { .force = true };
	struct ouro_care_options care = { .rebuild_index = false };
	struct ouro_export_options export_options = { .path = NULL };
	struct ouro_import_options import_options = { .as_new = false };
	struct ouro_share_options share = { .tree = false };
	struct ouro_unshare_options unshare = { .tree = false };
	struct ouro_vault_options open = { .must_exist = true };
	struct ouro_target target = { .kind = OURO_CONTENT };
	struct ouro_error *err = &test.err;
	uint8_t id[OURO_ID_SIZE] = { 0 };
	struct buffer stream = { 0 };
	struct bytes rest = { 0 };
	struct ouro_vault *vault;
	struct ouro_put *begun;
	struct ouro_list *listed;

	(void)state;
	test_vault_open(&test, NULL);
	refused(ouro_put_begin(test.vault, &put, &begun, err));
	refused(ouro_version_put(test.vault, &version, id, err));
	refused(ouro_list_open(test.vault, &list, &listed, err));
	refused(
	    ouro_remove(test.vault, &target, &removal, NULL, NULL, NULL, err));
	refused(ouro_verify(test.vault, &care, NULL, err));
	refused(ouro_repair(test.vault, &care, NULL, err));
	refused(ouro_export(test.vault, &export_options, test_sink, &stream,
	    NULL, err));
	refused(ouro_import(test.vault, &import_options, test_source, &rest,
	    NULL, err));
	refused(ouro_import_new("/none", &open, &import_options, test_source,
	    &rest, NULL, &vault, err));
	refused(ouro_share(test.vault, id, "", &share, NULL, err));
	refused(ouro_unshare(test.vault, id, "", &unshare, NULL, err));
	refused(ouro_vault_open("/none", &open, &vault, err));
	refused(ouro_blind_care("/none", NULL, 0, false, &care, NULL, err));
	buffer_release(&stream);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_without_a_size_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
