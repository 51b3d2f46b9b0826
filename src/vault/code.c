#include <stdlib.h>

#include "base/error.h"
#include "seal/erasure.h"
#include "vault/setup.h"

enum ouro_status
vault_code(struct ouro_vault *vault, unsigned k, unsigned m,
    const struct erasure **out, struct ouro_error *err)
{
	struct vault_code *code;
	enum ouro_status status = OURO_OK;

	pthread_mutex_lock(&vault->codes_lock);
	for (code = vault->codes; code != NULL; code = code->next)
		if (code->k == k && code->m == m)
			break;
	if (code == NULL) {
		code = calloc(1, sizeof(*code));
		if (code == NULL) {
			status = error_memory(err);
			goto out;
		}
		code->k = k;
		code->m = m;
		status = erasure_new(k, m, &code->erasure, err);
		if (status != OURO_OK) {
			free(code);
			goto out;
		}
		code->next = vault->codes;
		vault->codes = code;
	}
	*out = code->erasure;
out:
	pthread_mutex_unlock(&vault->codes_lock);
	return status;
}

void
setup_codes_release(struct ouro_vault *vault)
{
	while (vault->codes != NULL) {
		struct vault_code *code = vault->codes;

		vault->codes = code->next;
		erasure_free(code->erasure);
		free(code);
	}
}
