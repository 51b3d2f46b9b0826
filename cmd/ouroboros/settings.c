/*
 * settings - what the whole vault goes by.
 */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "numbers.h"
#include "report.h"
#include "session.h"
#include "table.h"

static void
print_json(struct reply *out, const struct ouro_setting *setting)
{
	reply_object(out, NULL);
	reply_text(out, "name", setting->name);
	reply_uint(out, "value", setting->value);
	reply_uint(out, "default", setting->standard);
	reply_uint(out, "least", setting->least);
	reply_uint(out, "most", setting->most);
	reply_bool(out, "is_set", setting->is_set);
	reply_text(out, "text", setting->text);
	reply_end(out);
}

static bool
cell_uint(struct table *table, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	return table_cell(table, text);
}

static bool
print_row(struct table *table, const struct ouro_setting *setting)
{
	return table_cell(table, setting->name) &&
	    cell_uint(table, setting->value) &&
	    cell_uint(table, setting->standard) &&
	    table_cell(table, setting->text);
}

static int
show_all(struct invocation *inv, struct ouro_vault *vault)
{
	static const char *const titles[] = { "NAME", ">VALUE", ">DEFAULT",
		"WHAT IT IS" };
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_setting setting;
	enum ouro_status status = OURO_OK;
	struct table table;
	const char *name;

	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_array(&inv->out, "settings");
	} else {
		table_init(&table, titles, 4);
	}
	for (size_t i = 0;
	     status == OURO_OK && (name = ouro_setting_name(i)) != NULL; i++) {
		status = ouro_setting_get(vault, name, &setting, &err);
		if (status != OURO_OK)
			break;
		if (inv->json)
			print_json(&inv->out, &setting);
		else if (!print_row(&table, &setting))
			status = err.status = OURO_NO_MEMORY;
	}
	if (!inv->json)
		table_finish(&table);
	if (status != OURO_OK)
		return report_failure(inv, NULL, &err);
	if (inv->json) {
		reply_end(&inv->out);
		reply_end(&inv->out);
	}
	return 0;
}

static int
show_one(struct invocation *inv, struct ouro_vault *vault, const char *name)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_setting setting;

	if (ouro_setting_get(vault, name, &setting, &err) != OURO_OK)
		return report_failure(inv, NULL, &err);
	if (inv->json)
		print_json(&inv->out, &setting);
	else
		printf("%" PRIu64 "\n", setting.value);
	return 0;
}

static int
settings_run(struct invocation *inv)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_vault *vault = NULL;
	bool change = inv->operand_count == 2;
	uint64_t value = 0;
	int code;

	if (change && !count_parse(inv->operands[1], &value))
		return report_usage(inv, "'%s' is no number", inv->operands[1]);
	code = session_open(inv, change ? SESSION_WRITE : SESSION_READ, &vault);
	if (code == 0 && change &&
	    ouro_setting_set(vault, inv->operands[0], value, &err) != OURO_OK)
		code = report_failure(inv, NULL, &err);
	if (code == 0)
		code = inv->operand_count == 0
		    ? show_all(inv, vault)
		    : show_one(inv, vault, inv->operands[0]);
	ouro_vault_close(vault);
	return code;
}

const struct command settings_command = {
	.name = "settings",
	.synopsis = "[NAME [VALUE]]",
	.summary = "what the whole vault goes by",
	.page =
	    "Prints the settings of the vault, one of them, or changes one. They are kept\n"
	    "in the vault, so that all its copies agree; what is written, removed or\n"
	    "collected from then on goes by them.\n"
	    "\n"
	    "With --json: {settings: [{name, value, default, least, most, is_set, text}]}, or\n"
	    "one such object.",
	.words =
	    "revision_limit bootstrap_max_age_hours removal_grace_hours default_ttl",
	.operands_max = 2,
	.run = settings_run,
};
