#include <ouroboros.h>

const char *
ouro_version(void)
{
	return OUROBOROS_VERSION;
}
