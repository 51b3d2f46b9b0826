#include "seal/recovery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* A key for all tests here, and its text. */
static uint8_t known[RECOVERY_SIZE];
static char text[RECOVERY_TEXT_SIZE];

static int
setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RECOVERY_SIZE; i++)
		known[i] = (uint8_t)(i * 37 + 5);
	return recovery_encode(known, text, NULL) != OURO_OK;
}

static enum ouro_status
decode(const char *from, const char *says)
{
	uint8_t key[RECOVERY_SIZE];
	struct ouro_error err = { 0 };
	enum ouro_status status = recovery_decode(from, key, &err);

	if (!status)
		assert_memory_equal(key, known, RECOVERY_SIZE);
	else if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	return status;
}

static void
keys_come_back_as_printed(void **state)
{
	struct fs *fs = fs_memory_new(3);

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		uint8_t key[RECOVERY_SIZE], back[RECOVERY_SIZE];
		char printed[RECOVERY_TEXT_SIZE];
		assert_int_equal(recovery_new(fs, key, NULL), OURO_OK);
		assert_int_equal(recovery_encode(key, printed, NULL), OURO_OK);
		assert_int_equal(strlen(printed), RECOVERY_TEXT_SIZE - 1);
		assert_int_equal(strncmp(printed, "OURO1-", 6), 0);
		for (unsigned i = 5; i < strlen(printed); i++)
			assert_true(i % 6 == 5
				? printed[i] == '-'
				: strchr(alphabet, printed[i]) != NULL);
		assert_int_equal(recovery_decode(printed, back, NULL), OURO_OK);
		assert_memory_equal(key, back, RECOVERY_SIZE);
	}
	fs_memory_free(fs);
}

static void
case_space_and_lookalikes_do_not_matter(void **state)
{
	char other[4 * RECOVERY_TEXT_SIZE];
	char *p = other;

	(void)state;
	assert_int_equal(decode(text, ""), OURO_OK);
	for (const char *c = text; *c; c++) {
		if (*c == '-')
			continue;
		if ((c - text) % 3 == 0)
			*p++ = " -\n\t"[(c - text) % 4];
		if (*c == '0')
			*p++ = "oO0"[(c - text) % 3];
		else if (*c == '1')
			*p++ = "iIlL1"[(c - text) % 5];
		else
			*p++ = (char)(*c >= 'A' ? *c - 'A' + 'a' : *c);
	}
	*p++ = '\n';
	*p = '\0';
	assert_int_equal(decode(other, ""), OURO_OK);
}

static void
every_single_typing_error_is_found(void **state)
{
	(void)state;
	for (size_t i = 6; i < strlen(text); i++) {
		char right = text[i];
		if (right == '-')
			continue;
		for (const char *c = alphabet; *c; c++) {
			if (*c == right)
				continue;
			text[i] = *c;
			assert_int_equal(decode(text, "recovery key"),
			    OURO_INVALID);
		}
		text[i] = right;
	}
}

static void
neighbours_swapped_are_found(void **state)
{
	(void)state;
	for (size_t i = 6; i + 1 < strlen(text); i++) {
		char a = text[i], b = text[i + 1];
		if (a == '-' || b == '-' || a == b)
			continue;
		text[i] = b;
		text[i + 1] = a;
		assert_int_equal(decode(text, "recovery key"), OURO_INVALID);
		text[i] = a;
		text[i + 1] = b;
	}
}

static void
the_group_in_error_is_named(void **state)
{
	char copy[RECOVERY_TEXT_SIZE + 8];

	(void)state;
	strcpy(copy, text);
	copy[6 + 6 * 3 + 2] = 'U'; /* group 4 */
	assert_int_equal(decode(copy, "group 4 of 11"), OURO_INVALID);
	strcpy(copy, text);
	copy[6 + 6 * 10] = '\xc3'; /* group 11 */
	assert_int_equal(decode(copy, "group 11 of 11"), OURO_INVALID);
	strcpy(copy, text);
	copy[6 + 6 * 5 + 1] = '\0';
	assert_int_equal(decode(copy, "group 6 of 11"), OURO_INVALID);
	strcpy(copy, text);
	strcat(copy, "0");
	assert_int_equal(decode(copy, "longer"), OURO_INVALID);
	strcpy(copy, text);
	copy[4] = '2';
	assert_int_equal(decode(copy, "OURO1"), OURO_INVALID);
	assert_int_equal(decode("", "OURO1"), OURO_INVALID);
	assert_int_equal(decode("OURO", "OURO1"), OURO_INVALID);
	assert_int_equal(decode("OURO1", "group 1 of 11"), OURO_INVALID);
}

static void
every_truncation_is_found(void **state)
{
	(void)state;
	for (size_t size = 0; size + 1 < RECOVERY_TEXT_SIZE; size++) {
		char copy[RECOVERY_TEXT_SIZE] = "";
		memcpy(copy, text, size);
		assert_int_equal(decode(copy, "recovery key"), OURO_INVALID);
	}
}

static void
it_is_a_member_of_its_own(void **state)
{
	struct member_key one, again, other;
	uint8_t key[RECOVERY_SIZE], public_key[KEM_PUBLIC_SIZE];

	(void)state;
	memcpy(key, known, sizeof key);
	assert_int_equal(recovery_member(key, &one, NULL), OURO_OK);
	assert_int_equal(recovery_member(key, &again, NULL), OURO_OK);
	assert_memory_equal(&one, &again, sizeof one);
	assert_int_equal(kem_public(one.seed, public_key, NULL), OURO_OK);
	assert_memory_equal(public_key, one.public_key, KEM_PUBLIC_SIZE);
	assert_memory_not_equal(one.seed, key, RECOVERY_SIZE);
	key[31] ^= 1;
	assert_int_equal(recovery_member(key, &other, NULL), OURO_OK);
	assert_memory_not_equal(one.seed, other.seed, KEM_SEED_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_come_back_as_printed),
		cmocka_unit_test(case_space_and_lookalikes_do_not_matter),
		cmocka_unit_test(every_single_typing_error_is_found),
		cmocka_unit_test(neighbours_swapped_are_found),
		cmocka_unit_test(the_group_in_error_is_named),
		cmocka_unit_test(every_truncation_is_found),
		cmocka_unit_test(it_is_a_member_of_its_own),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
