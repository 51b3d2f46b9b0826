#include "base/error.h"
#include "base/options.h"
#include "vault/care.h"
#include "vault/forget.h"

static enum ouro_status
verify_run(struct care *care, struct ouro_error *err)
{
	enum ouro_status status;

	if (care->options->content != NULL)
		return care_contents(care, err);
	status = care_files(care, err);
	if (status == OURO_OK)
		status = care_records(care, err);
	if (status == OURO_OK)
		status = forget_claims(care->vault, err);
	if (status == OURO_OK)
		status = care_rows(care, err);
	if (status == OURO_OK)
		status = care_chunks(care, err);
	if (status == OURO_OK)
		status = care_contents(care, err);
	return status;
}

enum ouro_status
ouro_verify(struct ouro_vault *vault, const struct ouro_care_options *options,
    struct ouro_care_result *result, struct ouro_error *err)
{
	struct ouro_care_options own;
	struct ouro_care_result unused;
	struct care care;
	enum ouro_status status;

	status = options_take(&own, sizeof(own), "struct ouro_care_options",
	    options, err);
	if (status != OURO_OK)
		return status;
	care_init(&care, vault, &own, result != NULL ? result : &unused, false);
	status = verify_run(&care, err);
	if (status == OURO_OK)
		status = care_end(&care, err);
	care_release(&care);
	return status;
}
