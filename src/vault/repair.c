#include "base/error.h"
#include "base/options.h"
#include "vault/care.h"
#include "vault/forget.h"
#include "vault/rebuild.h"

static enum ouro_status
repair_barrier(struct ouro_vault *vault, struct ouro_error *err)
{
	enum ouro_status status = lanes_barrier(vault, err);

	if (status == OURO_OK)
		status = engine_barrier(vault->records, err);
	if (status == OURO_OK && vault->copies != NULL)
		status = engine_barrier(vault->copies, err);
	return status;
}

/* Each part mends what the next one relies on. */
static enum ouro_status
repair_run(struct care *care, struct ouro_error *err)
{
	struct ouro_vault *vault = care->vault;
	enum ouro_status status = OURO_OK;

	if (care->options->content == NULL) {
		status = care_files(care, err);
		if (status == OURO_OK)
			status = care_records(care, err);
		if (status == OURO_OK)
			status = care_records_engine(care, err);
		if (status == OURO_OK)
			status = care_rows(care, err);
	}
	if (status == OURO_OK &&
	    (care->rows_bad || care->options->rebuild_index ||
		rebuild_pending(vault)))
		status = rebuild_index(vault, err);
	if (status == OURO_OK)
		status = forget_claims(vault, err);
	if (status == OURO_OK && care->options->content == NULL)
		status = care_chunks(care, err);
	if (status == OURO_OK)
		status = care_contents(care, err);
	return status;
}

enum ouro_status
ouro_repair(struct ouro_vault *vault, const struct ouro_care_options *options,
    struct ouro_care_result *result, struct ouro_error *err)
{
	struct ouro_care_options own;
	struct ouro_care_result unused;
	struct care care;
	enum ouro_status status, durable;

	status = vault_writable(vault, err);
	if (status != OURO_OK)
		return status;
	status = options_take(&own, sizeof(own), "struct ouro_care_options",
	    options, err);
	if (status != OURO_OK)
		return status;
	care_init(&care, vault, &own, result != NULL ? result : &unused, true);
	status = repair_run(&care, err);
	durable = repair_barrier(vault, status == OURO_OK ? err : NULL);
	if (status == OURO_OK)
		status = durable;
	if (status == OURO_OK)
		status = care_end(&care, err);
	care_release(&care);
	return status;
}
